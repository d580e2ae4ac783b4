// The opposite of sim/script's reader, for what campaigns do. Only settings that differ from a
// fresh cluster's are written, so that a person can read the file.
#include "sim/chaos/scenario_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/kv/http.h"
#include "core/raft/message.h"
#include "sim/script/loader.h"
#include "sim/script/quantity.h"
#include "sim/script/serf_fields.h"
#include "sim/trace/checkers.h"
#include "sim/trace/json_string.h"
#include "sim/world/etcd_setup.h"

namespace quorumlab::chaos {

using world::Action;
using world::Verb;

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  trace::put_json_string(text, out);
  return out;
}

std::string time(Duration d) { return quoted(script::to_text(d)); }

std::string signed_time(Duration d) {
  return d.ns < 0 ? quoted("-" + script::to_text(Duration{-d.ns})) : time(d);
}

// Exactly what the reader makes of it again: nine decimals of what was drawn in millionths.
std::string probability(Probability p) {
  const std::uint64_t millionths = (p.parts * 1'000'000 + (std::uint64_t{1} << 32) - 1) >> 32;
  return fmt::format("{}.{:06}", millionths / 1'000'000, millionths % 1'000'000);
}

std::string drift(std::int64_t ppb) { return quoted(fmt::format("{}ppb", ppb)); }

// The checkers that count, as scenarios name them.
std::string watched(std::uint32_t ignored) {
  std::string list;
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    if ((ignored >> i & 1) != 0) continue;
    std::string name(judge::checker_name(static_cast<judge::Checker>(i)));
    std::replace(name.begin(), name.end(), '_', '-');
    list += (list.empty() ? "" : ", ") + quoted(name);
  }
  return "[" + list + "]";
}

const char* program_name(recipes::AppConfig::Kind kind) {
  using Kind = recipes::AppConfig::Kind;
  switch (kind) {
    case Kind::election:
      return "election";
    case Kind::lock:
      return "lock";
    case Kind::elastic_ip:
      return "elastic-ip";
    case Kind::gossip_lock:
      return "gossip-lock";
    case Kind::follower:
      return "follower";
    case Kind::resource:
      return "resource";
  }
  return "";
}

// Members of an object, joined.
class Object {
 public:
  void put(std::string_view key, const std::string& value) {
    text_ += text_.empty() ? "" : ", ";
    text_ += quoted(key) + ": " + value;
  }
  bool empty() const { return text_.empty(); }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

// The rules of an engine that are switched off, if any are.
template <class Rules, class List>
void put_rules_off(const Rules& rules, const List& all, Object& out) {
  std::string off;
  for (const auto& info : all) {
    if (!rules[info.rule]) off += (off.empty() ? "" : ", ") + quoted(info.name);
  }
  if (!off.empty()) out.put("rules_off", "[" + off + "]");
}

class Writer {
 public:
  explicit Writer(const world::ClusterConfig& cluster)
      : cluster_(cluster), names_(cluster.host_names()) {}

  std::string host(NodeId id) const {
    return quoted(id.value >= 1 && id.value <= names_.size() ? names_[id.value - 1] : "?");
  }
  std::string hosts(const std::vector<NodeId>& nodes) const {
    std::string out = "[";
    for (const NodeId node : nodes) out += (out.size() > 1 ? ", " : "") + host(node);
    return out + "]";
  }

  std::string latency(const world::Latency& l) const {
    using Kind = world::Latency::Kind;
    switch (l.kind) {
      case Kind::constant:
        return time(l.a);
      case Kind::uniform:
        return fmt::format("[{}, {}]", time(l.a), time(l.b));
      case Kind::exponential:
        return fmt::format(R"({{"kind": "exponential", "least": {}, "mean": {}}})", time(l.a),
                           time(l.b));
      case Kind::heavy_tail:
        return fmt::format(R"({{"kind": "heavy_tail", "least": {}, "median": {}}})", time(l.a),
                           time(l.b));
      case Kind::measured:
        break;
    }
    std::string table;
    for (const Duration d : cluster_.tables[l.table])
      table += (table.empty() ? "" : ", ") + time(d);
    return fmt::format(R"({{"kind": "measured", "quantiles": [{}]}})", table);
  }

