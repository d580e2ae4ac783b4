// Threads share a counter of seeds and nothing else; each reuses one simulation.
#include "sim/cli/sweep.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace quorumlab::cli {

std::vector<SweepOutcome> run_sweep(const Sweep& sweep) {
  std::vector<SweepOutcome> outcomes(static_cast<std::size_t>(sweep.seeds));
  std::atomic<std::uint64_t> next{0}, done{0};
  const auto stopped = [&] { return sweep.stop != nullptr && sweep.stop->load(std::memory_order_relaxed); };
  std::mutex mutex;
  std::condition_variable ended;
  unsigned running = sweep.jobs;
  const auto work = [&] {
    world::Simulation sim;
    script::Runner runner(sweep.scenario);
    script::RunResult result;
    Measure measure(sweep.measure, sweep.since);
    script::RunOptions options;
    options.stop = sweep.stop;
    options.watcher = &measure;
    for (std::uint64_t i; (i = next.fetch_add(1)) < outcomes.size() && !stopped();) {
      options.seed = sweep.first + i;
      runner.run(sim, options, result);
      if (result.verdict == script::Verdict::interrupted) break;
      outcomes[static_cast<std::size_t>(i)] = {true, result.verdict, measure.value(sim)};
      done.fetch_add(1);
    }
    const std::lock_guard lock(mutex);
    if (--running == 0) ended.notify_one();
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < sweep.jobs; ++i) threads.emplace_back(work);
  {
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(20), [&] { return running == 0; })) {
      lock.unlock();
      if (sweep.progress) sweep.progress(done.load());
      lock.lock();
    }
  }
  for (std::thread& t : threads) t.join();
  return outcomes;
}

}  // namespace quorumlab::cli
