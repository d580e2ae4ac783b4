// One verb for each kind of deed.
#include "viz/session/deeds.h"

#include <algorithm>

#include "core/gossip/message.h"
#include "core/raft/message.h"
#include "sim/script/quantity.h"

namespace quorumlab::viz {
namespace {

using script::Json;
using trace::Record;
using trace::WorldFact;

Json text(std::string value) { return Json::of_text(std::move(value)); }

Json number(std::uint64_t value) {
  Json out;
  out.kind = Json::Kind::number;
  out.text = std::to_string(value);
  return out;
}

Json yes() {
  Json out;
  out.kind = Json::Kind::boolean;
  out.truth = true;
  return out;
}

Json object() {
  Json out;
  out.kind = Json::Kind::object;
  return out;
}

void put(Json& to, const char* key, Json value) { to.members.emplace_back(key, std::move(value)); }

Json hosts(const std::vector<std::uint32_t>& ids, const Recording& recording) {
  Json out;
  out.kind = Json::Kind::list;
  for (const std::uint32_t id : ids) out.items.push_back(text(recording.names[id - 1]));
  return out.items.size() == 1 ? out.items[0] : out;
}

Json group(const std::vector<std::uint32_t>& ids, const Recording& recording) {
  Json out = hosts(ids, recording);
  if (out.is(Json::Kind::list)) return out;
  Json list;
  list.kind = Json::Kind::list;
  list.items.push_back(std::move(out));
  return list;
}

Json at(std::int64_t time_ns) {
  Json out = object();
  put(out, "at", text(script::to_text(Duration{time_ns})));
  return out;
}

// As scenario files name it; empty if they do not.
std::string kind_of(std::uint32_t kind) {
  if (kind >= 1 && kind < static_cast<std::uint32_t>(raft::kMessageTypeCount)) {
    return raft::message_type_name(static_cast<raft::MessageType>(kind));
  }
  if (kind < 128 || kind > 255) return "";
  using gossip::MessageType;
  if (kind == static_cast<std::uint32_t>(MessageType::has_label)) return "label";
  const auto type = static_cast<MessageType>(kind - 128);
  if (type == MessageType::push_pull || type == MessageType::encrypt || type > MessageType::has_crc) return "";
  std::string name = gossip::message_type_name(type);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// When the packet of this sending arrived; 0: it did not, as far as the trace goes.
std::int64_t arrival_of(const Recording& recording, trace::RecordId sent) {
  for (trace::RecordId id = sent + 1; id <= recording.trace.size(); ++id) {
    const Record& r = recording.trace[id];
    if (r.cause == sent && r.is(WorldFact::packet_delivered)) return r.time_ns;
    if (r.cause == sent && r.is(WorldFact::packet_dropped)) return 0;
  }
  return 0;
}

// How much later it must arrive to come behind the next one on its way.
std::optional<Duration> overtaken_by(const Recording& recording, trace::RecordId id) {
  const Record& first = recording.trace[id];
  const std::int64_t arrived = arrival_of(recording, id);
  if (arrived == 0) return std::nullopt;
  for (trace::RecordId next = id + 1; next <= recording.trace.size(); ++next) {
    const Record& r = recording.trace[next];
    if (!r.is(WorldFact::packet_sent) || r.node != first.node || r.peer != first.peer) continue;
    const std::int64_t other = arrival_of(recording, next);
    if (other > arrived) return Duration{other - arrived + 1'000};
  }
  return std::nullopt;
}

std::string trimmed(std::string_view part) {
  const std::size_t begin = part.find_first_not_of(' ');
  if (begin == std::string_view::npos) return "";
  return std::string(part.substr(begin, part.find_last_not_of(' ') - begin + 1));
}

std::optional<Done> of_message(const Deed& deed, const Recording& recording, std::string& why_not) {
  using Kind = Deed::Kind;
  if (deed.packet == 0 || deed.packet > recording.trace.size()) {
    why_not = "there is no such message";
    return std::nullopt;
  }
  trace::RecordId id = deed.packet;
  if (recording.trace[id].is(WorldFact::packet_duplicated)) id = recording.trace[id].cause;
  const Record& sent = recording.trace[id];
  const std::string kind = kind_of(sent.extra);
  if (kind.empty()) {
    why_not = "messages of this kind have no names";
    return std::nullopt;
  }
  if (sent.time_ns < 1) {
    why_not = "it was sent as the run began, and nothing can be done before that";
    return std::nullopt;
  }
  Json named = object();
  put(named, "from", text(recording.names[sent.node - 1]));
  put(named, "to", text(recording.names[sent.peer - 1]));
  put(named, "kind", text(kind));
  put(named, "number", number(sent.a));
  if (deed.kind == Kind::delay) {
    const auto by = script::parse_duration(deed.text);
    if (!by) {
      why_not = "\"" + deed.text + "\" is no duration like \"100ms\"";
      return std::nullopt;
    }
    put(named, "by", text(script::to_text(*by)));
  } else if (deed.kind == Kind::reorder) {
    const auto by = overtaken_by(recording, id);
    if (!by) {
      why_not = "nothing that is sent later this way arrives after it";
      return std::nullopt;
    }
    put(named, "by", text(script::to_text(*by)));
  }
  // The world knows a message by its name only as it leaves.
  Done out{sent.time_ns - 1, at(sent.time_ns - 1)};
  put(out.entry, deed.kind == Kind::drop ? "drop" : deed.kind == Kind::duplicate ? "duplicate" : "delay", std::move(named));
  return out;
}

bool write_of(const Deed& deed, const Recording& recording, const script::Scenario& scenario, Json& entry, std::string& why_not) {
  const std::size_t equals = deed.text.find('=');
  const std::string key = trimmed(std::string_view(deed.text).substr(0, equals));
  if (equals == std::string::npos || key.empty()) {
    why_not = "a write is a key and a value: x = 1";
    return false;
  }
  const std::string value = trimmed(std::string_view(deed.text).substr(equals + 1));
  Json write = object();
  if (scenario.cluster.node.run_kv) {
    put(write, "method", text("PUT"));
    put(write, "path", text("/v2/keys/" + key));
    put(write, "body", text("value=" + value));
  } else {
    put(write, "key", text(key));
    put(write, "value", text(value));
  }
  if (!deed.hosts.empty()) put(write, "client", text(recording.names[deed.hosts[0] - 1]));
  put(entry, scenario.cluster.node.run_kv ? "http" : "write", std::move(write));
  return true;
}

}  // namespace

Json look_on(std::int64_t time_ns) { return at(time_ns); }

std::optional<Done> as_entry(const Deed& deed, std::int64_t time_ns, const Recording& recording,
                             const script::Scenario& scenario, std::string& why_not) {
  using Kind = Deed::Kind;
  Done out{time_ns, at(time_ns)};
  const auto known = [&](std::uint32_t host) { return host >= 1 && host <= recording.names.size(); };
  if (!std::all_of(deed.hosts.begin(), deed.hosts.end(), known) || !std::all_of(deed.others.begin(), deed.others.end(), known)) {
    why_not = "there is no such host";
    return std::nullopt;
  }
  const auto process = [&](const char* verb) {
    if (deed.hosts.empty()) {
      why_not = "nobody is chosen";
      return false;
    }
    for (const std::uint32_t host : deed.hosts) {
      if (recording.kinds[host - 1] != Host::Kind::client) continue;
      why_not = recording.titles[host - 1] + " only asks, and has no process to " + verb;
      return false;
    }
    put(out.entry, verb, hosts(deed.hosts, recording));
    return true;
  };
  bool good = true;
  switch (deed.kind) {
    case Kind::crash: good = process("crash"); break;
    case Kind::kill: good = process("kill"); break;
    case Kind::restart: good = process("restart"); break;
    case Kind::pause: good = process("pause"); break;
    case Kind::resume: good = process("resume"); break;
    case Kind::wipe: good = process("wipe"); break;
    case Kind::partition: {
      if (deed.hosts.empty() || deed.others.empty()) {
        why_not = "a partition has hosts on both sides";
        return std::nullopt;
      }
      Json sides;
      sides.kind = Json::Kind::list;
      sides.items = {group(deed.hosts, recording), group(deed.others, recording)};
      put(out.entry, "partition", std::move(sides));
      break;
    }
    case Kind::cut: {
      if (deed.hosts.empty() || deed.others.empty()) {
        why_not = "a cut is from somebody to somebody";
        return std::nullopt;
      }
      Json way = object();
      put(way, "from", hosts(deed.hosts, recording));
      put(way, "to", hosts(deed.others, recording));
      put(out.entry, "cut", std::move(way));
      break;
    }
    case Kind::heal: put(out.entry, "heal", yes()); break;
    case Kind::drop:
    case Kind::duplicate:
    case Kind::delay:
    case Kind::reorder: return of_message(deed, recording, why_not);
    case Kind::write: good = write_of(deed, recording, scenario, out.entry, why_not); break;
    case Kind::rule_off:
    case Kind::rule_on: {
      Json rule = object();
      put(rule, deed.kind == Kind::rule_off ? "off" : "on", text(deed.text));
      put(out.entry, "rule", std::move(rule));
      break;
    }
    case Kind::setting:
    case Kind::run_on:
    case Kind::none: good = false; break;
  }
  if (!good) return std::nullopt;
  return out;
}

}  // namespace quorumlab::viz
