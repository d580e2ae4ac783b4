// A warm world allocates nothing: counted by replacing operator new for this test program.
#include <cstdlib>
#include <new>

// g++ 12 looks into the replaced operators and takes their malloc and free for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include "tests/catch.h"
#include "tests/unit/world/chatter.h"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  void* p = std::malloc(size != 0 ? size : 1);
  if (p == nullptr) std::abort();
  return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

using namespace quorumlab;
using namespace quorumlab::world;
using namespace quorumlab::world::test;

namespace {

// Greets without remembering what it got.
class Forgetful : public Chatter {
 public:
  using Chatter::Chatter;
  static std::unique_ptr<ForeignBehaviour> make(const ForeignStart& start) {
    return std::make_unique<Forgetful>(start);
  }
  std::unique_ptr<ForeignBehaviour> clone() const override {
    return std::make_unique<Forgetful>(*this);
  }
  void step(Now now, const Event& event, Effects& out) override {
    Chatter::step(now, event, out);
    received.clear();
  }
};

}  // namespace

TEST_CASE("a warm run allocates nothing") {
  ChatterPlan plan;
  plan.interval = milliseconds(1);
  plan.greeting_bytes = 200;  // larger than a slot holds
  ClusterConfig config = chatter_cluster(5, plan);
  config.foreign = &Forgetful::make;
  SECTION("on plain links") {}
  SECTION("on links with every fault") {
    config.link.loss = Probability::of_million(10'000);
    config.link.duplicate = Probability::of_million(10'000);
    config.link.corrupt = Probability::of_million(10'000);
    config.link.reorder = Probability::of_million(10'000);
    config.link.bandwidth = 100'000'000;
  }
  Simulation s(config, 1);
  s.run_for(seconds(5));
  const std::uint64_t before = allocations, events = s.events();
  s.run_for(seconds(5));
  CHECK(s.events() - events > 100'000);
  CHECK(allocations - before == 0);
}

TEST_CASE("starting over reuses what is there") {
  ChatterPlan plan;
  const ClusterConfig config = chatter_cluster(5, plan);
  Simulation s(config, 1);
  s.run_for(seconds(1));
  for (std::uint64_t seed = 2; seed < 5; ++seed) {
    s.reset(config, seed);
    s.run_for(seconds(1));
  }
  const std::uint64_t before = allocations;
  s.reset(config, 5);
  const std::uint64_t for_reset = allocations - before;
  CHECK(for_reset == 0);
}
