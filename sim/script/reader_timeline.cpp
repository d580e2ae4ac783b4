// The timeline of a scenario: triggers, verbs and whom they mean.
#include <algorithm>

#include "core/base/assert.h"
#include "core/gossip/message.h"
#include "sim/script/loader.h"
#include "sim/script/reader.h"
#include "sim/script/type.h"
#include "sim/script/verbs.h"

namespace quorumlab::script {
namespace {

using world::Verb;

struct VerbName {
  const char* name;
  Verb verb;
};
constexpr VerbName kVerbs[] = {
    {"kill", Verb::kill}, {"crash", Verb::crash}, {"restart", Verb::restart}, {"pause", Verb::pause},
    {"resume", Verb::resume}, {"block", Verb::block}, {"unblock", Verb::unblock}, {"wipe", Verb::wipe}, {"partition", Verb::partition}, {"cut", Verb::cut},
    {"heal", Verb::heal}, {"link", Verb::link}, {"clog", Verb::clog}, {"unclog", Verb::unclog},
    {"disk", Verb::disk}, {"stall", Verb::stall}, {"rot", Verb::rot}, {"clock", Verb::clock},
    {"rule", Verb::set_rule}, {"write", Verb::write}, {"load", Verb::write}, {"read", Verb::read}, {"erase", Verb::erase},
    {"add", Verb::add}, {"remove", Verb::remove}, {"promote", Verb::promote}, {"change", Verb::change},
    {"transfer", Verb::transfer}, {"drop", Verb::drop_message}, {"duplicate", Verb::duplicate_message},
    {"delay", Verb::delay_message}};
// "load" is a write as well, and the commands to agents have names of their own (reader_serf.cpp), as has
// a request over HTTP (reader_etcd.cpp).
static_assert(std::size(kVerbs) + 1 == world::kVerbCount, "every verb of the world has a name in files");

// The number by which the world knows messages of this name; 0 if there is none.
std::uint8_t message_kind(const std::string& name) {
  // The registry's words are Raft's in the order of the wire format, then those of gossip.
  using gossip::MessageType;
  static constexpr MessageType kGossip[] = {
      MessageType::ping, MessageType::indirect_ping, MessageType::ack,      MessageType::suspect,
      MessageType::alive, MessageType::dead,         MessageType::compound, MessageType::user,
      MessageType::compress, MessageType::nack,      MessageType::has_crc,  MessageType::has_label};
  constexpr std::size_t kRaft = raft::kMessageTypeCount - 1;
  const auto& words = registry().step->find("drop")->type->find("kind")->type->choices;
  ASSERT(words.size() == kRaft + std::size(kGossip), "every kind has a word");
  const auto at = static_cast<std::size_t>(std::find(words.begin(), words.end(), name) - words.begin());
  if (at == words.size()) return 0;
  if (at < kRaft) return static_cast<std::uint8_t>(at + 1);
  constexpr std::uint8_t kGossipPort = 0x80;
  return static_cast<std::uint8_t>(kGossipPort | static_cast<std::uint8_t>(kGossip[at - kRaft]));
}

std::vector<std::string> selector_words(const std::vector<std::string>& aliases) {
  std::vector<std::string> words;
  for (const Field& s : registry().selectors) words.push_back("@" + s.name);
  for (const std::string& alias : aliases) words.push_back("@" + alias);
  return words;
}

}  // namespace

NodeId Reader::host(const std::string& name, int line, const std::string& path, bool server_only) {
  if (hosts_.empty()) return kNobody;
  const std::size_t servers = out_.cluster.names.size();
  const std::size_t end = server_only ? servers : hosts_.size();
  for (std::size_t i = 0; i < end; ++i) {
    if (hosts_[i] == name) return NodeId{static_cast<std::uint32_t>(i + 1)};
  }
  if (!is_label(name)) return kNobody;
  const std::vector<std::string> known(hosts_.begin(), hosts_.begin() + static_cast<std::ptrdiff_t>(end));
  const std::string near = nearest(name, known);
  std::string what = "there is no node \"" + name + "\"";
  if (!near.empty()) {
    what += "; did you mean \"" + near + "\"?";
  } else if (known.size() <= 16) {
    what += "; there are";
    for (const std::string& k : known) what += " " + k;
  }
  problems_.add(line, path, what);
  return kNobody;
}

std::optional<Selector> Reader::selector(const Json& json, const std::string& path) {
  if (!json.is(Json::Kind::text) || json.text.empty()) return std::nullopt;
  Selector out;
  if (json.text[0] != '@') {
    out.node = host(json.text, json.line, path);
    return out;
  }
  const std::string word = json.text.substr(1);
  if (const auto kind = find_selector(word)) {
    out.kind = *kind;
    using Kind = Selector::Kind;
    const bool by_role = *kind == Kind::leader || *kind == Kind::follower || *kind == Kind::followers || *kind == Kind::candidate;
    if (by_role) expect_raft(json.line, path);
    return out;
  }
  for (std::size_t i = 0; i < out_.aliases.size(); ++i) {
    if (out_.aliases[i] != word) continue;
    out.kind = Selector::Kind::alias;
    out.alias = static_cast<std::uint32_t>(i);
    return out;
  }
  if (is_label(word)) {
    const std::string near = nearest(json.text, selector_words(out_.aliases));
    problems_.add(json.line, path,
                  "unknown selector \"" + json.text + "\"" +
                      (near.empty() ? "; an alias must be given by \"as\" in an earlier step"
                                    : "; did you mean \"" + near + "\"?"));
  }
  return std::nullopt;
}

Targets Reader::targets(const Json& json, const std::string& path) {
  Targets out;
  const auto one = [&](const Json& item, const std::string& where) {
    const auto s = selector(item, where);
    if (!s) return;
    if (s->kind == Selector::Kind::node && s->node && std::find(out.begin(), out.end(), *s) != out.end()) {
      problems_.add(item.line, where, "\"" + item.text + "\" is named twice");
      return;
    }
    out.push_back(*s);
  };
  one(json, path);
  for (std::size_t i = 0; i < json.items.size(); ++i) one(json.items[i], path + "[" + std::to_string(i) + "]");
  return out;
}

std::vector<Targets> Reader::groups(const Json& json, const std::string& path) {
  std::vector<Targets> out;
  std::vector<Selector> seen;
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    const std::string where = path + "[" + std::to_string(i) + "]";
    out.push_back(targets(json.items[i], where));
    for (const Selector& s : out.back()) {
      if (s.kind == Selector::Kind::node && s.node && std::find(seen.begin(), seen.end(), s) != seen.end()) {
        problems_.add(json.items[i].line, where,
                      "\"" + hosts_[s.node.value - 1] + "\" stands in two groups");
      }
      seen.push_back(s);
    }
  }
  return out;
}

