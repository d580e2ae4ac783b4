// A scenario, read and checked: a plain value that any number of runs share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/judge/judges.h"
#include "sim/script/condition.h"
#include "sim/script/selector.h"
#include "sim/trace/question.h"
#include "sim/world/simulation.h"

namespace quorumlab::script {

// One verb of a step. Whom it means is settled when the step is reached; all else stands here.
struct Act {
  enum class Shape : std::uint8_t { plain, groups, isolate, halves, bridge, ring, one_way };
  world::Verb verb = world::Verb::heal;
  Shape shape = Shape::plain;
  bool both = false;               // cut, link, clog: both ways
  Targets nodes;
  std::vector<Targets> groups;
  Targets to;                      // which node is asked; empty: the client chooses
  world::Action action;            // everything else
  std::vector<raft::Rule> rules;   // set_rule: one action each
  std::vector<gossip::Rule> gossip_rules;
  std::vector<kv::Rule> kv_rules;
  std::string label;               // http: its name for conditions; empty: none
  Targets hosts;                   // agent: whom a join contacts
  std::uint64_t times = 1;         // write: so many, "{i}" in key and value is the number
  Duration every;
  bool load = false;               // writes go on in the background, one `every` so often
  Instant load_until = kNever;
};

using trace::Question;

struct Step {
  enum class Trigger : std::uint8_t { none, at, after, wait_until };
  Trigger trigger = Trigger::none;
  Duration when;                   // at, after; wait_until: the longest wait
  Duration when_most;              // at, after: drawn from [when, when_most]
  Conditions until;
  std::optional<Act> act;
  Conditions expect;
  bool wait = false;
  std::optional<std::uint32_t> alias;  // number of "as"
  Targets show_members;            // whose `serf members` is printed
  std::string say, bookmark;
  Question question;
  std::uint32_t slide = 0;
  int line = 0;
};

struct Final {
  Conditions conditions;
  Duration within;
};

struct Scenario {
  std::string file;                // as given; empty for text
  std::string name, title, description, topic;
  std::uint64_t seed = 1;
  world::ClusterConfig cluster;
  std::vector<Step> timeline;
  std::vector<Step> meanwhile;     // beside the timeline, by time: `when` after the start, perhaps an act
  std::vector<std::string> aliases;
  std::uint32_t watched = 0;       // bits of judge::Checker
  std::vector<Final> finally;
  std::optional<judge::Checker> expect_violation;
};

using world::is_operation;

}  // namespace quorumlab::script