  // Adds what differs from `from`; what stands in a file is read on top of that.
  void link(const world::LinkSettings& l, const world::LinkSettings& from, Object& out) const {
    if (l.latency != from.latency) out.put("latency", latency(l.latency));
    if (l.loss != from.loss) out.put("loss", probability(l.loss));
    if (l.duplicate != from.duplicate) out.put("duplicate", probability(l.duplicate));
    if (l.corrupt != from.corrupt) out.put("corrupt", probability(l.corrupt));
    if (l.reorder != from.reorder) out.put("reorder", probability(l.reorder));
    if (l.reorder_by != from.reorder_by) out.put("reorder_by", time(l.reorder_by));
    if (l.bandwidth != from.bandwidth) out.put("bandwidth", std::to_string(l.bandwidth));
  }
  void disk(const world::DiskSettings& d, const world::DiskSettings& from, Object& out) const {
    if (d.latency != from.latency) out.put("latency", latency(d.latency));
    if (d.failure != from.failure) out.put("failure", probability(d.failure));
    if (d.full != from.full) out.put("full", d.full ? "true" : "false");
    if (d.lying != from.lying) out.put("lying", d.lying ? "true" : "false");
    if (d.torn != from.torn) out.put("torn", d.torn ? "true" : "false");
  }
  void clock(const world::ClockSettings& c, Object& out) const {
    if (c.wall_offset.ns != 0) out.put("offset", signed_time(c.wall_offset));
    if (c.wall_step.ns != 0) out.put("step", signed_time(c.wall_step));
    if (c.drift_ppb != 0) out.put("drift", drift(c.drift_ppb));
    if (c.frozen) out.put("frozen", "true");
  }

  std::string raft() const {
    const NodeConfig none;
    const NodeConfig& node = cluster_.node;
    const raft::Config &r = node.raft, &d = none.raft;
    const raft::TimeoutPolicy& t = r.timeouts;
    Object out;
    if (t.kind == raft::TimeoutPolicy::Kind::ticks) {
      out.put("mode", quoted("ticks"));
      out.put("tick", time(t.period));
      out.put("election_ticks", std::to_string(t.election_ticks));
      out.put("heartbeat_ticks", std::to_string(t.heartbeat_ticks));
    } else {
      out.put("election_timeout",
              fmt::format("[{}, {}]", time(t.election_min), time(t.election_max)));
      out.put("heartbeat", time(t.heartbeat));
    }
    if (t.advance_first_timeout) out.put("fast_first_timeout", "true");
    out.put("pre_vote", r.pre_vote ? "true" : "false");
    out.put("check_quorum", r.check_quorum ? "true" : "false");
    if (r.read_mode == raft::ReadMode::lease) out.put("read_mode", quoted("lease"));
    if (r.clock_drift_ppm != d.clock_drift_ppm) {
      out.put("clock_drift", quoted(fmt::format("{}ppm", r.clock_drift_ppm)));
    }
    if (!r.forward_proposals) out.put("forward_proposals", "false");
    const auto number = [&out](const char* key, std::uint64_t value, std::uint64_t usual) {
      if (value != usual) out.put(key, std::to_string(value));
    };
    number("max_append_bytes", r.max_append_bytes, d.max_append_bytes);
    number("max_inflight_messages", r.max_inflight_messages, d.max_inflight_messages);
    number("max_inflight_bytes", r.max_inflight_bytes, d.max_inflight_bytes);
    number("max_uncommitted_bytes", r.max_uncommitted_bytes, d.max_uncommitted_bytes);
    number("snapshot_every", node.snapshot_every, none.snapshot_every);
    number("snapshot_keep", node.snapshot_keep, none.snapshot_keep);
    number("snapshot_chunk_bytes", r.snapshot_chunk_bytes, d.snapshot_chunk_bytes);
    if (r.batch_while_writing) out.put("batch_while_writing", "true");
    put_rules_off(r.rules, raft::kRules, out);
    return out.text();
  }