void Reader::partition(const Json& json, const std::string& path, Act& out) {
  using Shape = Act::Shape;
  if (json.is(Json::Kind::list)) {
    out.shape = Shape::groups;
    out.groups = groups(json, path);
  } else if (const Json* list = json.find("groups")) {
    out.shape = Shape::groups;
    out.groups = groups(*list, path + ".groups");
  } else if (const Json* isolate = json.find("isolate")) {
    out.shape = Shape::isolate;
    out.nodes = targets(*isolate, path + ".isolate");
  } else if (const Json* bridge = json.find("bridge")) {
    out.shape = Shape::bridge;
    out.nodes = targets(*bridge, path + ".bridge");
  } else if (json.find("ring") != nullptr) {
    out.shape = Shape::ring;
  } else if (json.find("halves") != nullptr) {
    out.shape = Shape::halves;
  } else if (const Json* way = json.find("one_way")) {
    out.shape = Shape::one_way;
    for (const char* key : {"from", "to"}) {
      const Json* side = way->find(key);
      out.groups.push_back(side == nullptr ? Targets{} : targets(*side, path + ".one_way." + key));
    }
  }
  if (out.shape == Shape::groups && out.groups.size() == 1) {
    problems_.add(json.line, path, "one group is no partition: name at least two");
  }
}

