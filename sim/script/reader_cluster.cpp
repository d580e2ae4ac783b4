// The cluster of a scenario: nodes, Raft's settings, network, disks, clocks.
#include <algorithm>

#include "sim/script/loader.h"
#include "sim/script/reader.h"
#include "sim/script/types.h"

namespace quorumlab::script {

const Json* Reader::member(const Json* json, std::string_view key, Json::Kind kind) {
  const Json* found = json == nullptr ? nullptr : json->find(key);
  return found != nullptr && found->is(kind) ? found : nullptr;
}
void Reader::read(const Json* json, std::string_view key, bool& out) {
  if (const Json* j = member(json, key, Json::Kind::boolean)) out = j->truth;
}
void Reader::read(const Json* json, std::string_view key, Duration& out) {
  if (const Json* j = member(json, key, Json::Kind::text)) out = parse_signed_duration(j->text).value_or(out);
}
void Reader::read(const Json* json, std::string_view key, Probability& out) {
  if (const Json* j = member(json, key, Json::Kind::number)) out = parse_probability(j->text).value_or(out);
  if (const Json* j = member(json, key, Json::Kind::text)) out = parse_percentage(j->text).value_or(out);
}
void Reader::read(const Json* json, std::string_view key, std::string& out) {
  if (const Json* j = member(json, key, Json::Kind::text)) out = j->text;
}
std::string Reader::scalar(const Json& json) {
  if (json.is(Json::Kind::boolean)) return json.truth ? "true" : "false";
  return json.text;
}

void Reader::names(const Json& json, const std::string& path) {
  std::vector<std::string>& all = out_.cluster.names;
  bool numbered = true;
  const auto unique = [&](const Json& name, const std::string& where) {
    if (!name.is(Json::Kind::text)) return;
    const bool client = name.text.size() > 1 && name.text[0] == 'c' &&
                        std::all_of(name.text.begin() + 1, name.text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (client) {
      problems_.add(name.line, where, "\"" + name.text + "\" is the name of a client; nodes need others");
    } else if (std::find(all.begin(), all.end(), name.text) != all.end()) {
      problems_.add(name.line, where, "the name \"" + name.text + "\" is given twice");
    } else {
      all.push_back(name.text);
    }
  };
  if (const Json* nodes = json.find("nodes")) {
    if (nodes->is(Json::Kind::number)) {
      const auto n = unsigned_integer(nodes->text).value_or(0);
      for (std::uint64_t i = 1; i <= n && n <= kMostHosts; ++i) all.push_back("n" + std::to_string(i));
    } else if (nodes->is(Json::Kind::list)) {
      numbered = false;
      for (std::size_t i = 0; i < nodes->items.size(); ++i) {
        unique(nodes->items[i], path + ".nodes[" + std::to_string(i) + "]");
      }
      numbered = std::all_of(all.begin(), all.end(), [&, i = 0](const std::string& name) mutable {
        return name == "n" + std::to_string(++i);
      });
    }
  }
  const std::size_t members = all.size();
  if (const Json* spares = json.find("spares")) {
    if (spares->is(Json::Kind::number)) {
      const auto n = unsigned_integer(spares->text).value_or(0);
      for (std::uint64_t i = 1; i <= n && n <= 64; ++i) {
        all.push_back(numbered ? "n" + std::to_string(members + i) : "s" + std::to_string(i));
      }
    } else if (spares->is(Json::Kind::list)) {
      for (std::size_t i = 0; i < spares->items.size(); ++i) {
        unique(spares->items[i], path + ".spares[" + std::to_string(i) + "]");
      }
    }
  }
  out_.cluster.spare_nodes = static_cast<std::uint32_t>(all.size() - members);
  const bool gossip_alone = (json.find("serf") != nullptr && json.find("raft") == nullptr) || json.find("node") != nullptr;
  const std::size_t most = gossip_alone ? kMostHosts : kMostServers;
  if (all.size() > most) {
    problems_.add(json.line, path, "at most " + std::to_string(most) + " hosts" + (gossip_alone ? "" : " where Raft runs") +
                                       ", spares included, got " + std::to_string(all.size()));
  }
}

void Reader::latency(const Json* json, const std::string& path, world::Latency& out) {
  using Kind = world::Latency::Kind;
  if (json == nullptr) return;
  const auto duration = [&](const Json& j) { return j.is(Json::Kind::text) ? parse_duration(j.text).value_or(Duration{}) : Duration{}; };
  if (json->is(Json::Kind::text)) {
    out = {Kind::constant, duration(*json), duration(*json), 0};
  } else if (json->is(Json::Kind::list) && json->items.size() == 2) {
    out = {Kind::uniform, duration(json->items[0]), duration(json->items[1]), 0};
    if (out.a > out.b) problems_.add(json->line, path, "the least, " + to_text(out.a) + ", is above the most, " + to_text(out.b));
  } else if (json->is(Json::Kind::object)) {
    std::string kind;
    read(json, "kind", kind);
    out = {Kind::constant, {}, {}, 0};
    read(json, "least", out.a);
    // Each kind knows its own second key, and no other.
    struct Rule {
      const char* kind;
      Kind value;
      const char* key;
    };
    static constexpr Rule kRules[] = {{"constant", Kind::constant, nullptr}, {"uniform", Kind::uniform, "most"},
                                      {"exponential", Kind::exponential, "mean"},
                                      {"heavy_tail", Kind::heavy_tail, "median"},
                                      {"measured", Kind::measured, "quantiles"}};
    for (const Rule& rule : kRules) {
      if (kind != rule.kind) continue;
      out.kind = rule.value;
      if (rule.key != nullptr && json->find(rule.key) == nullptr) {
        problems_.add(json->line, path, "the kind \"" + kind + "\" needs \"" + rule.key + "\"");
      }
      for (const Rule& other : kRules) {
        if (other.key != nullptr && other.key != rule.key && json->find(other.key) != nullptr) {
          problems_.add(json->line, path, std::string("\"") + other.key + "\" means nothing for the kind \"" + kind + "\"");
        }
      }
      if (rule.key != nullptr) read(json, rule.key, out.b);
    }
    if (out.kind == Kind::constant) out.b = out.a;
    if ((out.kind == Kind::uniform || out.kind == Kind::heavy_tail) && out.a > out.b) {
      problems_.add(json->line, path, "the least is above the other bound");
    }
    if (const Json* quantiles = member(json, "quantiles", Json::Kind::list)) {
      std::vector<Duration> table;
      for (const Json& q : quantiles->items) {
        table.push_back(duration(q));
        if (table.size() > 1 && table.back() < table[table.size() - 2]) {
          problems_.add(q.line, path + ".quantiles", "they must ascend");
        }
      }
      out.table = static_cast<std::uint32_t>(out_.cluster.tables.size());
      out_.cluster.tables.push_back(std::move(table));
    }
  }
}

void Reader::link(const Json& json, const std::string& path, world::LinkSettings& out) {
  latency(json.find("latency"), path + ".latency", out.latency);
  read(&json, "loss", out.loss);
  read(&json, "duplicate", out.duplicate);
  read(&json, "corrupt", out.corrupt);
  read(&json, "reorder", out.reorder);
  read(&json, "reorder_by", out.reorder_by);
  read_integer(&json, "bandwidth", out.bandwidth);
}

void Reader::disk(const Json& json, const std::string& path, world::DiskSettings& out) {
  latency(json.find("latency"), path + ".latency", out.latency);
  read(&json, "failure", out.failure);
  read(&json, "full", out.full);
  read(&json, "lying", out.lying);
  read(&json, "torn", out.torn);
}

void Reader::clock(const Json& json, world::ClockSettings& out) {
  read(&json, "offset", out.wall_offset);
  read(&json, "step", out.wall_step);
  read(&json, "frozen", out.frozen);
  if (const Json* drift = member(&json, "drift", Json::Kind::text)) {
    out.drift_ppb = parse_drift(drift->text).value_or(0);
  }
}

Reader::Rules Reader::rules(const Json& json) const {
  Rules out;
  const auto one = [&](const Json& j) {
    if (!j.is(Json::Kind::text)) return;
    const auto raft_rule = raft::find_rule(j.text);
    const auto kv_rule = kv::find_rule(j.text);
    // One name is used by both state machines: the one that runs is meant.
    if (raft_rule && !(kv_rule && out_.cluster.node.run_kv)) out.raft.push_back(*raft_rule);
    if (kv_rule && (!raft_rule || out_.cluster.node.run_kv)) out.kv.push_back(*kv_rule);
    if (const auto rule = gossip::find_rule(j.text)) out.gossip.push_back(*rule);
  };
  one(json);
  for (const Json& item : json.items) one(item);
  return out;
}

void Reader::raft(const Json& json, const std::string& path) {
  NodeConfig& node = out_.cluster.node;
  raft::Config& raft = node.raft;
  raft::TimeoutPolicy& timeouts = raft.timeouts;
  std::string mode = "continuous";
  read(&json, "mode", mode);
  if (mode != "continuous") timeouts.kind = raft::TimeoutPolicy::Kind::ticks;
  timeouts.advance_first_timeout = mode == "etcd";
  for (const char* key : {"election_timeout", "heartbeat"}) {
    if (mode != "continuous" && json.find(key) != nullptr) {
      problems_.add(json.find(key)->line, path + "." + key, "means nothing in mode \"" + mode + "\"; it counts ticks");
    }
  }
  for (const char* key : {"tick", "election_ticks", "heartbeat_ticks"}) {
    if (mode == "continuous" && json.find(key) != nullptr) {
      problems_.add(json.find(key)->line, path + "." + key, "means nothing in mode \"continuous\"; set \"mode\" to \"ticks\"");
    }
  }
  if (const Json* timeout = json.find("election_timeout")) {
    world::Latency range{world::Latency::Kind::uniform, timeouts.election_min, timeouts.election_max, 0};
    latency(timeout, path + ".election_timeout", range);
    timeouts.election_min = range.a;
    timeouts.election_max = range.b;
  }
  read(&json, "heartbeat", timeouts.heartbeat);
  read(&json, "tick", timeouts.period);
  read_integer(&json, "election_ticks", timeouts.election_ticks);
  read_integer(&json, "heartbeat_ticks", timeouts.heartbeat_ticks);
  read(&json, "fast_first_timeout", timeouts.advance_first_timeout);
  read(&json, "pre_vote", raft.pre_vote);
  read(&json, "check_quorum", raft.check_quorum);
  std::string read_mode = "read_index";
  read(&json, "read_mode", read_mode);
  raft.read_mode = read_mode == "lease" ? raft::ReadMode::lease : raft::ReadMode::read_index;
  if (const Json* drift = member(&json, "clock_drift", Json::Kind::text)) {
    const auto ppb = parse_drift(drift->text).value_or(0);
    if (ppb < 0) {
      problems_.add(drift->line, path + ".clock_drift", "expected a bound, 0 or more");
    } else {
      raft.clock_drift_ppm = static_cast<std::uint32_t>((ppb + 999) / 1000);
    }
  }
  read(&json, "forward_proposals", raft.forward_proposals);
  read_integer(&json, "max_append_bytes", raft.max_append_bytes);
  read_integer(&json, "max_inflight_messages", raft.max_inflight_messages);
  read_integer(&json, "max_inflight_bytes", raft.max_inflight_bytes);
  read_integer(&json, "max_uncommitted_bytes", raft.max_uncommitted_bytes);
  read_integer(&json, "snapshot_every", node.snapshot_every);
  read_integer(&json, "snapshot_keep", node.snapshot_keep);
  read_integer(&json, "snapshot_chunk_bytes", raft.snapshot_chunk_bytes);
  read(&json, "batch_while_writing", raft.batch_while_writing);
  if (const Json* off = json.find("rules_off")) {
    const Rules list = rules(*off);
    for (const raft::Rule rule : list.raft) raft.rules.set(rule, false);
    if (!list.gossip.empty()) {
      problems_.add(off->line, path + ".rules_off",
                    "\"" + std::string(gossip::rule_name(list.gossip.front())) + "\" is a rule of serf: it belongs into cluster.serf");
    }
    if (!list.kv.empty()) {
      problems_.add(off->line, path + ".rules_off",
                    "\"" + std::string(kv::rule_name(list.kv.front())) + "\" is a rule of the store: it belongs into cluster.etcd");
    }
  }
}

void Reader::cluster(const Json& json, const std::string& path) {
  if (!json.is(Json::Kind::object)) return;
  world::ClusterConfig& cluster = out_.cluster;
  names(json, path);
  read_integer(&json, "clients", cluster.clients);
  hosts_ = cluster.host_names();
  if (const Json* r = member(&json, "raft", Json::Kind::object)) raft(*r, path + ".raft");
  if (const Json* s = member(&json, "serf", Json::Kind::object)) {
    serf(*s, path + ".serf");
    cluster.node.run_gossip = true;
    cluster.node.run_raft = json.find("raft") != nullptr;
  }
  if (const Json* own = member(&json, "node", Json::Kind::text)) {
    read(&json, "node", cluster.foreign_name);
    cluster.node.run_raft = cluster.node.run_gossip = false;
    for (const char* other : {"raft", "serf", "etcd", "autopilot", "apps", "logs", "spares"}) {
      if (json.find(other) == nullptr) continue;
      problems_.add(own->line, path + "." + other, "contradicts \"node\": a protocol of one's own runs on the nodes");
    }
  }
  if (const Json* a = member(&json, "autopilot", Json::Kind::object)) {
    AutopilotConfig& pilot = cluster.node.autopilot;
    pilot.on = true;
    read(a, "grace", pilot.grace);
    read(a, "settle", pilot.settle);
    if (!cluster.node.run_gossip || !cluster.node.run_raft) {
      problems_.add(a->line, path + ".autopilot", "it needs \"serf\" to hear of failures and \"raft\" to act on them");
    }
  }
  if (const Json* e = member(&json, "etcd", Json::Kind::object)) {
    etcd(*e, path + ".etcd");
    if (!cluster.node.run_raft) problems_.add(e->line, path + ".etcd", "etcd needs Raft: give \"raft\" beside \"serf\", if only {}");
  }
  if (const Json* a = member(&json, "apps", Json::Kind::list)) apps(*a, path + ".apps");
  read(&json, "start_within", cluster.start_within);
  read(&json, "handling_time", cluster.handling_time);
  if (const Json* n = member(&json, "network", Json::Kind::object)) link(*n, path + ".network", cluster.link);
  if (const Json* d = member(&json, "disk", Json::Kind::object)) disk(*d, path + ".disk", cluster.disk);
  if (const Json* clocks = member(&json, "clocks", Json::Kind::object)) {
    for (const auto& [name, settings] : clocks->members) {
      const NodeId id = host(name, settings.line, path + ".clocks." + name);
      if (!id) continue;
      if (cluster.clocks.size() < id.value) cluster.clocks.resize(id.value);
      clock(settings, cluster.clocks[id.value - 1]);
    }
  }
  if (const Json* logs = member(&json, "logs", Json::Kind::object)) {
    for (const auto& [name, entries] : logs->members) {
      const NodeId id = host(name, entries.line, path + ".logs." + name, true);
      if (!id) continue;
      if (cluster.preloaded.size() < id.value) cluster.preloaded.resize(id.value);
      read_integer(logs, name, cluster.preloaded[id.value - 1]);
    }
  }
  if (const Json* client = member(&json, "client", Json::Kind::object)) {
    read(client, "timeout", cluster.client_timeout);
    read(client, "retry", cluster.client_retry);
    if (cluster.client_timeout.ns <= 0 || cluster.client_retry.ns <= 0) {
      problems_.add(client->line, path + ".client", "timeout and retry must be above zero");
    }
  }
  if (const Json* epoch = member(&json, "epoch", Json::Kind::number)) {
    cluster.epoch = {static_cast<std::int64_t>(unsigned_integer(epoch->text).value_or(0)) * 1'000'000'000};
  }
  // The engine's own rules about its settings, on a copy that has members.
  raft::Config copy = cluster.node.raft;
  copy.id = NodeId{1};
  copy.initial.voters = {NodeId{1}};
  if (const auto valid = copy.validate(); !valid) {
    const Json* r = json.find("raft");
    problems_.add(r == nullptr ? json.line : r->line, path + ".raft", valid.error().text());
  }
}

}  // namespace quorumlab::script
