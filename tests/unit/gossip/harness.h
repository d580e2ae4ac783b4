// A cluster of gossip engines in memory: one clock, a constant delay for packets and streams, and
// processes that can be killed, restarted and paused. Everything happens in the order of (time,
// sequence); what a node said of itself is kept with its time.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <vector>

#include "core/gossip/engine.h"

namespace quorumlab::gossip::test {

struct TimedNote {
  Instant at;
  Note note;
};

struct TimedDelivery {
  Instant at;
  EventKind kind = EventKind::user;
  std::uint64_t ltime = 0, query_id = 0;
  std::string name, payload;
};

struct TimedAnswer {
  Instant at;
  Ready::Answer answer;
  std::string text;
};

struct Host {
  Config config;
  Engine engine;
  bool up = false;
  bool paused = false;
  bool blocked = false;        // its sends are, and what comes in waits
  std::vector<std::pair<NodeId, Bytes>> hanging;  // what it sends meanwhile
  std::uint64_t starts = 0;
  std::uint64_t packets_out = 0, bytes_out = 0, packets_in = 0;
  std::vector<TimedNote> notes;
  std::vector<Ready::Answer> answers;
  std::string answer_text;
  std::vector<TimedAnswer> answered;
  std::vector<TimedDelivery> deliveries;
  Bytes file;            // the snapshot, as the page cache has it
  Bytes keyring;         // likewise
  bool stopped = false;  // it ended by itself
};

class Cluster {
 public:
  Directory names;
  std::vector<Host> hosts;
  Duration delay = microseconds(200);
  // How often engines allocated, if somebody says how to count.
  std::uint64_t (*allocations)() = nullptr;
  std::uint64_t allocated = 0;
  // Whether a packet gets through; by default every one does.
  std::function<bool(NodeId from, NodeId to, ByteView bytes)> deliver;

  explicit Cluster(std::uint32_t n, const std::function<void(Config&)>& tweak = {},
                   std::uint64_t seed = 1)
      : seed_(seed) {
    for (std::uint32_t i = 1; i <= n; ++i) {
      Host host;
      host.config = Config::lan();
      host.config.id = {i};
      host.config.name = "node" + std::to_string(i);
      host.config.compression = false;
      if (tweak) tweak(host.config);
      hosts.push_back(std::move(host));
    }
  }

  Host& host(std::uint32_t id) { return hosts.at(id - 1); }
  Engine& operator[](std::uint32_t id) { return host(id).engine; }
  Instant now() const { return now_; }
  PeerId peer(std::uint32_t id) { return names.find(host(id).config.name); }
  State state(std::uint32_t observer, std::uint32_t target) {
    const PeerId id = peer(target);
    return id ? host(observer).engine.member(id).state : State::unknown;
  }
  const Member& member(std::uint32_t observer, std::uint32_t target) {
    return host(observer).engine.member(peer(target));
  }

