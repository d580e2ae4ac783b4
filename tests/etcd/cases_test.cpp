// Every recorded answer of a real etcd against ours inside the virtual world: requests travel from
// a client over the simulated network, writes through real Raft logs on simulated disks. With three
// servers what differs from the recording follows rules that are stated here, and nothing else may.
#include <iostream>

#include "tests/catch.h"
#include "tests/etcd/etcd_world.h"
#include "tests/etcd/recorded.h"

using namespace quorumlab;
using namespace quorumlab::kv;
using namespace quorumlab::kv::test;

namespace {

// The cases from a fresh cluster on, asked of one server.
struct Replay {
  std::uint32_t servers;
  bool of_leader;

  world::Simulation sim{};
  etcd_world::Answers answers{};
  NodeId asked{};
  std::map<std::string, std::uint64_t> watches{};
  std::vector<std::string> room{};

  // The first seed with which the wanted one of infra0 and infra1 leads the first term.
  void boot() {
    const NodeId wanted{of_leader ? 1U : 2U};
    asked = NodeId{1};
    world::ClusterConfig config = etcd_world::config(servers);
    ServerConfig& server = config.node.kv.server;
    server.cluster_id = kRecordedCluster;
    server.members.front().id = kRecordedMember;
    for (std::uint64_t seed = 1;; ++seed) {
      REQUIRE(seed < 100);
      sim.reset({}, 0);
      sim.keep_trace(true);
      sim.reset(config, seed);
      answers = {};
      if (etcd_world::run_until(sim, seconds(4), [&] { return etcd_world::introduced(sim); }) &&
          etcd_world::leader(sim) == wanted && sim.node(wanted).status().term == Term{2}) {
        break;
      }
    }
    sim.run_until(Instant{} + seconds(4));
  }

  Answer wait_for(std::uint64_t operation) {
    etcd_world::outcome(sim, operation);
    const auto response = answers.find(sim, operation);
    REQUIRE(response);
    return answer_of(*response);
  }

