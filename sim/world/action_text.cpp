// Names of verbs as scenarios write them, and one line of plain words for each act. The words are kept
// in the trace beside the act; nothing reads them back.
#include "sim/world/action_text.h"

#include <array>

#include "core/gossip/key_ring.h"
#include "core/kv/http.h"
#include "sim/trace/words.h"

namespace quorumlab::world {
namespace {

constexpr std::array<std::string_view, kVerbCount> kNames = {
    "kill",         "crash",        "restart",
    "pause",        "resume",       "wipe",
    "partition",    "cut",          "heal",
    "link",         "clog",         "unclog",
    "disk",         "stall",        "rot",
    "clock",        "set_rule",     "write",
    "read",         "erase",        "add",
    "remove",       "promote",      "change",
    "transfer",     "drop_message", "duplicate_message",
    "delay_message", "serf",         "http",
    "block",         "unblock"};

std::string host_name(NodeId host, const std::vector<std::string>& names) {
  if (host.value >= 1 && host.value <= names.size()) return names[host.value - 1];
  if (host.value == 0) return "nobody";
  return "c" + std::to_string(host.value - names.size());
}

void add_list(std::string& out, const std::vector<NodeId>& hosts,
              const std::vector<std::string>& names) {
  for (const NodeId host : hosts) out += ' ' + host_name(host, names);
}

std::string list(const std::vector<NodeId>& hosts, const std::vector<std::string>& names) {
  std::string out;
  add_list(out, hosts, names);
  return out;
}

// As somebody would type it; 2379 or 4001, the port says nothing here.
std::string curl_text(const Action& action, const std::vector<std::string>& names) {
  const auto request = kv::decode_http_request(action.request);
  if (!request) return "an unreadable request";
  std::string out = action.on ? "curl -L " : "curl ";
  if (request->method == "HEAD") {
    out += "-I ";
  } else if (request->method != "GET") {
    out += "-X " + std::string(request->method) + ' ';
  }
  out += "http://" + (action.to ? host_name(action.to, names) : std::string("etcd"));
  out += request->target.find('?') == std::string_view::npos ? std::string(request->target)
                                                             : "'" + std::string(request->target) + "'";
  if (!request->body.empty()) out += " -d " + std::string(request->body);
  return out;
}

// As somebody would type it.
std::string command_text(const AgentCommand& command, const std::vector<std::string>& names) {
  using Kind = AgentCommand::Kind;
  const std::string payload = command.payload.empty() ? "" : ' ' + command.payload;
  switch (command.kind) {
    case Kind::join:
      return "serf join" + std::string(command.flag ? " -replay" : "") + list(command.hosts, names);
    case Kind::leave:
      return "serf leave";
    case Kind::force_leave:
      return "serf force-leave " + std::string(command.flag ? "-prune " : "") + command.name;
    case Kind::set_tags: {
      std::string out = "serf tags";
      for (const auto& [name, value] : command.tags) out += " -set " + name + '=' + value;
      for (const std::string& name : command.names) out += " -delete " + name;
      return out;
    }
    case Kind::event:
      return "serf event " + std::string(command.flag ? "" : "-coalesce=false ") + command.name + payload;
    case Kind::query: {
      std::string out = "serf query ";
      for (const std::string& name : command.names) out += "-node=" + name + ' ';
      for (const auto& [name, value] : command.tags) out += "-tag " + name + '=' + value + ' ';
      return out + command.name + payload;
    }
    case Kind::key: {
      static constexpr std::array<const char*, 4> kDo = {"-install", "-use", "-remove", "-list"};
      Bytes key;
      if ((command.number & 3) != 3) gossip::append_base64(as_bytes(command.payload), key);
      return std::string("serf keys ") + kDo[command.number & 3] + (key.empty() ? "" : "=") + std::string(as_text(key));
    }
    case Kind::members:
      return "serf members";
    case Kind::on_query:
      return "(handler answers " + command.name + " with" + payload + ")";
  }
  return "serf";
}

}  // namespace

std::string_view verb_name(Verb verb) { return kNames[static_cast<std::size_t>(verb)]; }

std::string action_text(const Action& action, const std::vector<std::string>& names) {
  std::string out(verb_name(action.verb));
  if (action.verb == Verb::agent) {
    return trace::printable(command_text(action.agent, names)) + " on" + list(action.nodes, names);
  }
  if (action.verb == Verb::http) return curl_text(action, names);
  add_list(out, action.nodes, names);
  const bool directed = action.verb != Verb::partition && action.verb != Verb::heal;
  for (std::size_t i = 0; i < action.groups.size(); ++i) {
    if (i != 0) out += directed ? " ->" : " |";
    add_list(out, action.groups[i], names);
  }
  switch (action.verb) {
    case Verb::write:
      out += ' ' + action.key + " = " + action.value;
      break;
    case Verb::read:
      out += ' ' + action.key + (action.mode == ReadKind::stale ? " (stale)" : "");
      break;
    case Verb::erase:
      out += ' ' + action.key;
      break;
    case Verb::set_rule:
      out += ' ' +
             std::string(action.kv_rule       ? kv::rule_name(*action.kv_rule)
                         : action.gossip_rule ? gossip::rule_name(*action.gossip_rule)
                                              : raft::rule_name(action.rule)) +
             (action.on ? " on" : " off");
      break;
    case Verb::stall:
      out += " for " + std::to_string(action.duration.ns / 1'000'000) + " ms";
      break;
    case Verb::rot:
      out += ' ' + std::to_string(action.count) + (action.count == 1 ? " bit" : " bits") +
             " of file " + std::to_string(action.file);
      break;
    case Verb::add:
      if (action.learner) out += " as learner";
      break;
    case Verb::drop_message:
    case Verb::duplicate_message:
    case Verb::delay_message:
      out += " kind " + std::to_string(action.kind) + " number " + std::to_string(action.ordinal);
      break;
    default:
      break;
  }
  if (action.to) out += " at " + host_name(action.to, names);
  return out;
}

}  // namespace quorumlab::world
