// How long it takes to judge a long history of clients: the figure of the checks at the end of runs.
#include <benchmark/benchmark.h>

#include "sim/judge/linearizability/check.h"
#include "tests/unit/linearizability/traffic.h"

namespace quorumlab::bench {
namespace {

void linearizability_check(benchmark::State& state, bool spoilt) {
  linearizability::Traffic traffic;
  std::vector<linearizability::Operation> history = linearizability::make_traffic(traffic);
  if (spoilt) linearizability::spoil(history);
  for (auto _ : state) {
    const auto outcome = linearizability::check(history);
    if ((outcome.verdict == linearizability::Verdict::linearizable) == spoilt) {
      state.SkipWithError("the verdict is wrong");
    }
    state.counters["nodes"] = static_cast<double>(outcome.nodes);
  }
}
BENCHMARK_CAPTURE(linearizability_check, good, false)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(linearizability_check, one_stale_read, true)
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quorumlab::bench