void Reader::operation(const Json& json, const std::string& path, Act& out) {
  read(&json, "within", out.action.timeout);
  if (const Json* within = json.find("within"); within != nullptr && out.action.timeout.ns == 0 &&
                                                within->is(Json::Kind::text) && parse_duration(within->text)) {
    problems_.add(within->line, path + ".within", "must be above zero");
  }
  if (const Json* to = json.find("to")) out.to = targets(*to, path + ".to");
  if (const Json* client = member(&json, "client", Json::Kind::text)) {
    const NodeId id = host(client->text, client->line, path + ".client");
    if (id && id.value <= out_.cluster.names.size()) {
      problems_.add(client->line, path + ".client", "\"" + client->text + "\" is a node, not a client; clients are c1, c2, ...");
    } else {
      out.action.client = id;
    }
  }
}

void Reader::expect_raft(int line, const std::string& path) {
  if (out_.cluster.node.run_raft || !out_.cluster.foreign_name.empty()) return;
  problems_.add(line, path, "no Raft runs here: the cluster needs \"raft\" beside \"serf\"");
}

void Reader::act(const std::string& verb, const Json& json, const std::string& path, Act& out) {
  if (agent_act(verb, json, path, out) || http_act(verb, json, path, out)) return;
  for (const VerbName& v : kVerbs) {
    if (verb == v.name) out.verb = v.verb;
  }
  out.action.verb = out.verb;
  out.load = verb == "load";
  const auto nodes_of = [&](const Json& j) {
    if (const Json* nodes = j.find("nodes")) out.nodes = targets(*nodes, path + ".nodes");
  };
  const auto ways = [&] {
    for (const char* key : {"from", "to"}) {
      const Json* side = json.find(key);
      out.groups.push_back(side == nullptr ? Targets{} : targets(*side, path + "." + key));
    }
    read(&json, "both", out.both);
  };
  if (!out_.cluster.foreign_name.empty()) {
    for (const Verb engines : {Verb::add, Verb::remove, Verb::promote, Verb::change, Verb::transfer, Verb::set_rule}) {
      if (out.verb == engines) problems_.add(json.line, path, "is for Raft; a protocol of one's own runs here");
    }
  }
  if (is_operation(out.verb)) expect_raft(json.line, path);
  switch (out.verb) {
    case Verb::kill:
    case Verb::crash:
    case Verb::restart:
    case Verb::pause:
    case Verb::resume:
    case Verb::block:
    case Verb::unblock:
    case Verb::wipe: out.nodes = targets(json, path); break;
    case Verb::partition: partition(json, path, out); break;
    case Verb::heal:
      if (json.is(Json::Kind::list)) out.groups = groups(json, path);
      break;
    case Verb::cut: ways(); break;
    case Verb::link:
      ways();
      out.action.link = out_.cluster.link;
      link(json, path, out.action.link);
      break;
    case Verb::clog:
    case Verb::unclog: ways(); break;
    case Verb::disk:
      nodes_of(json);
      out.action.disk = out_.cluster.disk;
      disk(json, path, out.action.disk);
      break;
    case Verb::stall:
      nodes_of(json);
      read(&json, "for", out.action.duration);
      break;
    case Verb::rot: {
      nodes_of(json);
      std::string file;
      read(&json, "file", file);
      out.action.file = static_cast<std::uint8_t>(file == "snapshot"  ? FileId::snapshot
                                                  : file == "session" ? FileId::session
                                                  : file == "keyring" ? FileId::keyring
                                                                      : FileId::log);
      read_integer(&json, "bits", out.action.count);
      break;
    }
    case Verb::clock:
      nodes_of(json);
      clock(json, out.action.clock);
      break;
    case Verb::set_rule:
      nodes_of(json);
      out.action.on = json.find("on") != nullptr;
      if (const Json* list = json.find(out.action.on ? "on" : "off")) {
        Rules named = rules(*list);
        out.rules = std::move(named.raft);
        out.gossip_rules = std::move(named.gossip);
        out.kv_rules = std::move(named.kv);
        if (!out.rules.empty()) expect_raft(list->line, path);
        if (!out.gossip_rules.empty()) expect_agents(list->line, path);
        if (!out.kv_rules.empty() && !out_.cluster.node.run_kv) {
          problems_.add(list->line, path, "no etcd runs here: the cluster needs \"etcd\"");
        }
      }
      break;
    case Verb::write:
    case Verb::read:
    case Verb::erase: {
      operation(json, path, out);
      read(&json, "key", out.action.key);
      if (const Json* value = json.find("value")) out.action.value = scalar(*value);
      std::string mode;
      read(&json, "mode", mode);
      if (mode == "stale") out.action.mode = world::ReadKind::stale;
      read_integer(&json, "times", out.times);
      read(&json, "every", out.every);
      if (out.load) {
        if (out.action.key.empty()) out.action.key = "k";
        if (json.find("value") == nullptr) out.action.value = "{i}";
        Duration until{INT64_MAX};
        read(&json, "until", until);
        out.load_until = {until.ns};
        if (out.every.ns <= 0) problems_.add(json.line, path + ".every", "must be above zero");
      }
      break;
    }
    case Verb::add:
    case Verb::remove:
    case Verb::promote:
    case Verb::transfer:
      if (json.is(Json::Kind::object)) {
        nodes_of(json);
        operation(json, path, out);
        read(&json, "learner", out.action.learner);
        read(&json, "joint", out.action.joint);
      } else {
        out.nodes = targets(json, path);
      }
      break;
    case Verb::change:
      operation(json, path, out);
      out.action.joint = true;
      if (const Json* add = json.find("add")) out.nodes = targets(*add, path + ".add");
      out.groups.emplace_back();
      if (const Json* remove = json.find("remove")) out.groups[0] = targets(*remove, path + ".remove");
      break;
    case Verb::drop_message:
    case Verb::duplicate_message:
    case Verb::delay_message: {
      ways();
      std::string kind;
      read(&json, "kind", kind);
      out.action.kind = message_kind(kind);
      read_integer(&json, "number", out.action.ordinal);
      read(&json, "by", out.action.duration);
      break;
    }
    case Verb::agent:
    case Verb::http: break;  // agent_act, http_act
  }
}

