// The registry's part about the cluster: nodes, Raft, network, disks, clocks, clients.
#include <algorithm>

#include "sim/judge/judges.h"
#include "sim/script/rule_list.h"
#include "sim/script/types.h"

namespace quorumlab::script {

CommonTypes::CommonTypes(TypeStore& s) {
  using Kind = Type::Kind;
  boolean = s.make(Kind::boolean, "true or false");
  yes = s.make(Kind::yes, "true");
  text = s.make(Kind::text, "a text");
  Type* some = s.make(Kind::text, "a text that is not empty");
  some->min = 1;
  word = some;
  label = s.make(Kind::label, "a name: a letter, then letters, digits, '-', '_', '.' (40 at most)", "label");
  name = s.make(Kind::name, "the name of a node", "node");
  selector = s.make(Kind::selector, "a node's name or a selector like \"@leader\"", "selector");
  targets = s.any_of({selector, s.list(selector, 1, kMostHosts, "one or more nodes or selectors")},
                     "a node, a selector like \"@leader\", or a list of them", "targets");
  duration = s.make(Kind::duration, "a duration like \"2s\" or \"150ms\"", "duration");
  signed_duration = s.make(Kind::signed_duration, "a duration like \"2s\" or \"-150ms\"", "signed_duration");
  probability = s.any_of({s.make(Kind::fraction, "a number from 0 to 1"),
                          s.make(Kind::percentage, "a percentage like \"5%\"")},
                         "a probability: a number from 0 to 1, or a text like \"5%\"", "probability");
  drift = s.make(Kind::drift, "a drift like \"100ppm\" or \"-2%\"", "drift");
  count = s.integer(0, 1'000'000'000, "a whole number, 0 or more");
  positive = s.integer(1, 1'000'000'000, "a whole number, 1 or more");
  bytes = s.integer(0, 1'000'000'000'000, "a number of bytes");
  scalar = s.any_of({text, s.make(Kind::number, "a number"), boolean}, "a text, a number, true or false", "value");
  std::vector<std::string> names;
  for (const ListedRule& each : rule_list()) {
    // sessions_apply_once is a rule of Raft's own state machine and of the store's.
    const std::string called(each.name);
    if (std::find(names.begin(), names.end(), called) == names.end()) names.push_back(called);
  }
  const Type* rule = s.choice(std::move(names), "the name of a rule", "rule");
  rules = s.any_of({rule, s.list(rule, 1, 64, "one or more rules")}, "a rule or a list of rules", "rules");

  const Type* range = s.list(duration, 2, 2, "two durations, the least and the most");
  const Type* quantiles = s.list(duration, 2, 1000, "two or more durations, ascending");
  const Type* kind = s.choice({"constant", "uniform", "exponential", "heavy_tail", "measured"});
  const Type* shape = s.object(
      {{"kind", kind, "The distribution. measured: drawn from `quantiles`, linear between them.", "", true},
       {"least", duration, "No draw is below it.", "0s"},
       {"most", duration, "uniform: no draw is above it.", ""},
       {"mean", duration, "exponential: the mean of what comes on top of `least`.", ""},
       {"median", duration, "heavy_tail: half of the draws are below it; tail index 1.5, at most 1,000 times as much.", ""},
       {"quantiles", quantiles, "measured: evenly spaced quantiles, from the least to the most.", ""}},
      "a distribution like {\"kind\": \"exponential\", \"least\": \"1ms\", \"mean\": \"5ms\"}");
  latency = s.any_of({duration, range, shape},
                     "a duration, a range like [\"5ms\", \"15ms\"], or an object with \"kind\"", "latency");

  link = {{"latency", latency, "How long a packet travels, drawn for each packet.", "[\"5ms\", \"15ms\"]"},
          {"loss", probability, "How likely a packet is lost.", "0"},
          {"duplicate", probability, "How likely a packet arrives twice.", "0"},
          {"corrupt", probability, "How likely one bit of a packet is flipped.", "0"},
          {"reorder", probability, "How likely a packet is held back, so that later ones overtake it.", "0"},
          {"reorder_by", duration, "How long such a packet is held back at most.", "\"20ms\""},
          {"bandwidth", bytes, "Bytes a second; 0: no limit.", "0"}};
  disk = {{"latency", latency, "How long a write takes until it is durable.", "[\"500us\", \"2ms\"]"},
          {"failure", probability, "How likely a write fails.", "0"},
          {"full", boolean, "Every write fails.", "false"},
          {"lying", boolean, "The disk says \"durable\" at once, and loses it when the power goes.", "false"},
          {"torn", boolean, "A crash may leave a part of the write that was under way.", "true"}};
  clock = {{"offset", signed_duration, "The wall clock is ahead by this much.", "\"0s\""},
           {"drift", drift, "The clocks run faster by this much: \"100ppm\", \"-2%\".", "\"0ppm\""},
           {"frozen", boolean, "The clocks stand still.", "false"}};
}

std::vector<std::string> checker_names() {
  // In files the words are joined by dashes, as in prose; underscores are understood too.
  std::vector<std::string> names;
  for (const bool dashes : {true, false}) {
    for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
      std::string name(judge::checker_name(static_cast<judge::Checker>(i)));
      if (dashes) {
        const std::string plain = name;
        for (char& c : name) c = c == '_' ? '-' : c;
        if (name == plain) continue;
      }
      names.push_back(std::move(name));
    }
  }
  return names;
}

const Type* cluster_type(TypeStore& s, const CommonTypes& c) {
  const Type* names = s.list(c.name, 1, kMostHosts, "a list of 1 to 1000 names");
  const Type* nodes = s.any_of({s.integer(1, kMostHosts, "a number from 1 to 1000"), names},
                               "a number from 1 to 1000 (64 where Raft runs), or a list of names", "nodes");
  const Type* spares = s.any_of({s.integer(0, 64, "a number from 0 to 64"), s.list(c.name, 0, 64, "a list of names")},
                                "a number, or a list of names");
  const Type* range = s.list(c.duration, 2, 2, "two durations, the least and the most");
  const Type* timeout = s.any_of({c.duration, range}, "a duration, or a range like [\"150ms\", \"300ms\"]");
  const Type* ticks = s.integer(1, 100'000, "a number of ticks, 1 or more");
  const Type* raft = s.object(
      {{"mode", s.choice({"continuous", "ticks", "etcd"}),
        "How timeouts are drawn. continuous: uniform on `election_timeout`, as in the Raft paper. ticks: whole "
        "ticks of a grid with a random phase for each node. etcd: ticks, with etcd's defaults.",
        "\"continuous\""},
       {"election_timeout", timeout, "continuous: a follower that hears from no leader for so long campaigns.",
        "[\"150ms\", \"300ms\"]"},
       {"heartbeat", c.duration, "continuous: how often a leader is heard at least.", "\"50ms\""},
       {"tick", c.duration, "ticks: the length of a tick.", "\"100ms\""},
       {"election_ticks", ticks, "ticks: timeouts are n to 2n-1 ticks.", "10"},
       {"heartbeat_ticks", ticks, "ticks: between heartbeats.", "1"},
       {"fast_first_timeout", c.boolean, "The first timeout after a start is cut short, as etcd does.", "false"},
       {"pre_vote", c.boolean, "A node asks whether it could win before it disturbs anybody (thesis 9.6).", "true"},
       {"check_quorum", c.boolean,
        "A leader that no majority answers steps down; voters that hear their leader ignore candidates "
        "(thesis 6.2, 4.2.3).",
        "true"},
       {"read_mode", s.choice({"read_index", "lease"}),
        "How linearizable reads are served: confirmed by a majority, or by the leader's lease (thesis 6.4).",
        "\"read_index\""},
       {"clock_drift", c.drift, "What a lease allows for clocks that run apart.", "\"1%\""},
       {"forward_proposals", c.boolean, "A follower hands writes to its leader instead of refusing them.", "true"},
       {"max_append_bytes", c.bytes, "Entries in one message; at least one entry goes.", "1048576"},
       {"max_inflight_messages", c.positive, "Unanswered appends for each follower.", "256"},
       {"max_inflight_bytes", c.bytes, "The same in bytes; 0: no limit.", "0"},
       {"max_uncommitted_bytes", c.bytes, "What may wait to be committed; 0: no limit.", "1073741824"},
       {"snapshot_every", c.count, "A snapshot is taken every so many applied entries; 0: never.", "10000"},
       {"snapshot_keep", c.count, "Entries kept in the log behind a snapshot, for slow followers.", "1000"},
       {"snapshot_chunk_bytes", c.positive, "A snapshot travels in chunks of this size.", "65536"},
       {"batch_while_writing", c.boolean, "Proposals that arrive during a disk write leave together.", "false"},
       {"rules_off", c.rules, "Safety rules that no node obeys: to see what they are for.", ""}},
      "the settings of Raft", "raft");
  const Type* network = s.object(c.link, "the settings of every link", "network");
  const Type* disk = s.object(c.disk, "the settings of every disk", "disk");
  const Type* clocks = s.map(s.object(c.clock, "the settings of a clock"), true,
                             "an object from nodes' names to clocks", "clocks");
  const Type* client = s.object(
      {{"timeout", c.duration, "After this long an operation without an answer has timed out.", "\"2s\""},
       {"retry", c.duration, "After this long without an answer the client asks another node.", "\"500ms\""}},
      "the settings of clients");
  return s.object(
      {{"nodes", nodes, "The voters: their names, or how many (then n1, n2, ...).", "", true},
       {"spares", spares, "Further hosts that run but are no members until added.", "0"},
       {"clients", s.integer(1, 64, "a number from 1 to 64"), "Client hosts: c1, c2, ...", "1"},
       {"raft", raft, "Timeouts and options of Raft.", ""},
       {"serf", serf_type(s, c),
        "Every host runs a serf agent with these settings. Without `raft` beside it, the hosts run serf alone.", ""},
       {"etcd", etcd_type(s, c),
        "The servers' state machine is the etcd v2 store; writes and reads go through its API. Missing: a plain map.", ""},
       {"node", c.word,
        "A protocol of one's own runs on the servers in place of Raft: a class in Python, \"module:Class\", that only "
        "quorumlab's Python package can run.", ""},
       {"autopilot",
        s.object({{"grace", c.duration, "A voter is removed once serf has called it failed for so long.", "\"10s\""},
                  {"settle", c.duration, "A member becomes a voter once serf has called it alive for so long.", "\"5s\""}},
                 "the settings of the autopilot", "autopilot"),
        "The leader removes voters that serf calls failed, and adds those that are alive. Needs `raft` and `serf`.", ""},
       {"apps", apps_type(s, c), "Programs on hosts of their own, which use the store.", ""},
       {"start_within", c.duration,
        "The processes start one after the other, at moments drawn from this time; missing: all at once.", "\"0s\""},
       {"handling_time", c.duration,
        "What waited at a paused or hanging process is handled one by one, each taking so long; 0: all at once.", "\"0s\""},
       {"network", network, "Every link, until a step changes one.", ""},
       {"disk", disk, "Every disk, until a step changes one.", ""},
       {"clocks", clocks, "Clocks that are not right, by node.", ""},
       {"client", client, "How clients wait and retry.", ""},
       {"logs", s.map(s.integer(0, 1'000'000, "a number of entries"), true, "an object from nodes' names to numbers"),
        "Entries of term 1 that a node's disk holds at the start.", ""},
       {"epoch", s.integer(0, 9'000'000'000, "seconds since 1970"),
        "What the wall clocks show at the start, in seconds since 1970.", "1388534400"}},
      "an object with \"nodes\"", "cluster");
}

}  // namespace quorumlab::script
