// The registry's part about serf: the agents' settings, their commands, and what can be asked of
// their views.
#include <algorithm>

#include "core/gossip/ranges.h"
#include "sim/script/serf_fields.h"
#include "sim/script/types.h"

namespace quorumlab::script {
namespace {

const Type* ranged(TypeStore& s, const SerfNumber& number) {
  const auto all = gossip::count_ranges();
  const auto range = std::find_if(all.begin(), all.end(), [&](const auto& r) { return r.value == number.field; });
  return s.integer(range->low, range->high,
                   "a whole number from " + std::to_string(range->low) + " to " + std::to_string(range->high));
}

}  // namespace

const Type* serf_type(TypeStore& s, const CommonTypes& c) {
  const Type* key = s.make(Type::Kind::text, "a key in base64, of 16, 24 or 32 bytes");
  Type* tags = s.map(c.scalar, false, "an object from tags to values", "tags");
  tags->keys_not_empty = true;
  std::vector<Field> fields = {
      {"profile", s.choice({"lan", "wan", "local"}), "serf's own sets of timings.", "\"lan\""},
      {"lifeguard", s.choice({"memberlist", "paper", "off"}),
       "How members judge their own health: as memberlist does it, as the paper says, or not at all (SWIM).",
       "\"memberlist\""},
      {"phases", s.choice({"start_time", "staggered"}),
       "When a member's periodic work happens: at its start plus whole intervals, as in real life, or spread by lot.",
       "\"start_time\""},
      {"start_join", c.targets, "Agents that every agent contacts when it starts.", ""},
      {"tags", tags, "Tags of every agent.", ""},
      {"tags_of", s.map(tags, true, "an object from nodes' names to tags"), "Tags of these agents.", ""},
      {"names", s.map(c.name, true, "an object from nodes' names to names"),
       "What these agents call themselves; missing: as the host. Two of one name are in conflict.", ""},
      {"keys", s.list(key, 1, 16, "one or more keys"), "Packets are sealed with the first; missing: plain.", ""},
      {"label", c.text, "Packets and streams begin with it, and others are dropped; 255 bytes at most.", "none"},
      {"rules_off", c.rules, "Rules that no agent obeys: to see what they are for.", ""}};
  for (const SerfDuration& d : kSerfDurations) fields.push_back({d.name, c.duration, d.doc, "the profile's"});
  for (const SerfNumber& n : kSerfNumbers) fields.push_back({n.name, ranged(s, n), n.doc, "the profile's"});
  for (const SerfFlag& f : kSerfFlags) {
    fields.push_back({f.name, c.boolean, f.doc, gossip::Config{}.*f.field ? "true" : "false"});
  }
  return s.object(fields, "the settings of serf", "serf");
}

void add_serf_verbs(TypeStore& s, const CommonTypes& c, std::vector<Field>& verbs) {
  const Field by{"by", c.targets, "Whose agent is told.", "", true};
  Type* tags = s.map(c.scalar, false, "an object from tags to values");
  tags->keys_not_empty = true;
  const Type* names = s.list(c.name, 1, kMostHosts, "one or more names");
  const Type* words = s.list(c.word, 1, 64, "one or more words");
  const Type* join = s.object({by,
                               {"to", c.targets, "Whom it contacts.", "", true},
                               {"replay", c.boolean, "It wants to hear of old events.", "false"}},
                              "an object with \"by\" and \"to\"");
  const Type* force = s.object({by,
                                {"member", c.name, "Who is to be taken for gone.", "", true},
                                {"prune", c.boolean, "And forgotten at once.", "false"}},
                               "an object with \"by\" and \"member\"");
  Type* set_tags = s.object({by,
                             {"set", tags, "Tags and their values.", ""},
                             {"delete", words, "Tags that go.", ""}},
                            "an object with \"by\" and \"set\" or \"delete\"");
  set_tags->needed = {"set", "delete"};
  const Type* event = s.object({by,
                                {"name", c.word, "The event's name.", "", true},
                                {"payload", c.text, "What comes with it.", "\"\""},
                                {"coalesce", c.boolean, "Handlers hear only the latest of its name.", "true"}},
                               "an object with \"by\" and \"name\"");
  const Type* query = s.object({by,
                                {"name", c.word, "The query's name.", "", true},
                                {"payload", c.text, "What comes with it.", "\"\""},
                                {"nodes", names, "Only these answer.", ""},
                                {"tags", tags, "Only agents whose tags match these regular expressions.", ""},
                                {"ack", c.boolean, "Everybody says that it heard the query.", "true"},
                                {"relay", s.integer(0, 255, "a number from 0 to 255"),
                                 "Answers also come by way of so many others.", "0"},
                                {"timeout", c.duration, "Answers count until then.", "from the number of members"}},
                               "an object with \"by\" and \"name\"");
  const Type* answer = s.object({by,
                                 {"name", c.word, "The query's name.", "", true},
                                 {"payload", c.text, "What its handler answers.", "", true}},
                                "an object with \"by\", \"name\" and \"payload\"");
  const Type* key = s.object({by,
                              {"do", s.choice({"install", "use", "remove", "list"}), "What.", "", true},
                              {"key", c.text, "The key in base64.", "\"\""}},
                             "an object with \"by\" and \"do\"");
  verbs.push_back({"join", join, "serf join: an agent contacts others, and learns whom they know.", ""});
  verbs.push_back({"leave", c.targets, "serf leave: the agent tells everybody and ends.", ""});
  verbs.push_back({"force_leave", force, "serf force-leave: a failed member is taken for one that left.", ""});
  verbs.push_back({"tags", set_tags, "serf tags: the agent's tags change.", ""});
  verbs.push_back({"event", event, "serf event: a user event goes to everybody.", ""});
  verbs.push_back({"query", query, "serf query: everybody is asked. The timeline waits for the end only if `expect` speaks of it, or with `wait`.", ""});
  verbs.push_back({"on_query", answer, "What these agents' handlers answer to a query from now on.", ""});
  verbs.push_back({"key", key, "serf keys: a key is installed, used, removed or listed everywhere.", ""});
}

void add_serf_conditions(TypeStore& s, const CommonTypes& c, const Type* number, std::vector<Field>& all) {
  const Type* status = s.choice({"alive", "leaving", "left", "failed", "unknown"});
  const Type* seen = s.object({{"members", c.targets, "Of whom.", "", true},
                               {"as", status, "What they are believed to be.", "", true},
                               {"by", c.targets, "Who believes it; missing: every agent that runs or has yet to start, but themselves.", ""}},
                              "an object with \"members\" and \"as\"");
  Type* count = s.object({{"alive", number, "Members believed alive, itself included.", ""},
                                {"leaving", number, "Members that are leaving.", ""},
                                {"left", number, "Members that left.", ""},
                                {"failed", number, "Members believed failed.", ""},
                                {"by", c.targets, "Whose belief; missing: that of every agent that runs or has yet to start.", ""}},
                               "an object with \"alive\", \"leaving\", \"left\" or \"failed\"");
  count->needed = {"alive", "leaving", "left", "failed"};
  const Type* delivered = s.object({{"event", c.word, "member-join, member-leave, member-failed, member-update, "
                                                      "member-reap, or the name of a user event or query.", "", true},
                                    {"to", c.targets, "Whose handlers; missing: those of every agent that runs or has yet to start.", ""},
                                    {"times", number, "How often, each; missing: once or more.", ""}},
                                   "an object with \"event\"");
  const Type* rtt = s.object({{"from", c.selector, "Whose estimate.", "", true},
                              {"to", c.selector, "To whom.", "", true},
                              {"at_least", c.duration, "No shorter.", "\"0s\""},
                              {"at_most", c.duration, "No longer.", ""}},
                             "an object with \"from\" and \"to\"");
  all.push_back({"command", s.choice({"accepted", "refused", "timed-out"}),
                 "How the step's command to an agent ended (join, event, query and so on).", ""});
  all.push_back({"acks", number, "How many said that they heard the step's query.", ""});
  all.push_back({"responses", number, "How many answered the step's query.", ""});
  all.push_back({"seen", seen, "What agents believe of members.", ""});
  all.push_back({"sees", count, "How many members of each kind agents see.", ""});
  all.push_back({"delivered", delivered, "What agents told their event handlers.", ""});
  all.push_back({"coordinates", rtt, "The round trip that network coordinates foretell.", ""});
}

}  // namespace quorumlab::script