void Reader::step_act(const Json& json, const std::string& path, Step& step) {
  for (const Field& verb : registry().verbs) {
    const Json* what = json.find(verb.name);
    if (what == nullptr || step.act) continue;
    step.act.emplace();
    act(verb.name, *what, path + "." + verb.name, *step.act);
  }
}

void Reader::step(const Json& json, const std::string& path) {
  Step& step = out_.timeline.emplace_back();
  step.line = json.line;
  if (!json.is(Json::Kind::object)) return;
  const auto when = [&](const char* key) {
    world::Latency range{world::Latency::Kind::constant, {}, {}, 0};
    latency(json.find(key), path + "." + key, range);
    step.when = range.a;
    step.when_most = range.b;
  };
  if (json.find("at") != nullptr) {
    step.trigger = Step::Trigger::at;
    when("at");
  } else if (json.find("after") != nullptr) {
    step.trigger = Step::Trigger::after;
    when("after");
  } else if (const Json* until = json.find("wait_until")) {
    step.trigger = Step::Trigger::wait_until;
    read(&json, "within", step.when);
    step.until = conditions(*until, path + ".wait_until");
  }
  step_act(json, path, step);
  if (const Json* alias = member(&json, "as", Json::Kind::text)) {
    const bool names_nodes = step.act && (!step.act->nodes.empty() || !step.act->groups.empty());
    if (!names_nodes) {
      problems_.add(alias->line, path + ".as", "the step has no verb that names nodes");
    } else if (find_selector(alias->text)) {
      problems_.add(alias->line, path + ".as", "\"@" + alias->text + "\" has a meaning already; take another name");
    } else {
      auto at = std::find(out_.aliases.begin(), out_.aliases.end(), alias->text);
      if (at == out_.aliases.end()) at = out_.aliases.insert(at, alias->text);
      step.alias = static_cast<std::uint32_t>(at - out_.aliases.begin());
    }
  }
  if (const Json* expect = json.find("expect")) step.expect = conditions(*expect, path + ".expect");
  read(&json, "wait", step.wait);
  if (step.wait && !(step.act && is_operation(step.act->verb) && !step.act->load)) {
    problems_.add(json.find("wait")->line, path + ".wait", "there is no operation to wait for in this step");
  }
  if (const Json* whose = json.find("show_members")) {
    expect_agents(whose->line, path + ".show_members");
    step.show_members = agents(*whose, path + ".show_members");
  }
  read(&json, "say", step.say);
  read(&json, "bookmark", step.bookmark);
  read_integer(&json, "slide", step.slide);
  if (const Json* asked = member(&json, "question", Json::Kind::object)) question(*asked, path + ".question", step.question);
}

