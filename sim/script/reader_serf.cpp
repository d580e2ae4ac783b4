// What a scenario says about serf: settings of agents, commands to them, conditions on their views.
#include "core/gossip/key_ring.h"
#include "core/gossip/ranges.h"
#include "core/gossip/regexp.h"
#include "sim/script/loader.h"
#include "sim/script/reader.h"
#include "sim/script/serf_fields.h"

namespace quorumlab::script {

gossip::Tags Reader::tags(const Json& json) const {
  gossip::Tags out;
  for (const auto& [name, value] : json.members) out.emplace_back(name, scalar(value));
  std::sort(out.begin(), out.end());
  return out;
}

void Reader::serf(const Json& json, const std::string& path) {
  gossip::Config& config = out_.cluster.node.gossip;
  std::string word = "lan";
  read(&json, "profile", word);
  config = word == "wan"     ? gossip::Config::wan()
           : word == "local" ? gossip::Config::local()
                             : gossip::Config::lan();
  word = "memberlist";
  read(&json, "lifeguard", word);
  config.lifeguard = word == "paper" ? gossip::Lifeguard::paper
                     : word == "off" ? gossip::Lifeguard::off
                                     : gossip::Lifeguard::memberlist;
  word = "start_time";
  read(&json, "phases", word);
  config.phases = word == "staggered" ? gossip::Phases::staggered : gossip::Phases::start_time;
  for (const SerfDuration& d : kSerfDurations) read(&json, d.name, config.*d.field);
  for (const SerfNumber& n : kSerfNumbers) read_integer(&json, n.name, config.*n.field);
  for (const SerfFlag& f : kSerfFlags) read(&json, f.name, config.*f.field);
  read(&json, "label", config.label);
  if (const Json* given = member(&json, "tags", Json::Kind::object)) config.tags = tags(*given);
  if (const Json* given = member(&json, "tags_of", Json::Kind::object)) {
    std::vector<gossip::Tags>& all = out_.cluster.tags;
    all.assign(out_.cluster.names.size(), config.tags);
    for (const auto& [name, value] : given->members) {
      const NodeId id = host(name, value.line, path + ".tags_of." + name, true);
      if (id && id.value <= all.size()) all[id.value - 1] = tags(value);
    }
  }
  if (const Json* given = member(&json, "names", Json::Kind::object)) {
    out_.cluster.agent_names.assign(out_.cluster.names.size(), {});
    for (const auto& [name, value] : given->members) {
      const NodeId id = host(name, value.line, path + ".names." + name, true);
      if (id && id.value <= out_.cluster.agent_names.size()) out_.cluster.agent_names[id.value - 1] = value.text;
    }
  }
  if (const Json* join = json.find("start_join")) {
    for (const Selector& s : agents(*join, path + ".start_join")) {
      if (s.kind == Selector::Kind::node && s.node) {
        config.start_join.push_back(s.node);
      } else if (s.kind != Selector::Kind::node) {
        problems_.add(join->line, path + ".start_join", "only names of nodes can stand here");
      }
    }
  }
  if (const Json* keys = member(&json, "keys", Json::Kind::list)) {
    for (const Json& key : keys->items) {
      const auto bytes = gossip::from_base64(key.text);
      if (bytes && (bytes->size() == 16 || bytes->size() == 24 || bytes->size() == 32)) {
        config.keys.push_back(*bytes);
      } else {
        problems_.add(key.line, path + ".keys", "expected 16, 24 or 32 bytes in base64, got \"" + key.text + "\"");
      }
    }
  }
  if (const Json* off = json.find("rules_off")) {
    const Rules list = rules(*off);
    for (const gossip::Rule rule : list.gossip) config.rules.set(rule, false);
    if (!list.raft.empty()) {
      problems_.add(off->line, path + ".rules_off",
                    "\"" + std::string(raft::rule_name(list.raft.front())) + "\" is a rule of Raft: it belongs into cluster.raft");
    }
  }
  gossip::Config copy = config;
  copy.id = NodeId{1};
  copy.name = "n1";
  for (const Error& wrong : gossip::problems(copy)) {
    const Json* at = json.find(wrong.where);
    // What the file says of a number was checked by its type, and keys were read above.
    if (at != nullptr && at->is(Json::Kind::number)) continue;
    if (wrong.where == "keyring_file" && json.find("keys") != nullptr) continue;
    problems_.add(at == nullptr ? json.line : at->line, path + "." + wrong.where, wrong.what);
  }
}

void Reader::expect_agents(int line, const std::string& path) {
  if (!out_.cluster.node.run_gossip) problems_.add(line, path, "no serf agent runs here: the cluster needs \"serf\"");
}

Targets Reader::agents(const Json& json, const std::string& path) {
  Targets out = targets(json, path);
  const std::size_t servers = out_.cluster.names.size();
  for (const Selector& s : out) {
    if (s.kind == Selector::Kind::clients) problems_.add(json.line, path, "no agent runs on clients, only on nodes");
    if (s.kind != Selector::Kind::node || s.node.value <= servers) continue;
    problems_.add(json.line, path, "no agent runs on \"" + hosts_[s.node.value - 1] + "\", only on nodes");
  }
  return out;
}

bool Reader::agent_act(const std::string& verb, const Json& json, const std::string& path, Act& out) {
  using Kind = AgentCommand::Kind;
  static constexpr std::pair<const char*, Kind> kCommands[] = {
      {"join", Kind::join},   {"leave", Kind::leave}, {"force_leave", Kind::force_leave},
      {"tags", Kind::set_tags}, {"event", Kind::event}, {"query", Kind::query},
      {"key", Kind::key},     {"on_query", Kind::on_query}};
  const auto at = std::find_if(std::begin(kCommands), std::end(kCommands),
                               [&](const auto& c) { return verb == c.first; });
  if (at == std::end(kCommands)) return false;
  out.verb = out.action.verb = world::Verb::agent;
  AgentCommand& command = out.action.agent;
  command.kind = at->second;
  expect_agents(json.line, path);
  if (command.kind == Kind::leave) {
    out.nodes = agents(json, path);
    return true;
  }
  if (const Json* by = json.find("by")) out.nodes = agents(*by, path + ".by");
  read(&json, "name", command.name);
  read(&json, "payload", command.payload);
  switch (command.kind) {
    case Kind::join:
      if (const Json* to = json.find("to")) out.hosts = agents(*to, path + ".to");
      read(&json, "replay", command.flag);
      break;
    case Kind::force_leave:
      read(&json, "member", command.name);
      read(&json, "prune", command.flag);
      break;
    case Kind::set_tags:
      if (const Json* set = member(&json, "set", Json::Kind::object)) command.tags = tags(*set);
      if (const Json* gone = member(&json, "delete", Json::Kind::list)) {
        for (const Json& name : gone->items) command.names.push_back(name.text);
      }
      break;
    case Kind::event:
      command.flag = true;
      read(&json, "coalesce", command.flag);
      break;
    case Kind::query:
      command.flag = true;
      read(&json, "ack", command.flag);
      read_integer(&json, "relay", command.number);
      read(&json, "timeout", command.timeout);
      if (const Json* nodes = member(&json, "nodes", Json::Kind::list)) {
        for (const Json& name : nodes->items) {
          if (host(name.text, name.line, path + ".nodes", true)) command.names.push_back(name.text);
        }
      }
      if (const Json* filter = member(&json, "tags", Json::Kind::object)) {
        command.tags = tags(*filter);
        for (const auto& [name, value] : filter->members) {
          if (gossip::Regexp compiled; !compiled.compile(scalar(value))) {
            problems_.add(value.line, path + ".tags." + name,
                          "\"" + scalar(value) + "\" is no regular expression that can be read: nobody would answer");
          }
        }
      }
      break;
    case Kind::key: {
      std::string what, key;
      read(&json, "do", what);
      read(&json, "key", key);
      command.number = what == "install" ? 0 : what == "use" ? 1 : what == "remove" ? 2 : 3;
      const auto bytes = gossip::from_base64(key);
      if (!bytes || (command.number != 3 && bytes->size() != 16 && bytes->size() != 24 && bytes->size() != 32)) {
        problems_.add(json.line, path + ".key", "expected 16, 24 or 32 bytes in base64");
      } else {
        command.payload.assign(bytes->begin(), bytes->end());
      }
      break;
    }
    case Kind::leave:
    case Kind::on_query:
    case Kind::members: break;
  }
  return true;
}

void Reader::know_events(const Json& file) {
  // Programs have events of their own.
  if (!out_.cluster.apps.empty()) return;
  events_.emplace();
  for (const char* list : {"timeline", "meanwhile"}) {
    const Json* steps = file.find(list);
    if (steps == nullptr) continue;
    for (const Json& step : steps->items) {
      for (const char* verb : {"event", "query"}) {
        if (const Json* name = member(step.find(verb), "name", Json::Kind::text)) events_->push_back(name->text);
      }
    }
  }
}

// Of what a condition waits for. A misspelt kind would be waited for in vain, as a user event that nobody gives.
void Reader::event_name(const Json& json, const std::string& path) {
  using gossip::EventKind;
  std::vector<std::string> known;
  for (const EventKind kind : {EventKind::member_join, EventKind::member_leave, EventKind::member_failed,
                               EventKind::member_update, EventKind::member_reap}) {
    known.emplace_back(gossip::event_name(kind));
  }
  if (events_) known.insert(known.end(), events_->begin(), events_->end());
  if (json.text.empty() || std::find(known.begin(), known.end(), json.text) != known.end()) return;
  const std::string near = nearest(json.text, known);
  if (!near.empty()) {
    problems_.add(json.line, path, "unknown event \"" + json.text + "\"; did you mean \"" + near + "\"?");
  } else if (events_) {
    problems_.add(json.line, path, "unknown event \"" + json.text + "\": no step gives an event or query of this name");
  }
}

bool Reader::serf_condition(const std::string& key, const Json& json, const std::string& path, Condition c,
                            Conditions& out) {
  using Kind = Condition::Kind;
  static constexpr std::pair<const char*, gossip::Status> kStatus[] = {{"alive", gossip::Status::alive},
                                                                        {"leaving", gossip::Status::leaving},
                                                                        {"left", gossip::Status::left},
                                                                        {"failed", gossip::Status::failed},
                                                                        {"unknown", gossip::Status::none}};
  c.operation = Condition::Operation::command;
  const auto put = [&](Kind kind) {
    c.kind = kind;
    out.push_back(c);
    return true;
  };
  if (key == "acks" || key == "responses") {
    bounds(json, path, c);
    return put(key == "acks" ? Kind::acks : Kind::responses);
  }
  if (key == "seen") {
    if (const Json* whom = json.find("members")) c.whom = agents(*whom, path + ".members");
    if (const Json* by = json.find("by")) c.who = agents(*by, path + ".by");
    std::string as;
    read(&json, "as", as);
    for (const auto& [word, status] : kStatus) {
      if (as == word) c.status = status;
    }
    return put(Kind::seen);
  }
  if (key == "sees") {
    std::string whose = "everybody sees ";
    if (const Json* by = json.find("by")) {
      c.who = agents(*by, path + ".by");
      if (by->text != "@all" && !by->text.empty()) whose = by->text + " sees ";
      if (by->is(Json::Kind::list)) {
        whose.clear();
        for (const Json& one : by->items) whose += (whose.empty() ? "" : ", ") + one.text;
        whose += by->items.size() == 1 ? " sees " : " see ";
      }
    }
    for (const auto& [word, status] : kStatus) {
      const Json* number = json.find(word);
      if (number == nullptr) continue;
      c.least = 0;
      c.most = UINT64_MAX;
      c.status = status;
      bounds(*number, path + "." + word, c);
      c.words = whose + (number->is(Json::Kind::number) ? number->text : "the right number") + " " + word;
      put(Kind::sees);
    }
    return true;
  }
  if (key == "delivered") {
    read(&json, "event", c.key);
    if (const Json* event = member(&json, "event", Json::Kind::text)) event_name(*event, path + ".event");
    if (const Json* to = json.find("to")) c.who = agents(*to, path + ".to");
    c.least = 1;
    if (const Json* times = json.find("times")) {
      c.least = 0;
      bounds(*times, path + ".times", c);
    }
    return put(Kind::delivered);
  }
  if (key == "coordinates") {
    if (const Json* from = json.find("from")) c.who = agents(*from, path + ".from");
    if (const Json* to = json.find("to")) c.whom = agents(*to, path + ".to");
    Duration least, most{INT64_MAX};
    read(&json, "at_least", least);
    read(&json, "at_most", most);
    if (least > most) problems_.add(json.line, path, "at_least is above at_most: it can never hold");
    c.least = static_cast<std::uint64_t>(least.ns);
    c.most = static_cast<std::uint64_t>(most.ns);
    return put(Kind::coordinates);
  }
  return false;
}

}  // namespace quorumlab::script
