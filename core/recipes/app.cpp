// Which recipe gets the event.
#include "core/recipes/app.h"

namespace quorumlab::recipes {

void App::reset(const AppConfig& config, const Random& random) {
  config_ = config;
  holder_.reset(random);
  follower_.reset(random);
  gossip_lock_.reset();
  resource_.reset();
}

void App::step(Now now, const Event& event, Effects& out) {
  Turn turn{now, config_, last_ask_, out};
  const bool starts = event.kind == Event::Kind::started;
  switch (config_.kind) {
    case AppConfig::Kind::election:
    case AppConfig::Kind::lock:
    case AppConfig::Kind::elastic_ip:
      if (starts) {
        holder_.start(turn);
      } else {
        holder_.on_event(turn, event);
      }
      out.wake_at = holder_.deadline(config_);
      break;
    case AppConfig::Kind::gossip_lock:
      if (starts) {
        gossip_lock_.start(turn);
      } else {
        gossip_lock_.on_event(turn, event);
      }
      out.wake_at = gossip_lock_.deadline();
      break;
    case AppConfig::Kind::follower:
      if (starts) {
        follower_.start(turn);
      } else {
        follower_.on_event(turn, event);
      }
      out.wake_at = follower_.deadline();
      break;
    case AppConfig::Kind::resource:
      return resource_.on_event(turn, event);
  }
  if (event.kind == Event::Kind::client_request) {
    out.replies.push_back({event.id, true, {}});  // it serves nobody
  }
}

NodeId App::follows() const {
  if (config_.kind == AppConfig::Kind::follower) return follower_.master();
  return holder_.holds() ? config_.id : host_named(config_, holder_.other());
}

App::Status App::status() const {
  Status status;
  status.follows = follows();
  switch (config_.kind) {
    case AppConfig::Kind::election:
    case AppConfig::Kind::lock:
    case AppConfig::Kind::elastic_ip:
      status.holds = holds();
      status.token = token();
      if (status.holds) status.lease_until = holder_.lease_until();
      status.doing = holder_.doing();
      status.pieces_done = holder_.worker().done();
      status.pieces_refused = holder_.worker().refused();
      break;
    case AppConfig::Kind::gossip_lock:
      status.holds = holds();
      status.doing = status.holds ? "holds" : "looks";
      break;
    case AppConfig::Kind::follower:
      status.doing = follower_.doing();
      break;
    case AppConfig::Kind::resource:
      status.doing = "serves";
      status.pieces_done = resource_.done();
      status.pieces_refused = resource_.refused();
      break;
  }
  return status;
}

}  // namespace quorumlab::recipes