void Reader::question(const Json& json, const std::string& path, Question& out) {
  read(&json, "ask", out.ask);
  if (const Json* choices = member(&json, "choices", Json::Kind::list)) {
    for (const Json& choice : choices->items) out.choices.push_back(choice.text);
  }
  read_integer(&json, "answer", out.answer);
  read(&json, "because", out.because);
  for (const std::string& text : out.choices) {
    if (text.find('\n') != std::string::npos) problems_.add(json.line, path + ".choices", "an answer is one line");
  }
  if (out.ask.find('\n') != std::string::npos) problems_.add(json.line, path + ".ask", "a question is one line");
  if (out.answer > out.choices.size()) {
    problems_.add(json.line, path + ".answer", "there are only " + std::to_string(out.choices.size()) + " choices");
  }
}

void Reader::timeline(const Json& json, const std::string& path) {
  if (!json.is(Json::Kind::list)) return;
  Duration latest;
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    const std::string where = path + "[" + std::to_string(i) + "]";
    step(json.items[i], where);
    const Step& s = out_.timeline.back();
    if (s.trigger == Step::Trigger::at) {
      if (s.when_most < latest) {
        problems_.add(json.items[i].line, where + ".at",
                      to_text(s.when) + " lies before an earlier step, which is not over before " + to_text(latest));
      }
      latest = std::max(latest, s.when);
    } else if (s.trigger == Step::Trigger::after) {
      latest = latest + s.when;
    }
    // The sum of all steps stays far from the end of time.
    if (latest > seconds(100ll * 365 * 86'400)) {
      problems_.add(json.items[i].line, where, "the timeline is longer than 100 years");
      break;
    }
  }
}

void Reader::meanwhile(const Json& json, const std::string& path) {
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    const Json& item = json.items[i];
    const std::string where = path + "[" + std::to_string(i) + "]";
    Step step;
    step.line = item.line;
    step.trigger = Step::Trigger::at;
    read(&item, "at", step.when);
    step_act(item, where, step);
    if (step.act && !step.act->load && (step.act->times > 1 || step.act->every.ns > 0)) {
      problems_.add(item.line, where, "beside the timeline an operation is given once; write several, or a load");
    }
    out_.meanwhile.push_back(std::move(step));
  }
  std::stable_sort(out_.meanwhile.begin(), out_.meanwhile.end(),
                   [](const Step& a, const Step& b) { return a.when < b.when; });
}

void Reader::finally(const Json& json, const std::string& path) {
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    Final& last = out_.finally.emplace_back();
    last.conditions = conditions(json.items[i], path + "[" + std::to_string(i) + "]");
    read(&json.items[i], "within", last.within);
  }
}

}  // namespace quorumlab::script
