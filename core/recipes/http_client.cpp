// Requests out, parts of answers in.
#include "core/recipes/http_client.h"

#include <algorithm>
#include <charconv>

#include "core/base/assert.h"

namespace quorumlab::recipes {
namespace {
constexpr std::uint32_t kMostRedirects = 5;
constexpr std::uint64_t kRetryDraw = 1;

// Letters, digits and -._~ stand for themselves (RFC 3986, 2.3); in a path the slash does, too.
void escape(std::string_view text, std::string& out, bool in_path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (in_path && c == '/');
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

std::string_view method_name(KeyRequest::Method method) {
  switch (method) {
    case KeyRequest::Method::get:
      return "GET";
    case KeyRequest::Method::put:
      return "PUT";
    case KeyRequest::Method::remove:
      return "DELETE";
  }
  return "";
}

// Who has the client URL in which this address lies: by the URL itself, or by a host's name in it.
NodeId host_at(const AppConfig& config, std::string_view location) {
  for (const Host& host : config.hosts) {
    if (host.url.empty() || !location.starts_with(host.url)) continue;
    const std::string_view rest = location.substr(host.url.size());
    if (rest.empty() || rest[0] == '/' || host.url.back() == '/') return host.id;
  }
  const std::size_t scheme = location.find("://");
  if (scheme == std::string_view::npos) return kNobody;
  std::string_view authority = location.substr(scheme + 3);
  authority = authority.substr(0, authority.find('/'));
  return host_named(config, authority.substr(0, authority.rfind(':')));
}
}  // namespace

KeyRequest::KeyRequest(Method method, std::string_view key) : method_(method), target_("/v2/keys") {
  if (!key.starts_with('/')) target_ += '/';
  escape(key, target_, true);
}

KeyRequest& KeyRequest::query(std::string_view name, std::string_view value) {
  target_ += queried_ ? '&' : '?';
  queried_ = true;
  target_ += name;
  target_ += '=';
  escape(value, target_, false);
  return *this;
}
KeyRequest& KeyRequest::query(std::string_view name, std::uint64_t value) {
  return query(name, std::to_string(value));
}
KeyRequest& KeyRequest::form(std::string_view name, std::string_view value) {
  if (!body_.empty()) body_ += '&';
  body_ += name;
  body_ += '=';
  escape(value, body_, false);
  return *this;
}
KeyRequest& KeyRequest::form(std::string_view name, std::int64_t value) {
  return form(name, std::to_string(value));
}

void HttpClient::reset(const Random& random) {
  close();
  random_ = random;
  next_ = failures_ = 0;
  failed_ = 0;
  server_ = kNobody;
}

void HttpClient::close() {
  ask_ = 0;
  deadline_ = kNever;
}

void HttpClient::send(Turn& turn, const KeyRequest& request) {
  ASSERT(!busy(), "one request at a time");
  kv::HttpRequest http;
  http.method = method_name(request.method_);
  http.target = request.target_;
  if (!request.body_.empty()) http.content_type = "application/x-www-form-urlencoded";
  http.body = request.body_;
  request_.clear();
  kv::encode(http, request_);

  waits_ = request.waits_;
  redirects_ = 0;
  sent_ = turn.now.monotonic;
  const std::vector<NodeId>& servers = turn.config.servers;
  dispatch(turn, servers.empty() ? kNobody : servers[next_ % servers.size()]);
}

void HttpClient::dispatch(Turn& turn, NodeId server) {
  server_ = server;
  ask_ = ++turn.last_ask;
  // Without a redirect the head is there at once, also of a wait; only the rest may take its time.
  deadline_ = turn.now.monotonic + turn.config.timeout;
  response_ = {};
  if (!server) return;
  const std::uint32_t begin = turn.out.begin();
  ByteWriter(turn.out.bytes).raw(request_);
  turn.out.asks.push_back({server, ask_, false, turn.out.end(begin)});
}

void HttpClient::hang_up(Turn& turn) {
  if (!busy()) return;
  if (server_) turn.out.asks.push_back({server_, ask_, true, {}});
  close();
}

bool HttpClient::on_event(Turn& turn, const Event& event, Outcome& outcome) {
  if (!busy() || event.id != ask_) return false;
  if (event.kind == Event::Kind::ask_failed) {
    fail(turn.config, outcome);
    return true;
  }
  if (event.kind != Event::Kind::answered) return false;
  if (!kv::add_part(event.bytes, response_)) {
    hang_up(turn);
    fail(turn.config, outcome);
    return true;
  }
  if (!response_.complete && !event.last) {
    if (waits_) {
      const Duration renew = turn.config.renew_wait;
      deadline_ = renew.ns > 0 ? sent_ + renew : kNever;
    }
    return false;
  }
  if (response_.status == 307) {
    if (follow(turn)) return false;
    fail(turn.config, outcome);
    return true;
  }
  if (response_.complete && response_.status < 500) {
    outcome.answer = parse_key_answer(response_.body);
  }
  // Also a wait may end with nothing: the server closed it.
  if (!outcome.answer.readable) {
    fail(turn.config, outcome);
    return true;
  }
  outcome.answered = true;
  if (const std::string* index = response_.header("X-Etcd-Index"); index != nullptr) {
    std::from_chars(index->data(), index->data() + index->size(), outcome.etcd_index);
  }
  outcome.server = server_;
  outcome.sent = sent_;
  failures_ = 0;
  close();
  return true;
}

// Method and body stay what they were (RFC 9110, 15.4.8). False: it leads nowhere.
bool HttpClient::follow(Turn& turn) {
  const std::string* location = response_.header("Location");
  const NodeId target = location != nullptr ? host_at(turn.config, *location) : kNobody;
  if (!target || ++redirects_ > kMostRedirects) return false;
  dispatch(turn, target);
  return true;
}

bool HttpClient::on_time(Turn& turn, Outcome& outcome) {
  if (!busy() || turn.now.monotonic < deadline_) return false;
  hang_up(turn);
  fail(turn.config, outcome);
  return true;
}

void HttpClient::fail(const AppConfig& config, Outcome& outcome) {
  outcome.answered = false;
  outcome.server = server_;
  outcome.sent = sent_;
  if (!config.servers.empty()) {
    next_ = (next_ + 1) % static_cast<std::uint32_t>(config.servers.size());
  }
  ++failures_;
  ++failed_;
  close();
}

Duration HttpClient::pause(const AppConfig& config) const {
  if (failures_ == 0 || (!config.servers.empty() && failures_ % config.servers.size() != 0)) {
    return {};
  }
  // Programs that lost the same server do not come back in step.
  return config.retry + uniform(random_.draw(kRetryDraw, failed_), {}, config.retry / 4);
}

}  // namespace quorumlab::recipes
