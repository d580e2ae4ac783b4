// Streams are reliable and ordered; loss is delay, a cut silence, a killed process closes.
#include "tests/catch.h"
#include "tests/unit/world/chatter.h"

using namespace quorumlab;
using namespace quorumlab::world;
using namespace quorumlab::world::test;

namespace {

// n1 opens a stream to n2 at its first deadline, then sends one letter at each, then closes.
class Talker : public Chatter {
 public:
  using Chatter::Chatter;
  static std::unique_ptr<ForeignBehaviour> make(const ForeignStart& start) {
    return std::make_unique<Talker>(start);
  }
  std::unique_ptr<ForeignBehaviour> clone() const override {
    return std::make_unique<Talker>(*this);
  }
  void step(Now now, const Event& event, Effects& out) override {
    Chatter::step(now, event, out);
    if (id_.value != 1 || event.kind != Event::Kind::deadline_reached) return;
    out.packets.clear();
    if (letters_ == 0) out.streams.push_back({Effects::Stream::Op::open, 7, {2}, {}});
    if (letters_ < 26) {
      const std::uint32_t begin = out.begin();
      out.bytes.push_back(static_cast<std::uint8_t>('a' + letters_));
      out.streams.push_back({Effects::Stream::Op::send, 7, {}, out.end(begin)});
    }
    if (letters_ == 26) out.streams.push_back({Effects::Stream::Op::close, 7, {}, {}});
    ++letters_;
  }

 private:
  int letters_ = 0;
};

struct Talk {
  ChatterPlan plan;
  ClusterConfig config;
  Talk() {
    plan.interval = milliseconds(10);
    plan.only = {1};
    config = chatter_cluster(3, plan);
    config.foreign = &Talker::make;
    config.link.latency = {Latency::Kind::uniform, milliseconds(1), milliseconds(50), 0};
  }
};

const std::string kAlphabet = "abcdefghijklmnopqrstuvwxyz";

}  // namespace

TEST_CASE("a stream arrives whole and in order, whatever the links do") {
  Talk t;
  t.config.link.loss = Probability::of_million(200'000);
  t.config.link.reorder = Probability::of_million(300'000);
  Simulation s(t.config, 3);
  s.run_for(seconds(5));
  CHECK(chatter(s, 2).heard == kAlphabet);
  CHECK(chatter(s, 1).opened == 1);
  CHECK(chatter(s, 2).opened == 1);
  CHECK(chatter(s, 2).closed == 1);
  REQUIRE(chatter(s, 2).streams.size() == 1);
  CHECK((chatter(s, 2).streams[0] & StreamTable::kAcceptorBit) != 0);
}

TEST_CASE("a cut is silence, and everything comes after it") {
  Talk t;
  Simulation s(t.config, 3);
  s.run_for(milliseconds(100));
  s.inject(act(Verb::partition, {}, {{{1}}, {{2}}}));
  s.run_for(milliseconds(1));
  const std::string before = chatter(s, 2).heard;
  s.run_for(seconds(3));
  CHECK(chatter(s, 2).heard == before);
  CHECK(chatter(s, 1).closed == 0);
  s.inject(act(Verb::heal));
  s.run_for(seconds(1));
  CHECK(chatter(s, 2).heard == kAlphabet);
}

TEST_CASE("nobody there refuses, no power is silence") {
  Talk t;
  SECTION("killed") {
    Simulation s(t.config, 3);
    s.inject(act(Verb::kill, {{2}}));
    s.run_for(seconds(1));
    CHECK(chatter(s, 1).refused == 1);
    CHECK(chatter(s, 1).opened == 0);
  }
  SECTION("crashed") {
    Simulation s(t.config, 3);
    s.inject(act(Verb::crash, {{2}}));
    s.run_for(seconds(1));
    CHECK(chatter(s, 1).refused == 0);
    CHECK(chatter(s, 1).opened == 0);
    CHECK(chatter(s, 1).closed == 0);
  }
}

TEST_CASE("a peer that dies closes its streams if its host is still up") {
  Talk t;
  Simulation s(t.config, 3);
  s.run_for(milliseconds(150));
  CHECK(chatter(s, 1).opened == 1);
  SECTION("killed") {
    s.inject(act(Verb::kill, {{2}}));
    s.run_for(milliseconds(100));
    CHECK(chatter(s, 1).closed == 1);
  }
  SECTION("crashed, and told of it once the host is back") {
    s.inject(act(Verb::crash, {{2}}));
    s.run_for(milliseconds(30));
    CHECK(chatter(s, 1).closed == 0);
    s.inject(act(Verb::restart, {{2}}));
    s.run_for(milliseconds(200));
    CHECK(chatter(s, 1).closed == 1);
    CHECK(chatter(s, 2).heard.empty());
  }
}
