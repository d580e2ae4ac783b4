// What a person wants done to the world itself: data that panels make and that only the owner of the
// run (viz/session) can carry out. And what panels need to know to offer it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viz/model/timeline.h"

namespace quorumlab::viz {

struct Deed {
  enum class Kind : std::uint8_t {
    none,
    crash, kill, restart, pause, resume, wipe,  // `hosts`
    partition,  // `hosts` on one side, `others` on the other
    cut,        // nothing gets from `hosts` to `others`
    heal,
    drop, duplicate, delay, reorder,  // the message that record `packet` sent; delay: by `text`
    write,      // `text` is "key = value"; asked by hosts[0], if given
    rule_off, rule_on,  // named `text`
    setting,    // of the scenario: `path` becomes `text`, from the start on
    run_on      // longer, by ten seconds
  };
  Kind kind = Kind::none;
  std::vector<std::uint32_t> hosts, others;
  trace::RecordId packet = 0;
  std::string path, text;
  bool operator==(const Deed&) const = default;
};

// What there is to choose from: made by whoever owns the run, read by panels.
struct Offer {
  struct Branch {
    std::string name;
    std::size_t parent = 0;  // of the first: itself
    std::size_t depth = 0;
    std::int64_t forked_ns = 0;
    bool failed = false;
  };
  struct Rule {
    std::string name, demands;
    bool on = true;  // at the cursor
  };
  struct Setting {
    std::string label, path, value;  // "election timeout", "cluster.raft.election_timeout", ["150ms", "300ms"]
  };
  bool can_act = false;
  std::string why_not;  // if it cannot
  std::vector<Branch> branches;
  std::size_t shown = 0;
  std::vector<Rule> rules;
  std::vector<Setting> settings;
  std::vector<std::int64_t> deeds_ns;  // when something was done by hand in the branch shown
  std::string notice;                  // the last answer to a person, for some seconds
  bool bad_news = false;               // of the notice

  // The branch beside the one shown, at the same time.
  std::optional<std::size_t> beside;
  const Timeline* beside_timeline = nullptr;
  const Frame* beside_frame = nullptr;
  std::optional<std::int64_t> differs_ns;  // the first event that is not the same
  std::string difference;                  // in words
};

// "1.25 s" and its kin, for names of branches.
std::string moment_text(std::int64_t ns);
// "crash n1", "cut n1 -> n2 n3".
std::string words(const Deed& deed, const Recording& recording);

}  // namespace quorumlab::viz
