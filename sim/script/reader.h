// Inside the loader: values of checked JSON as the types of the world. What the check already
// found wrong is passed over here in silence, so that each mistake is told once.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sim/script/json.h"
#include "sim/script/quantity.h"
#include "sim/script/scenario.h"
#include "sim/world/etcd_setup.h"

namespace quorumlab::script {

class Reader {
 public:
  Reader(Scenario& out, Problems& problems) : out_(out), problems_(problems) {}

  void cluster(const Json& json, const std::string& path);
  // In place of that: the scenario's cluster stands already.
  void know_cluster() { hosts_ = out_.cluster.host_names(); }
  // The names of all user events and queries that the file's steps give, for whoever waits for one.
  void know_events(const Json& file);
  void timeline(const Json& json, const std::string& path);
  void meanwhile(const Json& json, const std::string& path);
  void finally(const Json& json, const std::string& path);
  Conditions conditions(const Json& json, const std::string& path);

 private:
  // Plain values; nothing if the key is missing or its value was found wrong.
  static const Json* member(const Json* json, std::string_view key, Json::Kind kind);
  static void read(const Json* json, std::string_view key, bool& out);
  static void read(const Json* json, std::string_view key, Duration& out);
  static void read(const Json* json, std::string_view key, Probability& out);
  static void read(const Json* json, std::string_view key, std::string& out);
  template <class Integer>
  static void read_integer(const Json* json, std::string_view key, Integer& out) {
    if (const Json* j = member(json, key, Json::Kind::number)) {
      if (const auto n = unsigned_integer(j->text)) {
        out = static_cast<Integer>(std::min<std::uint64_t>(*n, std::numeric_limits<Integer>::max()));
      }
    }
  }
  static std::string scalar(const Json& json);  // a value as the text that is stored

  void raft(const Json& json, const std::string& path);
  void names(const Json& json, const std::string& path);
  void link(const Json& json, const std::string& path, world::LinkSettings& out);
  void disk(const Json& json, const std::string& path, world::DiskSettings& out);
  void clock(const Json& json, world::ClockSettings& out);
  void latency(const Json* json, const std::string& path, world::Latency& out);
  struct Rules {
    std::vector<raft::Rule> raft;
    std::vector<gossip::Rule> gossip;
    std::vector<kv::Rule> kv;
  };
  Rules rules(const Json& json) const;
  void serf(const Json& json, const std::string& path);
  void event_name(const Json& json, const std::string& path);
  // targets() of agents: no client and no program is one.
  Targets agents(const Json& json, const std::string& path);
  // What stands there needs an engine; it is told if that does not run.
  void expect_raft(int line, const std::string& path);
  void expect_agents(int line, const std::string& path);
  void expect_engines(const std::string& condition, const Json& json, const std::string& path);
  gossip::Tags tags(const Json& json) const;
  // True if the verb is one of serf's.
  bool agent_act(const std::string& verb, const Json& json, const std::string& path, Act& out);
  void etcd(const Json& json, const std::string& path);
  void apps(const Json& json, const std::string& path);
  // True if the verb is a request over HTTP.
  bool http_act(const std::string& verb, const Json& json, const std::string& path, Act& out);
  // True if the condition is about etcd or programs.
  bool etcd_condition(const std::string& key, const Json& json, const std::string& path, Condition c,
                      Conditions& out);
  // True if the condition is one of serf's.
  bool serf_condition(const std::string& key, const Json& json, const std::string& path, Condition c,
                      Conditions& out);

  void step(const Json& json, const std::string& path);
  void question(const Json& json, const std::string& path, Question& out);
  void step_act(const Json& json, const std::string& path, Step& step);
  void act(const std::string& verb, const Json& json, const std::string& path, Act& out);
  void operation(const Json& json, const std::string& path, Act& out);
  void partition(const Json& json, const std::string& path, Act& out);
  void condition(const std::string& key, const Json& json, const std::string& path, Conditions& out);
  void bounds(const Json& json, const std::string& path, Condition& out);

  // A list of selectors, or one.
  Targets targets(const Json& json, const std::string& path);
  std::optional<Selector> selector(const Json& json, const std::string& path);
  std::vector<Targets> groups(const Json& json, const std::string& path);
  // The node or client of this name; nobody, and a problem, if there is none.
  NodeId host(const std::string& name, int line, const std::string& path, bool server_only = false);

  Scenario& out_;
  Problems& problems_;
  world::EtcdPorts ports_;
  std::optional<std::vector<std::string>> events_;  // nothing: others may be given later
  std::vector<std::string> hosts_;  // names by id from 1; empty when the cluster is unusable
};

}  // namespace quorumlab::script
