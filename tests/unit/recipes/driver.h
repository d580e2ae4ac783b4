// Drives one program by hand: each event is made by the test, and everything the program did is
// taken down line by line, in the order of asks, speeches and notes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/kv/http.h"
#include "core/recipes/app.h"
#include "tests/catch.h"

namespace quorumlab::recipes {

using Lines = std::vector<std::string>;

inline constexpr NodeId n1{1}, n2{2}, n3{3}, dbx{11}, dby{12}, app_host{13}, disk{14};

// Three servers, two databases, an app and a disk.
inline AppConfig config_of(AppConfig::Kind kind, std::string name = "dbx") {
  AppConfig config;
  config.kind = kind;
  config.name = std::move(name);
  config.id = config.name == "dbx" ? dbx : config.name == "dby" ? dby : app_host;
  config.key = "/db/master";
  config.servers = {n1, n2, n3};
  config.hosts = {{"dbx", dbx, "DB X", ""},
                  {"dby", dby, "DB Y", ""},
                  {"infra1", n1, "", "http://10.0.0.1:4001"},
                  {"infra2", n2, "", "http://10.0.0.2:4001"},
                  {"infra3", n3, "", ""}};
  for (const Host& host : config.hosts) {
    if (host.name == config.name) config.title = host.title;
  }
  return config;
}

inline std::string name_of(NodeId node) {
  if (node == dbx) return "dbx";
  if (node == dby) return "dby";
  if (node == app_host) return "app";
  if (node == disk) return "disk";
  return node ? "n" + std::to_string(node.value) : "nobody";
}

// "PUT /v2/keys/x?prevExist=false value=a&ttl=5"
inline std::string http_line(ByteView ask) {
  const std::optional<kv::HttpRequest> http = kv::decode_http_request(ask);
  if (!http) return "not HTTP";
  std::string line = std::string(http->method) + " " + std::string(http->target);
  if (!http->body.empty()) {
    if (http->content_type != "application/x-www-form-urlencoded") return "wrong content type";
    line += " " + std::string(http->body);
  }
  return line;
}

inline std::string seconds_text(std::int64_t ns) {
  std::string ms = std::to_string(ns / 1'000'000 % 1'000);
  ms.insert(0, 3 - ms.size(), '0');
  return std::to_string(ns / 1'000'000'000) + "." + ms;
}

inline std::string note_line(const Note& note) {
  const auto reason = [&]() -> std::string {
    switch (note.reason) {
      case Reason::none:
        return "";
      case Reason::already_so:
        return ", still";
      case Reason::lease_over:
        return ": lease over";
      case Reason::lost_to_another:
        return ": lost";
      case Reason::given_back:
        return ": given back";
      case Reason::old_token:
        return ": old token";
      default:
        return ": another reason";
    }
  }();
  const std::string a = std::to_string(note.a), c = std::to_string(note.c);
  switch (note.fact) {
    case Fact::holds:
      return "# holds " + a + " until " + seconds_text(static_cast<std::int64_t>(note.c)) + reason;
    case Fact::lets_go:
      return "# lets go " + a + reason;
    case Fact::follows:
      return "# follows " + name_of(note.peer) + " " + a;
    case Fact::works:
      return "# works at " + name_of(note.peer) + " with " + a + ", piece " + c;
    case Fact::work_done:
      return "# took " + name_of(note.peer) + " " + a + " after " + c;
    case Fact::work_refused:
      return "# refused " + name_of(note.peer) + " " + a + " after " + c + reason;
    default:
      return "# another fact";
  }
}

inline std::string event_json(std::string_view action, std::string_view value,
                              std::uint64_t modified, std::uint64_t created) {
  std::string json = R"({"action":")" + std::string(action) + R"(","node":{"key":"/db/master")";
  if (!value.empty()) json += R"(,"value":")" + std::string(value) + "\"";
  return json + R"(,"modifiedIndex":)" + std::to_string(modified) + R"(,"createdIndex":)" +
         std::to_string(created) + "}}\n";
}
inline std::string error_json(int code, std::uint64_t index) {
  return R"({"errorCode":)" + std::to_string(code) +
         R"(,"message":"m","cause":"/db/master","index":)" + std::to_string(index) + "}\n";
}

class Driver {
 public:
  explicit Driver(const AppConfig& config) { app.reset(config, Random(7)); }

  void start() { deliver({}); }
  // The clock goes on; the program is woken when it asked for that. Afterwards it is `ms`.
  void at(std::int64_t ms) {
    const Instant until{ms * 1'000'000};
    for (int wakes = 0; wake_at <= until; ++wakes) {
      REQUIRE(wakes < 100);
      if (wake_at > now) now = wake_at;
      wake();
    }
    now = until;
  }
  // The program is stopped until then: its deadlines come late. Nothing is delivered by this.
  void paused_until(std::int64_t ms) { now = Instant{ms * 1'000'000}; }
  void wake() {
    Event event;
    event.kind = Event::Kind::deadline_reached;
    deliver(event);
  }
  // A whole answer to what was asked last over HTTP.
  void answer(int status, std::string_view body, std::uint64_t etcd_index = 0,
              std::string_view location = {}) {
    part(kv::HttpPart::Kind::whole, status, body, etcd_index, location);
  }
  // The head of a watch, and what ends it.
  void head(std::uint64_t etcd_index) { part(kv::HttpPart::Kind::head, 200, {}, etcd_index, {}); }
  void tail(std::string_view body) { part(kv::HttpPart::Kind::end, 0, body, 0, {}); }
  void bytes(ByteView bytes, bool last = true) {
    Event event;
    event.kind = Event::Kind::answered;
    event.id = http_ask;
    event.bytes = bytes;
    event.last = last;
    deliver(event);
  }
  void refuse() {
    Event event;
    event.kind = Event::Kind::ask_failed;
    event.id = http_ask;
    deliver(event);
  }
  void answer_work(bool taken, std::uint64_t highest) {
    Bytes bytes;
    encode(WorkAnswer{taken, highest}, bytes);
    Event event;
    event.kind = Event::Kind::answered;
    event.id = work_ask;
    event.bytes = bytes;
    deliver(event);
  }
  void request(std::uint64_t id, NodeId peer, ByteView bytes) {
    Event event;
    event.kind = Event::Kind::client_request;
    event.id = id;
    event.peer = peer;
    event.bytes = bytes;
    deliver(event);
  }
  void deliver(const Event& event) {
    out.clear();
    app.step({now, now}, event, out);
    wake_at = out.wake_at;
    take_down();
    for (const Effects::Write& write : out.writes) {
      const ByteView written = out.view(write.bytes);
      on_disk.assign(written.begin(), written.end());
      last_write = write.id;
    }
    if (!out.writes.empty() && quick_disk) durable();
  }
  // What was written last is on the disk, or never will be.
  void durable(bool holds = true) {
    Event event;
    event.kind = holds ? Event::Kind::write_durable : Event::Kind::write_failed;
    event.id = last_write;
    deliver(event);
  }
  // The process begins with what the disk kept.
  void start_with(ByteView kept) {
    const FileContent file{FileId::session, kept};
    Event event;
    event.files = {&file, 1};
    deliver(event);
  }
  // What happened since the last call.
  Lines did() { return std::exchange(lines_, {}); }

  App app;
  Effects out;
  Instant now;
  Instant wake_at = kNever;
  std::uint64_t http_ask = 0, work_ask = 0;
  std::vector<WorkAnswer> work_answers;
  Bytes on_disk;
  std::uint64_t last_write = 0;
  bool quick_disk = true;

 private:
  void part(kv::HttpPart::Kind kind, int status, std::string_view body, std::uint64_t etcd_index,
            std::string_view location) {
    Bytes encoded;
    kv::PartWriter writer(encoded, kind);
    if (kind == kv::HttpPart::Kind::whole || kind == kv::HttpPart::Kind::head) {
      const std::size_t headers = 1 + (etcd_index != 0) + !location.empty();
      const bool chunked = kind == kv::HttpPart::Kind::head;
      writer.head(static_cast<std::uint16_t>(status), chunked, false, false, headers);
      writer.header("Content-Type", "application/json");
      if (etcd_index != 0) writer.header("X-Etcd-Index", std::to_string(etcd_index));
      if (!location.empty()) writer.header("Location", location);
    }
    if (kind != kv::HttpPart::Kind::head) writer.body(as_bytes(body));
    bytes(encoded, kind != kv::HttpPart::Kind::head);
  }
  void take_down() {
    for (const Effects::Ask& ask : out.asks) {
      std::string line = name_of(ask.target) + " <- ";
      if (ask.hang_up) {
        line += "hangs up";
      } else if (const auto work = decode_work_request(out.view(ask.bytes)); work.has_value()) {
        line += "work " + std::to_string(work->piece) + " with " + std::to_string(work->token) +
                " by " + name_of(work->who);
        work_ask = ask.id;
      } else {
        line += http_line(out.view(ask.bytes));
        http_ask = ask.id;
      }
      lines_.push_back(line);
    }
    for (const Effects::Speech& speech : out.speeches) {
      lines_.push_back((speech.as ? name_of(speech.as) : "self") + ": " +
                       std::string(as_text(out.view(speech.text))));
    }
    for (const Note& note : out.notes) lines_.push_back(note_line(note));
    for (const Effects::Reply& reply : out.replies) {
      const auto answer = decode_work_answer(out.view(reply.bytes));
      lines_.push_back("reply " + std::to_string(reply.request) +
                       (answer ? (answer->taken ? ": taken, " : ": refused, ") +
                                     std::to_string(answer->highest)
                               : ": nothing"));
    }
  }
  Lines lines_;
};

}  // namespace quorumlab::recipes
