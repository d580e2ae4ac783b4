// Several programs and the servers they talk to, on one clock and without a network: answers take a
// millisecond each way (two to the app), hosts can be killed, paused and cut off, clocks can go
// wrong, and servers can refuse, keep silent, or do what they are asked and lose the answer.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/recipes/driver.h"
#include "tests/unit/recipes/etcd.h"

namespace quorumlab::recipes {

class Town {
 public:
  enum class Mood { fine, refuses, silent, loses_answers, gives_up };

  explicit Town(std::unique_ptr<Etcd> etcd) : etcd_(std::move(etcd)) {}

  void start(NodeId id, const AppConfig& config) {
    Resident& host = hosts_[id];
    host.config = config;
    host.app.reset(config, Random(id.value * 1'000 + ++lives_));
    host.alive = true;
    host.paused = false;
    host.waiting.clear();
    host.epoch = ++lives_;
    Event event;
    deliver(id, event);
  }
  void kill(NodeId id) {
    Resident& host = hosts_[id];
    host.alive = false;
    host.epoch = ++lives_;
    host.wake_at = kNever;
    // Its connections are closed.
    for (auto ask = asks_.begin(); ask != asks_.end();) {
      if (ask->second.asker == id) {
        etcd_->gone(ask->first);
        ask = asks_.erase(ask);
      } else {
        ++ask;
      }
    }
  }
  void pause(NodeId id) { hosts_[id].paused = true; }
  void resume(NodeId id) {
    Resident& host = hosts_[id];
    host.paused = false;
    std::vector<Mail> waiting = std::exchange(host.waiting, {});
    if (host.wake_at <= now) wake(id);
    for (Mail& mail : waiting) arrive(mail);
  }
  void cut(NodeId id, bool off = true) { hosts_[id].cut = off; }
  // Its clock goes that fast, from the beginning of time on. REQUIRES: it was not started yet.
  void clock(NodeId id, std::int64_t percent) { hosts_[id].percent = percent; }
  void mood(NodeId server, Mood mood) { moods_[server] = mood; }
  // Other clients write other keys.
  void bustle(std::uint64_t writes) {
    for (std::uint64_t i = 0; i < writes; ++i) {
      kv::HttpRequest http;
      http.method = "PUT";
      http.target = "/v2/keys/bustle";
      http.content_type = "application/x-www-form-urlencoded";
      http.body = "value=x";
      etcd_->ask(true_now(), n1, kNoRequest + i, http);
      post_parts();
    }
  }

  void run_until(std::int64_t ms) {
    const Instant until{ms * 1'000'000};
    for (std::uint64_t steps = 0;; ++steps) {
      REQUIRE(steps < 1'000'000);
      Instant next = etcd_->deadline();
      NodeId sleeper;
      for (const auto& [id, host] : hosts_) {
        if (!host.alive || host.paused || host.wake_at >= next) continue;
        next = host.wake_at;
        sleeper = id;
      }
      const bool mail_first = !mail_.empty() && mail_.begin()->first.first <= next;
      if (mail_first) next = mail_.begin()->first.first;
      if (next > until) break;
      now = std::max(now, next);
      if (mail_first) {
        Mail mail = std::move(mail_.begin()->second);
        mail_.erase(mail_.begin());
        arrive(mail);
      } else if (sleeper) {
        wake(sleeper);
      } else {
        etcd_->on_time(true_now());
        post_parts();
      }
      if (after_step) after_step(*this);
    }
    now = until;
  }

  const App& app(NodeId id) const { return hosts_.at(id).app; }
  bool alive(NodeId id) const { return hosts_.contains(id) && hosts_.at(id).alive; }
  // Who holds and believes that its lease still runs.
  std::vector<NodeId> holders() const {
    std::vector<NodeId> found;
    for (const auto& [id, host] : hosts_) {
      if (!host.alive || !host.app.holds()) continue;
      const bool over = host.app.status().lease_until <= host.clock(now);
      if (host.config.checks_lease && over) continue;
      found.push_back(id);
    }
    return found;
  }

  struct Noted {
    Instant at;
    NodeId host;
    Note note;
  };
  Instant now;
  std::vector<std::string> bubbles;  // "dbx: Master me!", "n1 to dbx: Ok!"
  std::vector<Noted> notes;
  void (*after_step)(Town&) = nullptr;

 private:
  struct Mail {
    enum class Kind { ask, hang_up, part, failed } kind = Kind::ask;
    NodeId from, to;
    std::uint64_t number = 0;  // of the ask, in the town
    std::uint64_t epoch = 0;   // of the addressee
    bool last = true;
    Bytes bytes;
  };
  struct Asked {
    NodeId asker, server;
    std::uint64_t id = 0, epoch = 0;
    bool lost = false, gives_up = false;
  };
  struct Resident {
    AppConfig config;
    App app;
    bool alive = false, paused = false, cut = false;
    std::uint64_t epoch = 0;
    Instant wake_at = kNever;  // in true time
    std::int64_t percent = 100;
    std::vector<Mail> waiting;

    Instant clock(Instant true_time) const { return {true_time.ns * percent / 100}; }
    Instant true_time(Instant clock) const {
      return clock == kNever ? kNever : Instant{(clock.ns * 100 + percent - 1) / percent};
    }
  };

  // The servers' clocks. Before the year 2000 a key never expires, in etcd.
  Now true_now() const { return {now, now + seconds(1'800'000'000)}; }
  static constexpr std::uint64_t kNoRequest = std::uint64_t{1} << 60;  // nobody's from here on

  bool is_server(NodeId id) const { return id.value < 10; }

  void post(Mail mail, NodeId outside) {
    const Duration way = milliseconds(outside == app_host ? 2 : 1);
    mail_.emplace(std::pair(now + way, ++mailed_), std::move(mail));
  }
  void arrive(Mail& mail) {
    if (mail.kind == Mail::Kind::ask || mail.kind == Mail::Kind::hang_up) {
      if (hosts_[mail.from].cut) return;
      if (is_server(mail.to)) return at_server(mail);
      Resident& host = hosts_[mail.to];
      if (!host.alive) return answer(mail.number, {}, true, true);
      if (host.paused) return host.waiting.push_back(mail);
      Event event;
      event.kind = mail.kind == Mail::Kind::ask ? Event::Kind::client_request
                                                : Event::Kind::client_gone;
      event.id = mail.number;
      event.peer = mail.from;
      event.bytes = mail.bytes;
      return deliver(mail.to, event);
    }
    const auto ask = asks_.find(mail.number);
    if (ask == asks_.end()) return;
    Resident& host = hosts_[ask->second.asker];
    if (host.cut || host.epoch != ask->second.epoch) return;
    if (host.paused) return host.waiting.push_back(mail);
    Event event;
    event.kind = mail.kind == Mail::Kind::part ? Event::Kind::answered : Event::Kind::ask_failed;
    event.id = ask->second.id;
    event.peer = ask->second.server;
    event.bytes = mail.bytes;
    event.last = mail.last;
    const NodeId asker = ask->second.asker;
    if (mail.last) asks_.erase(ask);
    deliver(asker, event);
  }
  void at_server(Mail& mail) {
    const Mood mood = moods_[mail.to];
    if (mail.kind == Mail::Kind::hang_up) return etcd_->gone(mail.number);
    if (mood == Mood::refuses) return answer(mail.number, {}, true, true);
    if (mood == Mood::silent) return;
    const auto ask = asks_.find(mail.number);
    if (ask == asks_.end()) return;
    const std::optional<kv::HttpRequest> http = kv::decode_http_request(mail.bytes);
    REQUIRE(http.has_value());
    const bool waits = http->target.find("wait=true") != std::string_view::npos;
    ask->second.lost = mood == Mood::loses_answers;
    ask->second.gives_up = mood == Mood::gives_up && !waits;
    etcd_->ask(true_now(), mail.to, mail.number, *http);
    post_parts();
  }
  void post_parts() {
    for (Etcd::Part& part : std::exchange(etcd_->parts, {})) {
      const auto ask = asks_.find(part.request);
      if (ask == asks_.end() || ask->second.lost) continue;
      if (ask->second.gives_up) {
        part.bytes.clear();
        kv::PartWriter writer(part.bytes, kv::HttpPart::Kind::whole);
        writer.head(500, false, false, false, 0);
        writer.body(as_bytes(error_json(300, 0)));
        part.last = true;
      }
      answer(part.request, part.bytes, part.last, false);
    }
  }
  void answer(std::uint64_t number, Bytes bytes, bool last, bool failed) {
    Mail mail;
    mail.kind = failed ? Mail::Kind::failed : Mail::Kind::part;
    mail.number = number;
    mail.bytes = std::move(bytes);
    mail.last = last;
    post(std::move(mail), asks_.contains(number) ? asks_[number].asker : kNobody);
  }
  void wake(NodeId id) {
    Event event;
    event.kind = Event::Kind::deadline_reached;
    deliver(id, event);
  }
  void deliver(NodeId id, const Event& event) {
    Resident& host = hosts_[id];
    out_.clear();
    host.app.step({host.clock(now), host.clock(now)}, event, out_);
    host.wake_at = host.true_time(out_.wake_at);
    for (const Effects::Speech& speech : out_.speeches) {
      const std::string text(as_text(out_.view(speech.text)));
      bubbles.push_back((speech.as ? name_of(speech.as) + " to " : "") + name_of(id) + ": " + text);
    }
    for (const Note& note : out_.notes) notes.push_back({now, id, note});
    for (const Effects::Ask& ask : out_.asks) {
      Mail mail;
      mail.from = id;
      mail.to = ask.target;
      if (ask.hang_up) {
        const auto open = std::find_if(asks_.begin(), asks_.end(), [&](const auto& a) {
          return a.second.asker == id && a.second.id == ask.id && a.second.epoch == host.epoch;
        });
        if (open == asks_.end()) continue;
        mail.kind = Mail::Kind::hang_up;
        mail.number = open->first;
        asks_.erase(open);
      } else {
        mail.number = ++asked_;
        asks_[mail.number] = {id, ask.target, ask.id, host.epoch};
        const ByteView view = out_.view(ask.bytes);
        mail.bytes.assign(view.begin(), view.end());
      }
      post(std::move(mail), id);
    }
    for (const Effects::Reply& reply : out_.replies) {
      const ByteView view = out_.view(reply.bytes);
      answer(reply.request, Bytes(view.begin(), view.end()), reply.last, false);
    }
    if (out_.writes.empty()) return;
    Event durable;  // disks are quick here
    durable.kind = Event::Kind::write_durable;
    durable.id = out_.writes.back().id;
    deliver(id, durable);
  }

  std::unique_ptr<Etcd> etcd_;
  std::map<NodeId, Resident> hosts_;
  std::map<NodeId, Mood> moods_;
  std::map<std::uint64_t, Asked> asks_;
  std::map<std::pair<Instant, std::uint64_t>, Mail> mail_;
  std::uint64_t asked_ = 0, mailed_ = 0, lives_ = 0;
  Effects out_;
};

}  // namespace quorumlab::recipes
