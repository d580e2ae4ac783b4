// Servers for programs to talk to, without a network: something that takes HTTP requests and gives
// parts of answers. FakeEtcd is the least that the recipes need, in plain sight; the real one
// stands beside it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/kv/http.h"

namespace quorumlab::recipes {

class Etcd {
 public:
  struct Part {
    std::uint64_t request = 0;
    Bytes bytes;
    bool last = true;
  };
  virtual ~Etcd() = default;
  virtual void ask(Now now, NodeId server, std::uint64_t request, const kv::HttpRequest& http) = 0;
  virtual void gone(std::uint64_t request) = 0;
  virtual void on_time(Now now) = 0;
  virtual Instant deadline() const = 0;

  std::vector<Part> parts;  // whoever drives it takes them away
};

class FakeEtcd : public Etcd {
 public:
  void ask(Now now, NodeId, std::uint64_t request, const kv::HttpRequest& http) override {
    on_time(now);
    const std::size_t mark = http.target.find('?');
    const std::string key(http.target.substr(8, mark - 8));  // after /v2/keys
    Fields fields;
    if (mark != std::string_view::npos) read(http.target.substr(mark + 1), fields);
    read(http.body, fields);
    const auto node = nodes_.find(key);
    const bool there = node != nodes_.end();
    if (http.method == "PUT") {
      const std::int64_t ttl = std::stoll(fields["ttl"].empty() ? "0" : fields["ttl"]);
      const Instant until = ttl > 0 ? now.monotonic + seconds(ttl) : kNever;
      if (fields["prevExist"] == "false") {
        if (there) return fail(request, 412, 105);
        ++index_;
        nodes_[key] = {fields["value"], index_, index_, until};
        return write(request, key, "create", 201);
      }
      if (fields.contains("prevIndex")) {
        if (!there) return fail(request, 404, 100);
        if (std::to_string(node->second.modified) != fields["prevIndex"]) {
          return fail(request, 412, 101);
        }
        node->second.modified = ++index_;
        node->second.until = until;
        Event event{"compareAndSwap", key, node->second, true};
        return reply(request, 200, record(event));
      }
      ++index_;
      nodes_[key] = {fields["value"], index_, index_, until};
      return write(request, key, "set", 201);
    }
    if (http.method == "DELETE") {
      if (!there) return fail(request, 404, 100);
      if (std::to_string(node->second.modified) != fields["prevIndex"]) {
        return fail(request, 412, 101);
      }
      return reply(request, 200, remove(key, "compareAndDelete"));
    }
    if (fields["wait"] == "true") return wait(request, key, std::stoull(fields["waitIndex"]));
    if (!there) return fail(request, 404, 100);
    reply(request, 200, text({"get", key, node->second, false}));
  }
  void gone(std::uint64_t request) override {
    std::erase_if(watchers_, [&](const Watcher& w) { return w.request == request; });
  }
  void on_time(Now now) override {
    for (bool more = true; more;) {
      more = false;
      for (const auto& [key, node] : nodes_) {
        if (node.until > now.monotonic) continue;
        remove(std::string(key), "expire");
        more = true;
        break;
      }
    }
  }
  Instant deadline() const override {
    Instant first = kNever;
    for (const auto& [key, node] : nodes_) first = std::min(first, node.until);
    return first;
  }

 private:
  using Fields = std::map<std::string, std::string>;
  struct Node {
    std::string value;
    std::uint64_t created = 0, modified = 0;
    Instant until = kNever;
  };
  struct Event {
    std::string action, key;
    Node node;
    bool silent = false;
  };
  struct Watcher {
    std::uint64_t request = 0;
    std::string key;
    std::uint64_t since = 0;
  };
  static constexpr std::size_t kHistory = 1'000;

  static void read(std::string_view text, Fields& fields) {
    while (!text.empty()) {
      const std::string_view field = text.substr(0, text.find('&'));
      text.remove_prefix(std::min(text.size(), field.size() + 1));
      const std::size_t is = field.find('=');
      fields.emplace(field.substr(0, is), field.substr(is + 1));
    }
  }
  static std::string text(const Event& event) {
    const bool gone = event.action == "expire" || event.action == "compareAndDelete";
    return R"({"action":")" + event.action + R"(","node":{"key":")" + event.key + "\"" +
           (gone ? "" : R"(,"value":")" + event.node.value + "\"") + R"(,"modifiedIndex":)" +
           std::to_string(event.node.modified) + R"(,"createdIndex":)" +
           std::to_string(event.node.created) + "}}\n";
  }
  std::string record(const Event& event) {
    history_.push_back(event);
    if (history_.size() > kHistory) history_.pop_front();
    const std::string body = text(event);
    std::erase_if(watchers_, [&](const Watcher& watcher) {
      if (event.silent || watcher.key != event.key || watcher.since > event.node.modified) {
        return false;
      }
      tail(watcher.request, body);
      return true;
    });
    return body;
  }
  void write(std::uint64_t request, const std::string& key, const std::string& action, int status) {
    reply(request, status, record({action, key, nodes_[key], false}));
  }
  std::string remove(const std::string& key, const std::string& action) {
    Node node = nodes_[key];
    node.modified = ++index_;
    nodes_.erase(key);
    return record({action, key, node, false});
  }
  void wait(std::uint64_t request, const std::string& key, std::uint64_t since) {
    if (history_.size() == kHistory && since < history_.front().node.modified) {
      return fail(request, 400, 401);
    }
    Bytes head;
    kv::PartWriter writer(head, kv::HttpPart::Kind::head);
    writer.head(200, true, false, false, 1);
    writer.header("X-Etcd-Index", std::to_string(index_));
    parts.push_back({request, head, false});
    for (const Event& event : history_) {
      if (event.key != key || event.silent || event.node.modified < since) continue;
      return tail(request, text(event));
    }
    watchers_.push_back({request, key, since});
  }
  void tail(std::uint64_t request, const std::string& body) {
    Bytes bytes;
    kv::PartWriter(bytes, kv::HttpPart::Kind::end).body(as_bytes(body));
    parts.push_back({request, bytes, true});
  }
  void fail(std::uint64_t request, int status, int code) {
    reply(request, status,
          R"({"errorCode":)" + std::to_string(code) + R"(,"message":"","cause":"","index":)" +
              std::to_string(index_) + "}\n");
  }
  void reply(std::uint64_t request, int status, const std::string& body) {
    Bytes bytes;
    kv::PartWriter writer(bytes, kv::HttpPart::Kind::whole);
    writer.head(static_cast<std::uint16_t>(status), false, false, false, 1);
    writer.header("X-Etcd-Index", std::to_string(index_));
    writer.body(as_bytes(body));
    parts.push_back({request, bytes, true});
  }

  std::uint64_t index_ = 3;
  std::map<std::string, Node> nodes_;
  std::deque<Event> history_;
  std::vector<Watcher> watchers_;
};

}  // namespace quorumlab::recipes
