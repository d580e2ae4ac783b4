// One request at a time to one server of several, as curl -L and the etcd clients of the talk's
// time make them: it follows redirects, gives up in time, and goes on to the next server after a
// failure. It never sends a request again by itself: a write that failed may have been applied, and
// only the recipe knows what to do then (etcd #2843).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/random.h"
#include "core/kv/http.h"
#include "core/recipes/config.h"
#include "core/recipes/key_answer.h"

namespace quorumlab::recipes {

// A request to the v2 keys API while it is put together.
class KeyRequest {
 public:
  enum class Method : std::uint8_t { get, put, remove };
  KeyRequest(Method method, std::string_view key);
  KeyRequest& query(std::string_view name, std::string_view value);
  KeyRequest& query(std::string_view name, std::uint64_t value);
  // A field of the body's form.
  KeyRequest& form(std::string_view name, std::string_view value);
  KeyRequest& form(std::string_view name, std::int64_t value);
  // The answer takes as long as it takes.
  KeyRequest& waits() {
    waits_ = true;
    return *this;
  }

 private:
  friend class HttpClient;
  Method method_;
  bool waits_ = false;
  bool queried_ = false;
  std::string target_, body_;
};

struct Outcome {
  bool answered = false;  // else nobody knows: refused, broken, too late, or the server gave up
  KeyAnswer answer;
  std::uint64_t etcd_index = 0;  // X-Etcd-Index; 0: none
  NodeId server;                 // who answered, or did not
  Instant sent;                  // when the request left, before any redirect
};

class HttpClient {
 public:
  void reset(const Random& random);
  // REQUIRES: !busy().
  void send(Turn& turn, const KeyRequest& request);
  // Gives up what is under way; its outcome stays unknown.
  void hang_up(Turn& turn);
  bool busy() const { return ask_ != 0; }
  NodeId server() const { return server_; }
  // The next two tell whether the request has ended, and then how.
  bool on_event(Turn& turn, const Event& event, Outcome& outcome);
  bool on_time(Turn& turn, Outcome& outcome);
  Instant deadline() const { return deadline_; }
  // How long to wait before the next request, after what has happened so far: nothing while there
  // is a server that did not fail since the last answer.
  Duration pause(const AppConfig& config) const;

 private:
  void dispatch(Turn& turn, NodeId server);
  bool follow(Turn& turn);
  void fail(const AppConfig& config, Outcome& outcome);
  void close();

  Random random_;
  std::uint32_t next_ = 0;      // in AppConfig::servers
  std::uint32_t failures_ = 0;  // since the last answer
  std::uint64_t failed_ = 0;    // ever: numbers the draws

  std::uint64_t ask_ = 0;  // 0: nothing under way
  NodeId server_;
  bool waits_ = false;
  std::uint32_t redirects_ = 0;
  Instant sent_;
  Instant deadline_ = kNever;
  Bytes request_;  // as it went out, to send it again where a redirect leads
  kv::HttpResponse response_;
};

}  // namespace quorumlab::recipes