  std::string etcd() const {
    const kv::ServerConfig& server = cluster_.node.kv.server;
    Object out;
    if (server.redirect == kv::ServerConfig::Redirect::v0_4) out.put("redirect", quoted("v0.4"));
    if (!server.members.empty()) {
      const world::EtcdPorts usual;
      const auto port = [&](const char* key, const std::vector<std::string>& urls, std::uint32_t most) {
        if (urls.empty()) return;
        const std::string number = urls[0].substr(urls[0].rfind(':') + 1);
        if (number != std::to_string(most)) out.put(key, number);
      };
      port("client_port", server.members[0].client_urls, usual.client);
      port("peer_port", server.members[0].peer_urls, usual.peer);
    }
    put_rules_off(server.rules, kv::kRules, out);
    return out.text();
  }

  std::string tags(const gossip::Tags& all) const {
    Object out;
    for (const auto& [name, value] : all) out.put(name, quoted(value));
    return out.text();
  }
  // On top of the LAN profile, whatever it was drawn from.
  std::string serf() const {
    const gossip::Config &s = cluster_.node.gossip, lan = gossip::Config::lan();
    Object out;
    if (s.lifeguard != gossip::Lifeguard::memberlist) {
      out.put("lifeguard", quoted(s.lifeguard == gossip::Lifeguard::paper ? "paper" : "off"));
    }
    if (s.phases == gossip::Phases::staggered) out.put("phases", quoted("staggered"));
    for (const script::SerfDuration& d : script::kSerfDurations) {
      if (s.*d.field != lan.*d.field) out.put(d.name, time(s.*d.field));
    }
    for (const script::SerfNumber& n : script::kSerfNumbers) {
      if (s.*n.field != lan.*n.field) out.put(n.name, std::to_string(s.*n.field));
    }
    for (const script::SerfFlag& f : script::kSerfFlags) {
      if (s.*f.field != lan.*f.field) out.put(f.name, s.*f.field ? "true" : "false");
    }
    if (s.label != lan.label) out.put("label", quoted(s.label));
    if (!s.tags.empty()) out.put("tags", tags(s.tags));
    if (!s.start_join.empty()) out.put("start_join", hosts(s.start_join));
    put_rules_off(s.rules, gossip::kRules, out);
    return out.text();
  }
  // The verb of a command to an agent, and what it says.
  std::pair<std::string, std::string> command(const Action& a) const {
    using Kind = AgentCommand::Kind;
    const AgentCommand& c = a.agent;
    Object o;
    o.put("by", hosts(a.nodes));
    switch (c.kind) {
      case Kind::join:
        o.put("to", hosts(c.hosts));
        if (c.flag) o.put("replay", "true");
        return {"join", o.text()};
      case Kind::leave:
        return {"leave", hosts(a.nodes)};
      case Kind::force_leave:
        o.put("member", quoted(c.name));
        if (c.flag) o.put("prune", "true");
        return {"force_leave", o.text()};
      case Kind::set_tags:
        o.put("set", tags(c.tags));
        return {"tags", o.text()};
      case Kind::event:
        o.put("name", quoted(c.name));
        o.put("payload", quoted(c.payload));
        if (!c.flag) o.put("coalesce", "false");
        return {"event", o.text()};
      case Kind::query:
        o.put("name", quoted(c.name));
        o.put("payload", quoted(c.payload));
        if (!c.flag) o.put("ack", "false");
        if (c.number != 0) o.put("relay", std::to_string(c.number));
        return {"query", o.text()};
      case Kind::key:
      case Kind::on_query:
      case Kind::members:
        break;  // campaigns give no such command
    }
    return {"heal", "true"};
  }

