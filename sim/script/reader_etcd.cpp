// What a scenario says about etcd: the store, programs, requests over HTTP, and conditions on them.
#include "core/kv/http.h"
#include "sim/script/loader.h"
#include "sim/script/reader.h"
#include "sim/world/http_text.h"

namespace quorumlab::script {
void Reader::etcd(const Json& json, const std::string& path) {
  read_integer(&json, "client_port", ports_.client);
  read_integer(&json, "peer_port", ports_.peer);
  world::set_up_etcd(out_.cluster, ports_);
  kv::ServerConfig& server = out_.cluster.node.kv.server;
  std::string redirect = "off";
  read(&json, "redirect", redirect);
  server.redirect = redirect == "v0.4" ? kv::ServerConfig::Redirect::v0_4 : kv::ServerConfig::Redirect::off;
  if (const Json* off = json.find("rules_off")) {
    Rules list = rules(*off);
    for (const kv::Rule rule : list.kv) server.rules.set(rule, false);
    if (!list.raft.empty() || !list.gossip.empty()) {
      problems_.add(off->line, path + ".rules_off", "only rules of the store can stand here");
    }
  }
}

void Reader::apps(const Json& json, const std::string& path) {
  world::ClusterConfig& cluster = out_.cluster;
  // Names first: programs name each other.
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    world::AppHost& host = cluster.apps.emplace_back();
    read(&json.items[i], "name", host.app.name);
    read(&json.items[i], "title", host.app.title);
    if (std::find(hosts_.begin(), hosts_.end(), host.app.name) != hosts_.end()) {
      problems_.add(json.items[i].line, path + "[" + std::to_string(i) + "].name",
                    "the name \"" + host.app.name + "\" is given twice");
    }
    hosts_.push_back(host.app.name);
  }
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    const Json& item = json.items[i];
    const std::string where = path + "[" + std::to_string(i) + "]";
    world::AppHost& host = cluster.apps[i];
    recipes::AppConfig& app = host.app;
    using Kind = recipes::AppConfig::Kind;
    static constexpr std::pair<const char*, Kind> kKinds[] = {{"election", Kind::election}, {"lock", Kind::lock},
                                                              {"elastic-ip", Kind::elastic_ip},
                                                              {"gossip-lock", Kind::gossip_lock},
                                                              {"follower", Kind::follower},
                                                              {"resource", Kind::resource}};
    std::string runs;
    read(&item, "runs", runs);
    for (const auto& [name, kind] : kKinds) {
      if (runs == name) app.kind = kind;
    }
    app.key = "/master";
    read(&item, "key", app.key);
    if (!app.key.starts_with('/')) app.key.insert(0, "/");
    read(&item, "question", app.question);
    read(&item, "address", app.address);
    for (const auto& [name, field] : {std::pair{"ttl", &app.ttl}, {"refresh_every", &app.refresh_every},
                                      {"timeout", &app.timeout}, {"retry", &app.retry}, {"renew_wait", &app.renew_wait}, {"hold", &app.hold},
                                      {"rest", &app.rest}, {"work_every", &app.work_every},
                                      {"work_takes", &app.work_takes}}) {
      read(&item, name, *field);
    }
    for (const auto& [name, field] : {std::pair{"quorum_reads", &app.quorum_reads},
                                      {"checks_lease", &app.checks_lease}, {"rechecks", &app.rechecks},
                                      {"fencing", &app.fencing}}) {
      read(&item, name, *field);
    }
    read_integer(&item, "times", app.times);
    if (const Json* after = member(&item, "after", Json::Kind::list)) {
      for (const Json& name : after->items) {
        if (this->host(name.text, name.line, where + ".after", true)) app.after.push_back(name.text);
      }
    }
    if (app.kind == Kind::gossip_lock ? !cluster.node.run_gossip : !cluster.node.run_kv && app.kind != Kind::resource) {
      problems_.add(item.line, where,
                    app.kind == Kind::gossip_lock ? "there is no agent for it to ask: the cluster needs \"serf\""
                                                  : "there is nothing for it to ask: the cluster needs \"etcd\"");
    }
    if (app.ttl < seconds(1)) problems_.add(item.line, where + ".ttl", "expected a second or more: etcd counts whole ones");
    if (const Json* resource = member(&item, "resource", Json::Kind::text)) {
      app.resource = this->host(resource->text, resource->line, where + ".resource");
    }
    if (const Json* servers = member(&item, "servers", Json::Kind::list)) {
      for (const Json& name : servers->items) {
        if (const NodeId id = this->host(name.text, name.line, where + ".servers", true)) app.servers.push_back(id);
      }
    }
    if (const Json* settings = member(&item, "clock", Json::Kind::object)) clock(*settings, host.clock);
    if (const Json* starts = member(&item, "starts", Json::Kind::text)) {
      const auto at = parse_duration(starts->text);
      host.starts = at ? Instant{at->ns} : kNever;
    }
  }
  world::set_up_apps(cluster, ports_);
}

