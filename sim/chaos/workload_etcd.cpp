// Single requests to the etcd API, as curl would make them: mostly on the keys that clients write, so
// that answers can be judged against each other; some on directories, queues, leases and watches; a few
// that ask servers about themselves.
#include <string>

#include "core/kv/http.h"
#include "sim/chaos/workload.h"

namespace quorumlab::chaos {

using world::Action;
using world::Operation;
using world::Verb;

namespace {

struct Text {
  const char* method = "GET";
  std::string target, form;
};

// The version that somebody was told last, to be compared with; 0: none of late.
std::uint64_t last_index(const world::Simulation& sim) {
  const std::vector<Operation>& all = sim.operations();
  const std::size_t look = all.size() < 20 ? all.size() : 20;
  for (std::size_t i = 0; i < look; ++i) {
    const Operation& op = all[all.size() - 1 - i];
    if (op.outcome != Operation::Outcome::accepted) continue;
    if (op.verb == Verb::write && op.index.value != 0) return op.index.value;
    if (op.verb == Verb::read && op.modified.value != 0) return op.modified.value;
  }
  return 0;
}

Text on_key(Lots& lots, const world::Simulation& sim, const std::string& key, std::uint64_t number) {
  const std::string path = "/v2/keys/" + key, value = "value=v" + std::to_string(number);
  // A value that was written of late, perhaps to this key.
  const std::uint64_t back = lots.from(1, 12);
  const std::string guess = "v" + std::to_string(number > back ? number - back : 1);
  const std::uint64_t index = last_index(sim);
  switch (lots.below(14)) {
    case 0:
    case 1:
      return {"PUT", path, value};
    case 2:
      return {"PUT", path + "?prevExist=false", value};
    case 3:
      return {"PUT", path + "?prevExist=true", value};
    case 4:
    case 5:
      return {"PUT", path + "?prevValue=" + guess, value};
    case 6:
      return {"PUT", path + "?prevIndex=" + std::to_string(index), value};
    case 7:
      return {"DELETE", path, ""};
    case 8:
      return {"DELETE", path + "?prevValue=" + guess, ""};
    case 9:
      return {"PUT", path + "?prevExist=true&prevValue=" + guess, value};
    case 10:
      return {"GET", path, ""};
    case 11:
      return {"GET", path + "?wait=true&waitIndex=" + std::to_string(index + 1), ""};
    default:
      return {"GET", path + "?quorum=true", ""};
  }
}

Text on_lease(Lots& lots, std::uint64_t number) {
  const std::string path = "/v2/keys/t" + std::to_string(lots.below(2));
  const std::string value = "value=v" + std::to_string(number);
  const std::string ttl = "ttl=" + std::to_string(lots.from(1, 4));
  switch (lots.below(6)) {
    case 0:
      return {"PUT", path, value};
    case 1:
      return {"PUT", path + "?prevExist=false", value + "&" + ttl};
    case 2:
      return {"GET", path + "?quorum=true", ""};
    case 3:
      return {"GET", path + "?wait=true", ""};
    default:
      return {"PUT", path, value + "&" + ttl};
  }
}

Text on_tree(Lots& lots, std::uint64_t number) {
  const std::string value = "value=v" + std::to_string(number);
  const std::string leaf = std::to_string(lots.below(3));
  switch (lots.below(12)) {
    case 0:
      return {"PUT", "/v2/keys/d/" + leaf, value + "&ttl=2"};
    case 1:
      return {"PUT", "/v2/keys/d?dir=true&prevExist=true", "ttl=2"};
    case 2:
      return {"PUT", "/v2/keys/d/e?dir=true", ""};
    case 3:
      return {"PUT", "/v2/keys/d/e/" + leaf, value};
    case 4:
      return {"DELETE", "/v2/keys/d/e?recursive=true", ""};
    case 5:
      return {"DELETE", "/v2/keys/d?dir=true", ""};
    case 6:
      return {"GET", "/v2/keys/d?recursive=true&sorted=true&quorum=true", ""};
    case 7:
      return {"GET", "/v2/keys/d?wait=true&recursive=true", ""};
    case 8:
      return {"POST", "/v2/keys/queue", value};
    case 9:
      return {"POST", "/v2/keys/queue", value + "&ttl=1"};
    case 10:
      return {"GET", "/v2/keys/queue?sorted=true", ""};
    default:
      return {"PUT", "/v2/keys/d/" + leaf + "?prevExist=true", "refresh=true&ttl=3"};
  }
}

Text about_server(Lots& lots) {
  constexpr const char* kPaths[] = {"/health",         "/version",       "/v2/members",
                                    "/v2/stats/self",  "/v2/machines",   "/v2/members/leader",
                                    "/v2/stats/store", "/v2/stats/leader", "/v2/keys/"};
  return {"GET", lots.one_of(kPaths), ""};
}

}  // namespace

Action Workload::request(const world::Simulation& sim) {
  const std::uint64_t number = asked_ + 1, lot = lots_.below(100);
  const std::string key = "k" + std::to_string(lots_.below(profile_->keys));
  const Text text = lot < 65   ? on_key(lots_, sim, key, number)
                    : lot < 78 ? on_lease(lots_, number)
                    : lot < 92 ? on_tree(lots_, number)
                               : about_server(lots_);
  Action action;
  action.verb = Verb::http;
  kv::HttpRequest request;
  request.method = text.method;
  request.target = text.target;
  request.body = text.form;
  if (!text.form.empty()) request.content_type = "application/x-www-form-urlencoded";
  kv::encode(request, action.request);
  // Longer than a server has patience, now and then.
  if (lots_.percent(20)) action.timeout = lots_.scale(seconds(1), seconds(9));
  return action;
}

}  // namespace quorumlab::chaos
