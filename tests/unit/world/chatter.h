// A small protocol for testing the world without Raft: every node greets every other at a fixed
// interval and answers greetings; what it writes, opens or asks for is set from outside. It keeps
// what it was told, so that tests can look.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/world/simulation.h"

namespace quorumlab::world::test {

// What a test wants of its nodes; kept alive by the test.
struct ChatterPlan {
  Duration interval = milliseconds(100);  // of greetings; 0: none
  std::uint32_t greeting_bytes = 20;
  bool answers = true;  // greetings are answered
  bool writes = false;  // each greeting sent is written first and waits for that
  NodeId only{};        // only this node greets, if named
  NodeId greets{};      // and only this one, if named
};

class Chatter : public ForeignBehaviour {
 public:
  static constexpr std::uint8_t kGreeting = 1, kAnswer = 2;

  explicit Chatter(const ForeignStart& start)
      : id_(start.id), nodes_(start.nodes), plan_(static_cast<const ChatterPlan*>(start.context)) {}
  static std::unique_ptr<ForeignBehaviour> make(const ForeignStart& start) {
    return std::make_unique<Chatter>(start);
  }
  std::unique_ptr<ForeignBehaviour> clone() const override {
    return std::make_unique<Chatter>(*this);
  }

  void step(Now now, const Event& event, Effects& out) override {
    ++steps;
    switch (event.kind) {
      case Event::Kind::started:
        for (const FileContent& file : event.files) {
          found.assign(file.bytes.begin(), file.bytes.end());
        }
        if (greets()) next_ = now.monotonic + plan_->interval;
        break;
      case Event::Kind::deadline_reached:
        if (now.monotonic >= next_ && greets()) greet(now, out);
        break;
      case Event::Kind::packet:
        ++packets;
        if (event.bytes.size() >= 8) received.push_back(load_le64(event.bytes.data()));
        if (event.bytes.size() > 8) {
          for (const std::uint8_t byte : event.bytes.subspan(8)) damaged += byte == 0x5a ? 0 : 1;
        }
        if (plan_->answers && event.bytes.size() == plan_->greeting_bytes) {
          const std::uint32_t begin = out.begin();
          ByteWriter(out.bytes).u64(load_le64(event.bytes.data()));
          out.packets.push_back({event.peer, kAnswer, 0, out.end(begin)});
        }
        break;
      case Event::Kind::write_durable:
        durable = event.id;
        break;
      case Event::Kind::write_failed:
        ++failed;
        break;
      case Event::Kind::client_request: {
        const std::uint32_t begin = out.begin();
        Response response;
        response.index = {packets + 1};
        encode(response, out.bytes);
        out.replies.push_back({event.id, true, out.end(begin)});
        out.notes.push_back({Fact::toy, Reason::none, event.peer, event.id, 0, 0});
        break;
      }
      case Event::Kind::stream_opened:
        ++opened;
        streams.push_back(event.id);
        break;
      case Event::Kind::stream_refused:
        ++refused;
        break;
      case Event::Kind::stream_bytes:
        heard.append(as_text(event.bytes));
        break;
      case Event::Kind::stream_closed:
        ++closed;
        break;
      case Event::Kind::client_gone:
        ++gone;
        break;
      case Event::Kind::answered:
      case Event::Kind::ask_failed:
        break;  // it asks nobody
      case Event::Kind::sends_blocked:
      case Event::Kind::sends_unblocked:
        break;  // it waits for no send
    }
    out.wake_at = next_;
  }

  std::uint64_t steps = 0, packets = 0, durable = 0, failed = 0, damaged = 0;
  std::uint64_t opened = 0, refused = 0, closed = 0, gone = 0, sent = 0;
  std::vector<std::uint64_t> received;  // numbers of greetings and answers, as they came
  std::vector<std::uint64_t> streams;
  std::string heard;
  Bytes found;  // the file at the start

 protected:
  bool greets() const { return plan_->interval.ns > 0 && (!plan_->only || plan_->only == id_); }
  void greet(Now now, Effects& out) {
    next_ = now.monotonic + plan_->interval;
    ++sent;
    std::uint64_t after = 0;
    if (plan_->writes) {
      const std::uint32_t begin = out.begin();
      ByteWriter(out.bytes).u64(sent);
      after = ++write_;
      out.writes.push_back({after, FileId::toy, Effects::Write::Mode::append, out.end(begin)});
    }
    for (std::uint32_t n = 1; n <= nodes_; ++n) {
      if (n == id_.value || (plan_->greets && plan_->greets.value != n)) continue;
      const std::uint32_t begin = out.begin();
      ByteWriter(out.bytes).u64(sent);
      out.bytes.resize(begin + plan_->greeting_bytes, 0x5a);
      out.packets.push_back({{n}, kGreeting, after, out.end(begin)});
    }
  }

  NodeId id_;
  std::uint32_t nodes_ = 0;
  const ChatterPlan* plan_ = nullptr;
  Instant next_ = kNever;
  std::uint64_t write_ = 0;
};

inline ClusterConfig chatter_cluster(std::uint32_t nodes, const ChatterPlan& plan) {
  ClusterConfig config;
  for (std::uint32_t i = 1; i <= nodes; ++i) config.names.push_back("n" + std::to_string(i));
  config.foreign = &Chatter::make;
  config.foreign_context = &plan;
  return config;
}

inline const Chatter& chatter(const Simulation& simulation, std::uint32_t node) {
  return *static_cast<const Chatter*>(simulation.foreign({node}));
}

inline Action act(Verb verb, std::vector<NodeId> nodes = {},
                  std::vector<std::vector<NodeId>> groups = {}) {
  Action action;
  action.verb = verb;
  action.nodes = std::move(nodes);
  action.groups = std::move(groups);
  return action;
}

}  // namespace quorumlab::world::test