  std::string app(const world::AppHost& program) const {
    const recipes::AppConfig none;
    const recipes::AppConfig& a = program.app;
    Object out;
    out.put("name", quoted(a.name));
    if (!a.title.empty()) out.put("title", quoted(a.title));
    out.put("runs", quoted(program_name(a.kind)));
    out.put("key", quoted(a.key));
    const auto duration = [&out](const char* key, Duration value, Duration usual) {
      if (value != usual) out.put(key, time(value));
    };
    duration("ttl", a.ttl, none.ttl);
    duration("refresh_every", a.refresh_every, none.refresh_every);
    duration("timeout", a.timeout, none.timeout);
    duration("renew_wait", a.renew_wait, none.renew_wait);
    duration("retry", a.retry, none.retry);
    duration("hold", a.hold, none.hold);
    duration("rest", a.rest, none.rest);
    if (a.times != none.times) out.put("times", std::to_string(a.times));
    if (!a.after.empty()) {
      std::string list;
      for (const std::string& name : a.after) list += (list.empty() ? "" : ", ") + quoted(name);
      out.put("after", "[" + list + "]");
    }
    if (a.question != none.question) out.put("question", quoted(a.question));
    if (a.quorum_reads) out.put("quorum_reads", "true");
    if (!a.address.empty()) out.put("address", quoted(a.address));
    if (a.resource) out.put("resource", host(a.resource));
    duration("work_every", a.work_every, none.work_every);
    duration("work_takes", a.work_takes, none.work_takes);
    if (!a.checks_lease) out.put("checks_lease", "false");
    if (a.rechecks) out.put("rechecks", "true");
    if (a.fencing) out.put("fencing", "true");
    out.put("servers", hosts(a.servers));
    Object settings;
    clock(program.clock, settings);
    if (!settings.empty()) out.put("clock", settings.text());
    if (program.starts == kNever) {
      out.put("starts", quoted("never"));
    } else if (program.starts.ns != 0) {
      out.put("starts", time(Duration{program.starts.ns}));
    }
    return out.text();
  }
  std::string apps() const {
    std::string list;
    for (const world::AppHost& program : cluster_.apps) {
      list += (list.empty() ? "" : ",") + ("\n      " + app(program));
    }
    return "[" + list + "]";
  }