  // Asks one recorded thing; the answer, where there is one to compare.
  std::optional<Answer> ask(const Json& record, const Json& shifted) {
    const std::string kind = record["kind"];
    if (kind == "sleep") {
      sim.run_for(milliseconds(record["ms"].get<int>()));
      return std::nullopt;
    }
    if (kind == "end") return wait_for(watches.at(record["watch"]));
    // The tool that recorded them looked up an index first.
    for (int i = record.value("uncounted_local_gets_before", 0); i > 0; --i) {
      etcd_world::curl(sim, asked, "GET", "/v2/keys/cas");
    }
    const Instant begun = sim.now();
    const std::uint64_t operation = etcd_world::ask(sim, asked, request_of(shifted, room));
    const Instant told = begun + milliseconds(record.value("ms", 10));
    if (kind == "begin") {
      watches[record["watch"]] = operation;
      sim.run_until(told);
      return std::nullopt;
    }
    const Answer answer = wait_for(operation);
    sim.run_until(std::max(sim.now(), told));
    return answer;
  }
};

std::string add_to(const std::string& digits, std::uint64_t shift) {
  const std::uint64_t value = std::stoull(digits);
  if (value == 0) return digits;
  const std::string sum = std::to_string(value + shift);
  return sum.size() < digits.size() ? std::string(digits.size() - sum.size(), '0') + sum : sum;
}

// Replaces the second group of each match with the sum of it and `shift`.
std::string shifted(const std::string& text, const std::regex& what, std::uint64_t shift) {
  std::string out;
  auto from = text.begin();
  for (std::sregex_iterator m(text.begin(), text.end(), what), end; m != end; ++m) {
    out.append(from, (*m)[2].first);
    out += add_to((*m)[2], shift);
    from = (*m)[2].second;
  }
  out.append(from, text.end());
  return out;
}

// A fresh cluster of n servers has index 2n + 1, one of one 3: every index is greater by the
// difference. Names of in-order keys are indices.
std::string shifted_body(const std::string& body, std::uint64_t shift) {
  static const std::regex index("(\"(?:modifiedIndex|createdIndex|index)\":)(\\d+)");
  static const std::regex compared("(\\[\\d+ != )(\\d+)(?=\\])");
  static const std::regex name("(/)(\\d{20})(?=[\"/?])");
  return shifted(shifted(shifted(body, index, shift), compared, shift), name, shift);
}

Answer shifted(const Answer& recorded, bool head, std::uint64_t shift) {
  Answer out = recorded;
  out.body = shifted_body(recorded.body, shift);
  std::size_t longer = out.body.size() - recorded.body.size();
  for (auto& [name, value] : out.headers) {
    if (name != "X-Etcd-Index") continue;
    const std::string before = value;
    value = add_to(before, shift);
    // An error has the index in its body, which HEAD does not bring.
    if (head && recorded.status >= 400) longer = value.size() - before.size();
  }
  for (auto& [name, value] : out.headers) {
    if (name == "Content-Length") value = std::to_string(std::stoull(value) + longer);
  }
  return out;
}

// A request that named an index which the recording tool had looked up.
Json shifted_request(Json record, std::uint64_t shift) {
  if (!record.contains("path")) return record;
  static const std::regex looked_up("(prevIndex=)(\\d+)");
  static const std::regex name("(/)(\\d{20})(?=$|[/?])");
  std::string path = record["path"];
  if (record.contains("template")) path = shifted(path, looked_up, shift);
  record["path"] = shifted(path, name, shift);
  return record;
}

std::string hex(std::uint64_t id) {
  std::ostringstream out;
  out << std::hex << id;
  return out.str();
}
std::string words(const Member& member) {
  return "{\"id\":\"" + hex(member.id) + "\",\"name\":\"" + member.name + "\",\"peerURLs\":[\"" +
         member.peer_urls[0] + "\"],\"clientURLs\":[\"" + member.client_urls[0] + "\"]}";
}

// What tells of the members themselves and cannot be as recorded with one. Nothing for all others.
std::optional<Answer> of_members(const Replay& replay, const Json& record) {
  if (replay.servers == 1 || record["kind"] != "request" || record["method"] != "GET") {
    return std::nullopt;
  }
  const std::string path = record["path"];
  const std::vector<Member>& all = replay.sim.node(replay.asked).kv()->members().all();
  const NodeId leads = etcd_world::leader(replay.sim);
  const auto member = [&](NodeId node) {
    return *std::find_if(all.begin(), all.end(), [&](const Member& m) { return m.node == node; });
  };
  Answer out = answer_of(record);
  const auto body = [&](std::string text) {
    out.body = std::move(text);
    for (auto& [name, value] : out.headers) {
      if (name == "Content-Length") value = std::to_string(out.body.size());
    }
    return out;
  };
  const auto replaced = [&](std::string text, const std::string& before, const std::string& after) {
    REQUIRE(text.find(before) != std::string::npos);
    return text.replace(text.find(before), before.size(), after);
  };
  if (path == "/v2/machines") {
    return body("http://127.0.0.1:4001, http://127.0.0.1:4002, http://127.0.0.1:4003");
  }
  if (path == "/v2/members" || path == "/v2/members/") {
    std::vector<std::string> ids;
    std::string list;
    for (const Member& m : all) {
      ids.push_back(std::string(16 - hex(m.id).size(), '0') + hex(m.id));
      list += (list.empty() ? "" : ",") + words(m);
    }
    CHECK(std::is_sorted(ids.begin(), ids.end()));
    CHECK(ids.size() == replay.servers);
    return body("{\"members\":[" + list + "]}\n");
  }
  if (path == "/v2/members/leader") return body(words(member(leads)) + "\n");
  if (path == "/v2/stats/self" && !replay.of_leader) {
    std::string text = replaced(out.body, "StateLeader", "StateFollower");
    const std::string told = "\"leaderInfo\":{\"leader\":\"";
    return body(replaced(text, told + hex(kRecordedMember), told + hex(member(leads).id)));
  }
  if (path == "/v2/stats/leader" && !replay.of_leader) {
    out.status = 403;
    return body("{\"message\":\"not current leader\"}");
  }
  if (path == "/v2/stats/leader") {
    // Who follows is told; how fast they are is of the machine, and ours has no such counters.
    std::string followers;
    for (const Member& m : all) {
      if (m.node == leads) continue;
      followers += (followers.empty() ? "\"" : ",\"") + hex(m.id) +
                   "\":{\"latency\":{\"current\":0,\"average\":0,\"standardDeviation\":0,"
                   "\"minimum\":0,\"maximum\":0},\"counts\":{\"fail\":0,\"success\":0}}";
    }
    return body(replaced(out.body, "\"followers\":{", "\"followers\":{" + followers));
  }
  if (path == "/v2/stats/store") {
    // Adding a founder looks for those there are (not found before the first) and for those removed
    // (never found), and creates its raftAttributes; then it sets its attributes. The version is
    // set once, and /health has read once.
    std::string text = out.body;
    text = replaced(text, "\"getsSuccess\":1,\"getsFail\":1,\"setsSuccess\":2",
                    "\"getsSuccess\":3,\"getsFail\":3,\"setsSuccess\":4");
    return body(replaced(text, "\"createSuccess\":1", "\"createSuccess\":3"));
  }
  return std::nullopt;
}

void replay_all(Replay& replay, const char* told) {
  const auto cases = recorded_cases();
  REQUIRE(cases.size() == 222);
  replay.boot();
  const std::uint64_t shift = 2 * (replay.servers - 1);
  int compared = 0, members = 0, differ = 0;
  for (const Json& record : cases) {
    // Before it is asked: how things stand then.
    const std::optional<Answer> ours = replay.ask(record, shifted_request(record, shift));
    if (!ours) continue;
    ++compared;
    Answer expected = shifted(answer_of(record), record["method"] == "HEAD", shift);
    if (const auto other = of_members(replay, record)) {
      ++members;
      expected = *other;
    }
    const Answer left = normal(expected, record), right = normal(*ours, record);
    if (left == right) continue;
    ++differ;
    INFO("case " << record["n"] << ": " << record["method"] << " " << record["path"] << " "
                 << record["body"]);
    CHECK(show(right) == show(left));
  }
  std::cout << "recorded cases of etcd 3.4.23, " << told << ": " << compared - differ << " of "
            << compared << " answers match";
  if (members > 0) std::cout << ", " << members << " of them by what is stated of three members";
  std::cout << "\n";
  CHECK(compared == 218);
  CHECK(differ == 0);
  CHECK_FALSE(replay.sim.violation());
}

}  // namespace

TEST_CASE("all recorded answers of etcd are those of one server in the virtual world") {
  Replay replay{1, true};
  replay_all(replay, "one server");
}

TEST_CASE("all recorded answers of etcd are those of the leader of three, indices by the rule") {
  Replay replay{3, true};
  replay_all(replay, "leader of three");
}

TEST_CASE("all recorded answers of etcd are those of a follower of three, indices by the rule") {
  Replay replay{3, false};
  replay_all(replay, "follower of three");
}
