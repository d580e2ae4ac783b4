// Messages that no engine sends: any type, any numbers, any body. What they do to safety is their
// sender's fault; a node must never crash, nor read out of bounds, nor loop.
#include "tests/catch.h"
#include "tests/unit/raft/harness.h"

using namespace quorumlab;
using namespace quorumlab::raft;
using namespace quorumlab::raft::test;

namespace {

class Noise {
 public:
  explicit Noise(std::uint64_t seed) : random_(seed) {}
  std::uint64_t draw(std::uint64_t bound) { return below(random_.draw(3, counter_++), bound); }
  // Mostly small, now and then any.
  std::uint64_t number() {
    const std::uint64_t dice = draw(20);
    if (dice == 0) return random_.draw(4, counter_++);
    if (dice == 1) return UINT64_MAX - draw(3);
    return draw(8);
  }
  Message message(const Cluster& c) {
    Message m;
    m.type = static_cast<MessageType>(1 + draw(kMessageTypeCount - 1));
    m.reject = draw(3) == 0;
    m.flag = draw(3) == 0;
    m.source = {static_cast<std::uint32_t>(1 + draw(6))};
    m.target = {static_cast<std::uint32_t>(1 + draw(3))};
    m.term = {draw(12) == 0 ? number() : c.hosts[draw(3)].status().term.value + draw(2)};
    m.index = {number()};
    m.log_term = {number()};
    m.commit = {number()};
    m.context = number();
    m.context2 = number();
    body_.clear();
    const std::uint64_t entries = draw(4);
    for (std::uint64_t i = 0; i < entries; ++i) {
      payload_.assign(draw(10), static_cast<std::uint8_t>(draw(256)));
      encode_entry({number()}, static_cast<EntryKind>(draw(2) * 2), payload_, body_);
    }
    m.entry_count = static_cast<std::uint32_t>(draw(8) == 0 ? number() : entries);
    if (draw(5) == 0 && !body_.empty()) body_[draw(body_.size())] ^= 1;
    m.body = body_;
    return m;
  }

 private:
  Random random_;
  std::uint64_t counter_ = 0;
  Bytes body_, payload_;
};

}  // namespace

TEST_CASE("no message crashes a node") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Cluster c(3, [seed](Config& config) {
      config.pre_vote = (seed & 1) != 0;
      config.check_quorum = (seed & 2) != 0;
      // As where damaged messages are read: the engine's own checks of itself still hold.
      config.rules.set(Rule::verify_checksums, (seed & 4) != 0);
    });
    Noise noise(seed);
    for (int i = 0; i < 3000; ++i) {
      if (noise.draw(50) == 0) c.run_for(milliseconds(static_cast<std::int64_t>(noise.draw(400))));
      if (noise.draw(20) == 0) (void)c.propose(static_cast<std::uint32_t>(1 + noise.draw(3)), "x");
      if (noise.draw(200) == 0) {
        Host& h = c.host(static_cast<std::uint32_t>(1 + noise.draw(3)));
        if (h.status().applied > h.engine.snapshot_meta().index) {
          c.compact(h.config.id.value, noise.draw(3));
        }
      }
      const Message m = noise.message(c);
      Host& to = c.host(m.target.value);
      to.engine.on_message(c.now(), m);
      c.pump(to);
      if (c.queue.size() > 500) c.queue.clear();
    }
    for (const Host& h : c.hosts) {  // and what it wrote, it can read
      INFO("seed " << seed << " node " << h.config.id.value);
      CHECK_FALSE(recover(h.log_file, h.snapshot_file).failure);
      CHECK(h.status().durable <= h.status().last_index);
    }
  }
}
