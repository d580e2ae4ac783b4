// The registry's part about the timeline: verbs and conditions.
#include "sim/script/types.h"

namespace quorumlab::script {

std::vector<Field> verb_fields(TypeStore& s, const CommonTypes& c) {
  const Type* group = s.list(c.selector, 1, kMostHosts, "a group: one or more nodes");
  const Type* groups = s.list(group, 1, kMostHosts, "one or more groups of nodes", "groups");
  const Type* way = s.object({{"from", c.targets, "Who sends.", "", true}, {"to", c.targets, "Who would receive.", "", true}},
                             "an object with \"from\" and \"to\"");
  Type* shape = s.object(
      {{"groups", groups, "No traffic between different groups.", ""},
       {"isolate", c.targets, "These on one side, all other nodes on the other.", ""},
       {"halves", c.yes, "Two sides by lot, as equal as can be.", ""},
       {"bridge", c.selector, "Two sides that only this node sees both of.", ""},
       {"ring", c.yes, "Each node sees a majority, no two the same.", ""},
       {"one_way", way, "Nothing goes from the first to the second; the way back is open.", ""}},
      "a shape like {\"isolate\": \"@leader\"}");
  shape->least_fields = shape->most_fields = 1;
  const Type* partition = s.any_of({groups, shape}, "a list of groups, or a shape like {\"isolate\": \"@leader\"}", "partition");
  const Type* cut = s.object({{"from", c.targets, "Who sends.", "", true},
                              {"to", c.targets, "Who receives.", "", true},
                              {"both", c.boolean, "Both ways.", "false"}},
                             "an object with \"from\" and \"to\"", "cut");
  const Type* heal = s.any_of({c.yes, groups}, "true, or a list of groups to join again");
  const Type* ways = s.any_of({c.yes, s.object({{"from", c.targets, "Who sends.", "", true},
                                                {"to", c.targets, "Who receives.", "", true},
                                                {"both", c.boolean, "Both ways.", "false"}},
                                               "an object with \"from\" and \"to\"")},
                              "true for every link, or an object with \"from\" and \"to\"");
  std::vector<Field> link = {{"from", c.targets, "Who sends; missing: everybody.", ""},
                             {"to", c.targets, "Who receives; missing: everybody.", ""},
                             {"both", c.boolean, "Both ways.", "false"}};
  link.insert(link.end(), c.link.begin(), c.link.end());
  std::vector<Field> disk = {{"nodes", c.targets, "Whose disk.", "", true}};
  disk.insert(disk.end(), c.disk.begin(), c.disk.end());
  std::vector<Field> clock = {{"nodes", c.targets, "Whose clocks.", "", true},
                              {"step", c.signed_duration, "The wall clock jumps by this much, once.", ""}};
  clock.insert(clock.end(), c.clock.begin(), c.clock.end());
  const Type* stall = s.object({{"nodes", c.targets, "Whose disk.", "", true},
                                {"for", c.duration, "How long no write completes.", "", true}},
                               "an object with \"nodes\" and \"for\"");
  const Type* rot = s.object({{"nodes", c.targets, "Whose disk.", "", true},
                              {"file", s.choice({"log", "snapshot", "session", "keyring"}), "Which file.", "\"log\""},
                              {"bits", s.integer(1, 1'000'000, "a number of bits"), "How many bits flip.", "1"}},
                             "an object with \"nodes\"");
  Type* rule = s.object({{"off", c.rules, "Rules that are not obeyed from now on.", ""},
                         {"on", c.rules, "Rules that are obeyed again.", ""},
                         {"nodes", c.targets, "Who; missing: every node.", ""}},
                        "an object with \"off\" or \"on\"");
  rule->exclusive = {{"off", "on"}};
  rule->needed = {"off", "on"};
  const std::vector<Field> operation = {
      {"within", c.duration, "The client gives up after this long.", "the cluster's client.timeout"},
      {"to", c.selector, "The node that is asked, and no other; missing: the client chooses, and tries others.", ""},
      {"client", c.name, "Which client asks: c1, c2, ...", "\"c1\""}};
  const auto with_operation = [&](std::vector<Field> fields) {
    fields.insert(fields.end(), operation.begin(), operation.end());
    return fields;
  };
  const std::vector<Field> many = {
      {"times", s.integer(1, 100'000, "a number of times, 1 or more"),
       "So many operations; {i} in key and value stands for 1, 2, ...", "1"},
      {"every", c.duration, "The time between them.", "\"0s\""}};
  std::vector<Field> write = {{"key", c.word, "The key.", "", true}, {"value", c.scalar, "Its new value.", "", true}};
  write.insert(write.end(), many.begin(), many.end());
  const Type* load = s.object(
      {{"every", c.duration, "The time between two writes.", "", true},
       {"key", c.word, "The key; {i} stands for 1, 2, ...", "\"k\""},
       {"value", c.scalar, "The value; {i} stands for 1, 2, ...", "\"{i}\""},
       {"to", c.targets, "The nodes asked, in turn; missing: the client chooses.", ""},
       {"until", c.duration, "When it ends, counted from the start of the run; missing: with the timeline.", ""},
       {"within", c.duration, "The client gives up after this long.", "the cluster's client.timeout"},
       {"client", c.name, "Which client asks: c1, c2, ...", "\"c1\""}},
      "an object with \"every\"", "load");
  const Type* read = s.object(
      with_operation({{"key", c.word, "The key.", "", true},
                      {"mode", s.choice({"linearizable", "stale"}),
                       "stale: from the asked node's own copy, however old.", "\"linearizable\""}}),
      "an object with \"key\"");
  const Type* erase = s.object(with_operation({{"key", c.word, "The key.", "", true}}), "an object with \"key\"");
  const std::vector<Field> joint = {{"joint", c.boolean, "By joint consensus even if one step would do.", "false"}};
  const auto change_of = [&](std::vector<Field> fields, const std::string& id) {
    fields.insert(fields.end(), joint.begin(), joint.end());
    return s.any_of({c.selector, s.list(c.selector, 1, 64, "one or more nodes"),
                     s.object(with_operation(fields), "an object with \"nodes\"")},
                    "a node, a list of nodes, or an object with \"nodes\"", id);
  };
  const Type* add = change_of({{"nodes", c.targets, "Who.", "", true},
                               {"learner", c.boolean, "They receive the log but do not vote.", "false"}},
                              "add");
  const Type* remove = change_of({{"nodes", c.targets, "Who.", "", true}}, "remove");
  Type* change = s.object(with_operation({{"add", c.targets, "Who becomes a voter.", ""},
                                          {"remove", c.targets, "Who leaves.", ""}}),
                          "an object with \"add\", \"remove\" or both");
  change->least_fields = 1;
  const Type* transfer = s.any_of({c.selector, s.object(with_operation({{"nodes", c.selector, "Who shall lead.", "", true}}),
                                                        "an object with \"nodes\"")},
                                  "a node or a selector");
  const std::vector<Field> message = {
      {"from", c.selector, "Who sends it.", "", true},
      {"to", c.selector, "Who would receive it.", "", true},
      {"kind",
       s.choice({"request_vote", "request_vote_response", "request_pre_vote", "request_pre_vote_response",
                 "append_entries", "append_entries_response", "heartbeat", "heartbeat_response",
                 "install_snapshot", "install_snapshot_response", "timeout_now", "propose", "propose_response",
                 "read_index", "read_index_response", "transfer_leader",
                 "ping", "indirect_ping", "ack", "suspect", "alive", "dead", "compound", "user", "compress", "nack",
                 "crc", "label"}),
       "Its type: of Raft, or from ping on what a packet of gossip begins with.", "", true},
      {"number", c.positive,
       "Which of that kind between the two, counted from the start; of gossip: which packet of all that the sender sent.", "", true}};
  std::vector<Field> delayed = message;
  delayed.push_back({"by", c.duration, "How much later it arrives.", "", true});
  const Type* named = s.object(message, "an object that names a message", "message");

  std::vector<Field> verbs = {
      {"kill", c.targets, "The process ends like after kill -9: what it handed to the operating system survives, connections to it are refused.", ""},
      {"crash", c.targets, "The power fails: what was not on disk is gone, the last write may be torn, the network is silent.", ""},
      {"restart", c.targets, "The process starts again with what its disk kept.", ""},
      {"pause", c.targets, "The process stands still (SIGSTOP); its messages wait in a bounded buffer.", ""},
      {"resume", c.targets, "It goes on (SIGCONT): what waited is handled in order, late.", ""},
      {"block", c.targets, "Its sends block and what comes in waits in a bounded buffer, while its timers run on: a process that is too slow for its messages.", ""},
      {"unblock", c.targets, "Its sends return; then what waited is handled in order.", ""},
      {"wipe", c.targets, "Its files are removed; the process must be down. Beyond what Raft allows.", ""},
      {"partition", partition, "Cuts the network into sides. Hosts that are not named stay connected to everybody.", ""},
      {"cut", cut, "Nothing gets through from some hosts to others; what is under way arrives.", ""},
      {"heal", heal, "Ends all partitions and cuts, or those between the groups named.", ""},
      {"link", s.object(link, "settings of links", "link"), "Links behave like this from now on; what is not given is as in cluster.network.", ""},
      {"clog", ways, "Packets are held back until unclog, none is lost.", ""},
      {"unclog", ways, "What was held arrives, in order.", ""},
      {"disk", s.object(disk, "an object with \"nodes\" and settings", "disk_step"), "Disks behave like this from now on; what is not given is as in cluster.disk.", ""},
      {"stall", stall, "No write to these disks completes for a while.", ""},
      {"rot", rot, "Bits flip in what is durable on these disks.", ""},
      {"clock", s.object(clock, "an object with \"nodes\" and settings", "clock_step"), "Clocks behave like this from now on.", ""},
      {"rule", rule, "Switches safety rules: to see what they are for.", ""},
      {"write", s.object(with_operation(write), "an object with \"key\" and \"value\"", "write"),
       "A client sets a key. The timeline waits for the end only if `expect` speaks of it, or with `wait`.", ""},
      {"load", load, "A client writes again and again, none waiting for another, while the timeline goes on.", ""},
      {"read", read, "A client reads a key. The timeline waits for the end only if `expect` speaks of it, or with `wait`.", ""},
      {"erase", erase, "A client removes a key.", ""},
      {"add", add, "A client asks that nodes become voters, or learners.", ""},
      {"remove", remove, "A client asks that nodes leave the cluster.", ""},
      {"promote", remove, "A client asks that learners become voters.", ""},
      {"change", change, "A client asks for several changes at once, by joint consensus.", ""},
      {"transfer", transfer, "A client asks that leadership moves to this node.", ""},
      {"drop", named, "One message is lost.", ""},
      {"duplicate", named, "One message arrives twice.", ""},
      {"delay", s.object(delayed, "an object that names a message, with \"by\""), "One message arrives later.", ""},
  };
  add_serf_verbs(s, c, verbs);
  add_etcd_verbs(s, c, verbs);
  return verbs;
}

const Type* condition_type(TypeStore& s, const CommonTypes& c) {
  const Type* who_leads = s.any_of(
      {c.selector, s.object({{"not", c.targets, "A leader exists, and it is none of these.", "", true}}, "an object with \"not\"")},
      "\"exists\", \"none\", a node, or {\"not\": node}");
  const Type* outcome = s.choice({"accepted", "timed-out", "refused"});
  const Type* read = s.any_of({c.scalar, s.object({{"value", c.scalar, "Exactly this value.", "", true}}, "an object with \"value\"")},
                              "a value, \"accepted\", \"not-found\", \"timed-out\", \"refused\" or {\"value\": ...}");
  Type* bounds = s.object({{"at_least", c.count, "No less than this.", ""}, {"at_most", c.count, "No more than this.", ""}},
                          "an object with \"at_least\" or \"at_most\"");
  bounds->least_fields = 1;
  const Type* number = s.any_of({c.count, bounds}, "a number, or {\"at_least\": ...}", "bounds");
  const Type* items = s.map(c.scalar, false, "an object from keys to values", "items");
  Type* members = s.object({{"voters", s.list(c.name, 0, 64, "a list of names"), "Exactly these vote.", ""},
                            {"learners", s.list(c.name, 0, 64, "a list of names"), "Exactly these learn.", ""},
                            {"joint", c.boolean, "Whether two configurations are in force at once.", ""}},
                           "an object with \"voters\", \"learners\" or \"joint\"");
  members->least_fields = 1;
  std::vector<Field> conditions =
      {{"leader", who_leads,
        "\"exists\": a node that runs, unpaused, leads in the highest term of all running nodes, and a majority of the "
        "voters runs and knows it. \"none\": no running node believes that it leads. A node: it is such a leader.", ""},
       {"quorum", s.choice({"available", "unavailable"}),
        "Whether a majority of the voters runs, unpaused, and can reach each other. Nothing about a leader.", ""},
       {"write", outcome, "How the step's write ended; outside of such a step, the last write.", ""},
       {"read", read, "What the step's read found: the value, or \"not-found\", \"timed-out\", \"refused\", \"accepted\".", ""},
       {"erase", outcome, "How the step's erase ended.", ""},
       {"change", outcome, "How the step's change of membership or transfer ended.", ""},
       {"term", number, "The highest term of all running nodes.", ""},
       {"role", s.map(s.choice({"follower", "pre_candidate", "candidate", "leader", "down", "paused"}), true,
                      "an object from nodes' names to roles"),
        "What these nodes believe to be.", ""},
       {"knows_leader", s.map(c.selector, true, "an object from nodes' names to the leader each believes in"),
        "Whom these nodes believe to lead: each side of a cut may have its own.", ""},
       {"committed", items, "A majority of the voters has applied these values.", ""},
       {"applied", items, "Every running member has applied these values.", ""},
       {"running", c.targets, "These processes live.", ""},
       {"down", c.targets, "These processes do not live.", ""},
       {"members", members, "The configuration that the leader has applied.", ""},
       {"caught_up", c.targets, "These have applied all that any running node has committed.", ""},
       {"snapshot_installed", c.targets, "Each of these took over a snapshot at least once.", ""},
       {"refused_to_start", c.targets, "Each of these found its disk damaged and did not start.", ""},
       {"elections", number, "How many elections were won so far.", ""},
       {"campaigns", number, "How many times a node became a candidate so far.", ""}};
  add_serf_conditions(s, c, number, conditions);
  add_etcd_conditions(s, c, conditions);
  Type* all = s.object(std::move(conditions), "one or more conditions, for example {\"leader\": \"exists\"}",
                       "conditions");
  all->least_fields = 1;
  return all;
}

}  // namespace quorumlab::script