bool Reader::http_act(const std::string& verb, const Json& json, const std::string& path, Act& out) {
  if (verb != "http") return false;
  out.verb = out.action.verb = world::Verb::http;
  if (!out_.cluster.node.run_kv) {
    problems_.add(json.line, path, "nobody speaks HTTP here: the cluster needs \"etcd\"");
  }
  operation(json, path, out);
  std::string method = "GET", target, body, type, session;
  read(&json, "method", method);
  read(&json, "path", target);
  read(&json, "content_type", type);
  read(&json, "session", session);
  read(&json, "name", out.label);
  read(&json, "follow", out.action.on);
  if (!target.empty() && target[0] != '/') problems_.add(json.find("path")->line, path + ".path", "a path begins with '/'");
  if (const Json* form = member(&json, "form", Json::Kind::object)) {
    for (const auto& [name, value] : form->members) {
      if (!body.empty()) body += '&';
      world::percent_encode(name, false, body);
      body += '=';
      world::percent_encode(scalar(value), false, body);
    }
    if (type.empty()) type = "application/x-www-form-urlencoded";
  } else {
    read(&json, "body", body);
  }
  kv::HttpRequest request;
  request.method = method;
  request.target = target;
  request.content_type = type;
  request.session = session;
  request.body = body;
  kv::encode(request, out.action.request);
  return true;
}

bool Reader::etcd_condition(const std::string& key, const Json& json, const std::string& path, Condition c,
                            Conditions& out) {
  using Kind = Condition::Kind;
  const auto put = [&](Kind kind) {
    c.kind = kind;
    out.push_back(c);
    return true;
  };
  if (key == "answer") {
    c.operation = Condition::Operation::http;
    read(&json, "of", c.key);
    const std::string whose = c.key.empty() ? "the answer" : "the answer to " + c.key;
    const auto ask = [&](const char* name, Condition::Part part, const std::string& words) {
      const Json* value = json.find(name);
      if (value == nullptr) return;
      c.part = part;
      c.value = scalar(*value);
      c.words = whose + words + (part == Condition::Part::pending ? "" : c.value);
      put(Kind::answer);
    };
    using Part = Condition::Part;
    ask("pending", Part::pending, " is still awaited");
    ask("status", Part::status, " has status ");
    ask("action", Part::action, " tells of the action ");
    ask("key", Part::key, " is about ");
    ask("value", Part::value, " has the value ");
    ask("previous", Part::previous, " has the previous value ");
    ask("error", Part::error, " is error ");
    ask("contains", Part::contains, " contains ");
    return true;
  }
  if (key == "holds" || key == "holds_nothing") {
    c.who = targets(json, path);
    const std::string who = json.is(Json::Kind::text) ? json.text : "each of them";
    c.words = who + (key == "holds" ? " holds its key" : " holds nothing");
    return put(key == "holds" ? Kind::app_holds : Kind::app_holds_nothing);
  }
  if (key == "follows") {
    for (const auto& [name, value] : json.members) {
      Selector who;
      who.node = host(name, value.line, path + "." + name);
      c.who = {who};
      c.whom.clear();
      if (value.text != "nobody") c.whom = targets(value, path + "." + name);
      c.words = name + " goes to " + value.text;
      put(Kind::app_follows);
    }
    return true;
  }
  if (key == "said") {
    for (const auto& [name, value] : json.members) {
      Selector who;
      who.node = host(name, value.line, path + "." + name);
      c.who = {who};
      c.value = value.text;
      c.words = "\"" + value.text + "\" was said by " + name + " or to it";
      put(Kind::app_said);
    }
    return true;
  }
  return false;
}

}  // namespace quorumlab::script