  // Does something to a node's engine as a step of its own.
  void step(std::uint32_t id, const std::function<void(Engine&, const Turn&)>& what) {
    ready_.clear();
    const std::uint64_t before = allocations != nullptr ? allocations() : 0;
    what(host(id).engine, turn());
    if (allocations != nullptr) allocated += allocations() - before;
    carry(id);
  }
  void start(std::uint32_t id) {
    Host& h = host(id);
    h.engine.reset(h.config, Random(seed_ * 1'000'003 + id * 1'009 + h.starts++));
    h.up = true;
    h.paused = h.stopped = false;
    const Bytes file = h.file;
    const Bytes keyring = h.keyring;
    step(id, [&](Engine& e, const Turn& t) { e.start(t, file, keyring); });
  }
  void join(std::uint32_t id, std::uint32_t target, std::uint64_t request = 1) {
    const NodeId to{target};
    step(id, [&](Engine& e, const Turn& t) { e.join(t, request, {&to, 1}, false); });
  }
  // Starts everybody, a moment apart, all but the first joining it.
  void start_all(Duration apart = milliseconds(37)) {
    for (std::uint32_t i = 1; i <= hosts.size(); ++i) {
      start(i);
      if (i > 1) join(i, 1);
      run_for(apart);
    }
  }
  // The process ends and says nothing: peers that dial are refused, their streams break.
  void kill(std::uint32_t id) {
    host(id).up = false;
    for (Pipe& pipe : pipes_) {
      if (!pipe.open || (pipe.opener != id && pipe.acceptor != id)) continue;
      pipe.open = false;
      const bool by_opener = pipe.opener == id;
      post({now_ + delay,
            0,
            Kind::stream_closed,
            by_opener ? pipe.acceptor : pipe.opener,
            {},
            by_opener ? pipe.acceptor_id : pipe.opener_id,
            {}});
    }
  }
  void pause(std::uint32_t id) { host(id).paused = true; }
  // Late deadlines first, then what waited in the socket, in order.
  void resume(std::uint32_t id) {
    host(id).paused = false;
    wake(id);
    std::vector<Event> waited = std::move(waiting_[id]);
    waiting_[id].clear();
    step(id, [](Engine& e, const Turn& t) { e.on_deadline(t); });
    for (Event& event : waited) handle(event);
  }

  void block(std::uint32_t id) {
    host(id).blocked = true;
    step(id, [](Engine& e, const Turn&) { e.on_sends_blocked(); });
  }
  // First leaves what hung; then the engine goes on; then comes what waited in the socket, in order.
  void unblock(std::uint32_t id) {
    host(id).blocked = false;
    for (const auto& [target, bytes] : host(id).hanging) send(id, target, bytes);
    host(id).hanging.clear();
    step(id, [](Engine& e, const Turn& t) { e.on_sends_unblocked(t); });
    std::vector<Event> waited = std::move(waiting_[id]);
    waiting_[id].clear();
    for (Event& event : waited) handle(event);
  }

  void run_for(Duration d) { run_until(now_ + d); }
  void run_until(Instant end) {
    while (!events_.empty() && events_.top().at <= end) {
      Event event = events_.top();
      events_.pop();
      now_ = std::max(now_, event.at);
      handle(event);
    }
    now_ = std::max(now_, end);
  }
  // Runs until `what` holds, at most so long. Whether it came to hold.
  bool run_while_not(const std::function<bool()>& what, Duration at_most) {
    const Instant end = now_ + at_most;
    while (!what()) {
      if (events_.empty() || events_.top().at > end) return false;
      Event event = events_.top();
      events_.pop();
      now_ = std::max(now_, event.at);
      handle(event);
    }
    return true;
  }
  bool everybody_knows_everybody() {
    for (std::uint32_t a = 1; a <= hosts.size(); ++a) {
      if (!host(a).up) continue;
      for (std::uint32_t b = 1; b <= hosts.size(); ++b) {
        if (host(b).up && state(a, b) != State::alive) return false;
      }
    }
    return true;
  }
  // The first note of this kind by this node since `since`; nullptr if there is none.
  const TimedNote* find(std::uint32_t id, Fact fact, Instant since = {}) {
    for (const TimedNote& n : host(id).notes) {
      if (n.note.fact == fact && n.at >= since) return &n;
    }
    return nullptr;
  }
  std::size_t count(std::uint32_t id, Fact fact, Instant since = {}) {
    return static_cast<std::size_t>(
        std::count_if(host(id).notes.begin(), host(id).notes.end(),
                      [&](const TimedNote& n) { return n.note.fact == fact && n.at >= since; }));
  }
  void packet(std::uint32_t to, NodeId from, ByteView bytes) {
    step(to, [&](Engine& e, const Turn& t) { e.on_packet(t, from, bytes); });
  }

 private:
  enum class Kind : std::uint8_t {
    wake,
    packet,
    stream_asked,
    stream_opened,
    stream_refused,
    stream_bytes,
    stream_closed
  };
  struct Event {
    Instant at;
    std::uint64_t order = 0;
    Kind kind = Kind::wake;
    std::uint32_t to = 0;
    NodeId from;
    std::uint64_t id = 0;
    Bytes bytes;
    bool operator<(const Event& o) const { return at != o.at ? at > o.at : order > o.order; }
  };
  struct Pipe {
    std::uint32_t opener = 0, acceptor = 0;
    std::uint64_t opener_id = 0, acceptor_id = 0;
    bool open = false;
  };

  Turn turn() { return {{now_, now_}, names, ready_}; }
  void post(Event event) {
    event.order = ++order_;
    events_.push(std::move(event));
  }
  void wake(std::uint32_t id) {
    const Instant at = host(id).engine.deadline();
    if (at != kNever) post({std::max(at, now_), 0, Kind::wake, id, {}, 0, {}});
  }

  void carry(std::uint32_t id) {
    Host& h = host(id);
    for (const Note& note : ready_.notes) h.notes.push_back({now_, note});
    for (const Ready::Answer& answer : ready_.answers) {
      h.answers.push_back(answer);
      h.answer_text = std::string(as_text(ready_.view(answer.bytes)));
      h.answered.push_back({now_, answer, h.answer_text});
    }
    for (const Ready::Delivery& d : ready_.deliveries) {
      h.deliveries.push_back({now_, d.kind, d.ltime, d.query_id,
                              std::string(as_text(ready_.view(d.name))),
                              std::string(as_text(ready_.view(d.payload)))});
    }
    for (const Ready::Write& w : ready_.writes) {
      const ByteView bytes = ready_.view(w.bytes);
      Bytes& file = w.file == Ready::Write::File::keyring ? h.keyring : h.file;
      if (w.replace) file.clear();
      file.insert(file.end(), bytes.begin(), bytes.end());
    }
    for (const Ready::Packet& p : ready_.packets) {
      const ByteView bytes = ready_.view(p.bytes);
      if (h.blocked) {
        h.hanging.push_back({p.target, Bytes(bytes.begin(), bytes.end())});
      } else {
        send(id, p.target, bytes);
      }
    }
    for (const Ready::Stream& s : ready_.streams) carry_stream(id, s);
    if (ready_.stop) {
      h.stopped = true;
      kill(id);
      return;
    }
    wake(id);
  }
  void send(std::uint32_t id, NodeId target, ByteView bytes) {
    Host& h = host(id);
    ++h.packets_out;
    h.bytes_out += bytes.size();
    if (deliver && !deliver(NodeId{id}, target, bytes)) return;
    if (!target || target.value > hosts.size()) return;
    post({now_ + delay, 0, Kind::packet, target.value, NodeId{id}, 0,
          Bytes(bytes.begin(), bytes.end())});
  }
  void carry_stream(std::uint32_t id, const Ready::Stream& s) {
    if (s.op == Ready::Stream::Op::open) {
      const std::uint32_t target = s.target.value <= hosts.size() ? s.target.value : 0;
      post({now_ + delay, 0, Kind::stream_asked, target, NodeId{id}, s.id, {}});
      return;
    }
    for (Pipe& pipe : pipes_) {
      const bool opener = pipe.opener == id && pipe.opener_id == s.id;
      if (!pipe.open || (!opener && !(pipe.acceptor == id && pipe.acceptor_id == s.id))) continue;
      const ByteView bytes = ready_.view(s.bytes);
      post({now_ + delay, 0,
            s.op == Ready::Stream::Op::send ? Kind::stream_bytes : Kind::stream_closed,
            opener ? pipe.acceptor : pipe.opener, NodeId{id},
            opener ? pipe.acceptor_id : pipe.opener_id, Bytes(bytes.begin(), bytes.end())});
      if (s.op == Ready::Stream::Op::close) pipe.open = false;
      return;
    }
  }

  void handle(Event& event) {
    if (event.kind == Kind::stream_asked) return stream_asked(event);
    Host& h = host(event.to);
    if (!h.up) return;
    if (h.paused || (h.blocked && event.kind != Kind::wake)) {
      if (event.kind != Kind::wake) waiting_[event.to].push_back(std::move(event));
      return;
    }
    switch (event.kind) {
      case Kind::wake:
        if (h.engine.deadline() > now_) return;
        return step(event.to, [](Engine& e, const Turn& t) { e.on_deadline(t); });
      case Kind::packet:
        ++h.packets_in;
        return packet(event.to, event.from, event.bytes);
      case Kind::stream_opened:
        return step(event.to, [&](Engine& e, const Turn& t) {
          e.on_stream_opened(t, event.id, event.from, event.bytes.empty());
        });
      case Kind::stream_refused:
        return step(event.to, [&](Engine& e, const Turn& t) { e.on_stream_refused(t, event.id); });
      case Kind::stream_bytes:
        return step(event.to,
                    [&](Engine& e, const Turn& t) { e.on_stream_bytes(t, event.id, event.bytes); });
      case Kind::stream_closed:
        return step(event.to, [&](Engine& e, const Turn& t) { e.on_stream_closed(t, event.id); });
      case Kind::stream_asked:
        break;
    }
  }
  void stream_asked(Event& event) {
    const std::uint32_t opener = event.from.value;
    if (event.to == 0 || !host(event.to).up) {
      post({now_ + delay, 0, Kind::stream_refused, opener, {}, event.id, {}});
      return;
    }
    Pipe pipe{opener, event.to, event.id, (std::uint64_t{1} << 63) + ++pipe_ids_, true};
    pipes_.push_back(pipe);
    // A byte in `bytes` marks the end that accepts.
    Event accepted{now_, 0, Kind::stream_opened, event.to, NodeId{opener}, pipe.acceptor_id, {1}};
    post(accepted);
    post({now_ + delay, 0, Kind::stream_opened, opener, NodeId{event.to}, event.id, {}});
  }

  std::uint64_t seed_;
  Instant now_{};
  std::uint64_t order_ = 0, pipe_ids_ = 0;
  Ready ready_;
  std::priority_queue<Event> events_;
  std::vector<Pipe> pipes_;
  std::map<std::uint32_t, std::vector<Event>> waiting_;
};

}  // namespace quorumlab::gossip::test