  std::string cluster() const {
    const world::ClusterConfig none;
    std::vector<NodeId> members, spares, everybody;
    for (std::uint32_t id = 1; id <= cluster_.names.size(); ++id) {
      (id + cluster_.spare_nodes <= cluster_.names.size() ? members : spares).push_back({id});
    }
    std::string out = "{\n    \"nodes\": " + hosts(members);
    if (!spares.empty()) out += ",\n    \"spares\": " + hosts(spares);
    out += fmt::format(",\n    \"clients\": {}", cluster_.clients);
    if (!cluster_.foreign_name.empty()) out += ",\n    \"node\": \"" + cluster_.foreign_name + "\"";
    if (cluster_.node.run_raft) out += ",\n    \"raft\": " + raft();
    if (cluster_.node.run_gossip) out += ",\n    \"serf\": " + serf();
    if (cluster_.handling_time.ns != 0) out += ",\n    \"handling_time\": " + time(cluster_.handling_time);
    if (cluster_.start_within.ns != 0) out += ",\n    \"start_within\": " + time(cluster_.start_within);
    if (cluster_.node.run_kv) out += ",\n    \"etcd\": " + etcd();
    if (!cluster_.apps.empty()) out += ",\n    \"apps\": " + apps();
    Object network;
    link(cluster_.link, none.link, network);
    if (!network.empty()) out += ",\n    \"network\": " + network.text();
    Object disks;
    disk(cluster_.disk, none.disk, disks);
    if (!disks.empty()) out += ",\n    \"disk\": " + disks.text();
    Object clocks;
    for (std::uint32_t i = 0; i < cluster_.clocks.size(); ++i) {
      if (cluster_.clocks[i] == world::ClockSettings{}) continue;
      Object one;
      clock(cluster_.clocks[i], one);
      clocks.put(names_[i], one.text());
    }
    if (!clocks.empty()) out += ",\n    \"clocks\": " + clocks.text();
    Object logs;
    for (std::uint32_t i = 0; i < cluster_.preloaded.size(); ++i) {
      if (cluster_.preloaded[i] != 0) logs.put(names_[i], std::to_string(cluster_.preloaded[i]));
    }
    if (!logs.empty()) out += ",\n    \"logs\": " + logs.text();
    out += fmt::format(",\n    \"client\": {{\"timeout\": {}, \"retry\": {}}}",
                       time(cluster_.client_timeout), time(cluster_.client_retry));
    if (cluster_.epoch != none.epoch) {
      out += fmt::format(",\n    \"epoch\": {}", cluster_.epoch.ns / 1'000'000'000);
    }
    return out + "\n  }";
  }

  // From and to, absent where they mean everybody.
  void ways(const Action& a, Object& out) const {
    if (a.groups.size() != 2) return;
    out.put("from", hosts(a.groups[0]));
    out.put("to", hosts(a.groups[1]));
  }
  void asked(const Action& a, Object& out) const {
    if (a.client) out.put("client", host(a.client));
    if (a.to) out.put("to", host(a.to));
    if (a.timeout.ns != 0) out.put("within", time(a.timeout));
  }
  std::string groups(const Action& a) const {
    std::string list;
    for (const auto& group : a.groups) list += (list.empty() ? "" : ", ") + hosts(group);
    return "[" + list + "]";
  }

  // The verb and what it says.
  std::pair<std::string, std::string> verb(const Action& a) const {
    Object o;
    switch (a.verb) {
      case Verb::kill:
        return {"kill", hosts(a.nodes)};
      case Verb::crash:
        return {"crash", hosts(a.nodes)};
      case Verb::restart:
        return {"restart", hosts(a.nodes)};
      case Verb::pause:
        return {"pause", hosts(a.nodes)};
      case Verb::resume:
        return {"resume", hosts(a.nodes)};
      case Verb::block:
        return {"block", hosts(a.nodes)};
      case Verb::unblock:
        return {"unblock", hosts(a.nodes)};
      case Verb::wipe:
        return {"wipe", hosts(a.nodes)};
      case Verb::partition:
        return {"partition", groups(a)};
      case Verb::heal:
        return {"heal", a.groups.empty() ? "true" : groups(a)};
      case Verb::cut:
        ways(a, o);
        return {"cut", o.text()};
      case Verb::clog:
        ways(a, o);
        return {"clog", o.empty() ? "true" : o.text()};
      case Verb::unclog:
        ways(a, o);
        return {"unclog", o.empty() ? "true" : o.text()};
      case Verb::link:
        ways(a, o);
        link(a.link, cluster_.link, o);
        return {"link", o.text()};
      case Verb::disk:
        o.put("nodes", hosts(a.nodes));
        disk(a.disk, cluster_.disk, o);
        return {"disk", o.text()};
      case Verb::stall:
        o.put("nodes", hosts(a.nodes));
        o.put("for", time(a.duration));
        return {"stall", o.text()};
      case Verb::rot:
        o.put("nodes", hosts(a.nodes));
        if (a.file != 0) o.put("file", quoted(a.file == 1 ? "snapshot" : a.file == 2 ? "session" : "keyring"));
        o.put("bits", std::to_string(a.count));
        return {"rot", o.text()};
      case Verb::clock:
        o.put("nodes", hosts(a.nodes));
        clock(a.clock, o);
        return {"clock", o.text()};
      case Verb::set_rule:
        o.put(a.on ? "on" : "off",
              quoted(a.kv_rule ? kv::rule_name(*a.kv_rule) : raft::rule_name(a.rule)));
        if (!a.nodes.empty()) o.put("nodes", hosts(a.nodes));
        return {"rule", o.text()};
      case Verb::write:
        o.put("key", quoted(a.key));
        o.put("value", quoted(a.value));
        asked(a, o);
        return {"write", o.text()};
      case Verb::read:
        o.put("key", quoted(a.key));
        if (a.mode == world::ReadKind::stale) o.put("mode", quoted("stale"));
        asked(a, o);
        return {"read", o.text()};
      case Verb::erase:
        o.put("key", quoted(a.key));
        asked(a, o);
        return {"erase", o.text()};
      case Verb::add:
      case Verb::remove:
      case Verb::promote:
        o.put("nodes", hosts(a.nodes));
        if (a.learner) o.put("learner", "true");
        if (a.joint) o.put("joint", "true");
        asked(a, o);
        return {a.verb == Verb::add      ? "add"
                : a.verb == Verb::remove ? "remove"
                                         : "promote",
                o.text()};
      case Verb::change:
        if (!a.nodes.empty()) o.put("add", hosts(a.nodes));
        if (!a.groups.empty() && !a.groups[0].empty()) o.put("remove", hosts(a.groups[0]));
        asked(a, o);
        return {"change", o.text()};
      case Verb::transfer:
        o.put("nodes", a.nodes.empty() ? quoted("?") : host(a.nodes[0]));
        asked(a, o);
        return {"transfer", o.text()};
      case Verb::drop_message:
      case Verb::duplicate_message:
      case Verb::delay_message:
        o.put("from", host(a.groups[0][0]));
        o.put("to", host(a.groups[1][0]));
        o.put("kind", quoted(raft::message_type_name(static_cast<raft::MessageType>(a.kind))));
        o.put("number", std::to_string(a.ordinal));
        if (a.verb == Verb::delay_message) o.put("by", time(a.duration));
        return {a.verb == Verb::drop_message        ? "drop"
                : a.verb == Verb::duplicate_message ? "duplicate"
                                                    : "delay",
                o.text()};
      case Verb::http: {
        const auto request = kv::decode_http_request(a.request);
        if (!request) break;
        o.put("method", quoted(request->method));
        o.put("path", quoted(request->target));
        if (!request->body.empty()) o.put("body", quoted(request->body));
        if (!request->content_type.empty()) o.put("content_type", quoted(request->content_type));
        if (!request->session.empty()) o.put("session", quoted(request->session));
        if (!a.on) o.put("follow", "false");
        asked(a, o);
        return {"http", o.text()};
      }
      case Verb::agent:
        return command(a);
    }
    return {"heal", "true"};
  }

  std::string step(const Happening& h) const {
    Object o;
    o.put("at", time(Duration{h.at.ns}));
    if (h.kind == Happening::Kind::stuck) {
      o.put("say", quoted("By now there should be a leader that takes writes."));
      o.put("expect", R"({"leader": "exists", "write": "accepted"})");
      return o.text();
    }
    if (h.kind == Happening::Kind::late) {
      o.put("say", quoted("By now what was asked for last should have been done."));
    }
    if (h.kind == Happening::Kind::act) {
      const auto [name, what] = verb(h.action);
      o.put(name, what);
    }
    return o.text();
  }

 private:
  const world::ClusterConfig& cluster_;
  std::vector<std::string> names_;
};

}  // namespace

std::string write_scenario(const world::ClusterConfig& cluster, std::uint64_t seed,
                           const std::vector<Happening>& happenings, std::string_view title) {
  const Writer writer(cluster);
  std::string out = "{\n";
  out += fmt::format("  \"name\": \"fuzz-{}\",\n", seed);
  out += "  \"title\": " + quoted(title.empty() ? "A run of a campaign" : title) + ",\n";
  out += fmt::format("  \"seed\": {},\n", seed);
  out += "  \"cluster\": " + writer.cluster() + ",\n";
  if (cluster.ignored_checkers != 0) out += "  \"always\": " + watched(cluster.ignored_checkers) + ",\n";
  out += "  \"timeline\": [\n";
  for (std::size_t i = 0; i < happenings.size(); ++i) {
    out += "    " + writer.step(happenings[i]) + (i + 1 < happenings.size() ? ",\n" : "\n");
  }
  return out + "  ]\n}\n";
}

}  // namespace quorumlab::chaos
