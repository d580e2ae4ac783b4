// serf_trials EXPERIMENT [options]: many seeds of one experiment, in threads that share nothing;
// one line of comma-separated values for each seed. measure.py drives it.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/ground_truth/trials/trials.h"

namespace quorumlab::truth {

void detect(world::Simulation&, const Options&, std::uint64_t, Row&);
void talk(world::Simulation&, const Options&, std::uint64_t, Row&);
void event(world::Simulation&, const Options&, std::uint64_t, Row&);
void curve(world::Simulation&, const Options&, std::uint64_t, Row&);
void swim(world::Simulation&, const Options&, std::uint64_t, Row&);
void round_robin(world::Simulation&, const Options&, std::uint64_t, Row&);
void lifeguard(world::Simulation&, const Options&, std::uint64_t, Row&);
void expiry(world::Simulation&, const Options&, std::uint64_t, Row&);
void take_over(world::Simulation&, const Options&, std::uint64_t, Row&);
void patient(world::Simulation&, const Options&, std::uint64_t, Row&);
void survivor(world::Simulation&, const Options&, std::uint64_t, Row&);
void again(world::Simulation&, const Options&, std::uint64_t, Row&);

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> table = {
      {"detect", "first_suspect,first_failed,last_failed,converged", detect},
      {"talk",
       "join,join_contacted,join_last,join_joiner,event_first,event_last,copies,leave,leave_first,"
       "leave_last,failed_first,leave_outcome",
       talk},
      {"event", "last,missing,copies", event},
      {"curve", "r0,r1,r2,r3,r4,r5,r6,r7,r8,r9,r10,r11,r12,r13,r14,r15,r16,r17,r18,r19,r20", curve},
      {"swim", "time,periods,packets", swim},
      {"round-robin", "longest,mean", round_robin},
      {"lifeguard", "c,d,i,false_positives,at_healthy,true_positives,packets,bytes", lifeguard},
      {"expiry", "expired", expiry},
      {"take-over", "taken,as_recorded", take_over},
      {"patient", "shortest,longest,new_leader_says,others_say,terms", patient},
      {"survivor",
       "shortest,longest,errors,health,health_503,local,wait,leader,lease_ttl,removal,first_write,"
       "waited,k,k_ahead,lease_gone",
       survivor},
      {"again", "errors,swap,queue,queued", again},
  };
  return table;
}

}  // namespace quorumlab::truth

namespace {

// Separated by commas.
std::vector<std::uint64_t> numbers(const char* text) {
  std::vector<std::uint64_t> out;
  for (;;) {
    char* end = nullptr;
    out.push_back(std::strtoull(text, &end, 10));
    if (*end != ',') return out;
    text = end + 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace quorumlab;
  truth::Options options;
  std::uint64_t first = 1, trials = 100;
  unsigned jobs = 1;
  const auto usage = [&] {
    std::fprintf(stderr, "usage: %s EXPERIMENT [--OPTION VALUE]...\n", argv[0]);
    return 64;
  };
  if (argc < 2 || argc % 2 != 0) return usage();
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = argv[i + 1];
    const std::uint64_t number = std::strtoull(value, nullptr, 10);
    if (name == "--profile")
      options.profile = value;
    else if (name == "--variant")
      options.variant = value;
    else if (name == "--nodes")
      options.nodes = static_cast<std::uint32_t>(number);
    else if (name == "--blocked")
      options.blocked = numbers(value);
    else if (name == "--block-ms")
      options.block_ms = numbers(value);
    else if (name == "--free-ms")
      options.free_ms = numbers(value);
    else if (name == "--handling-us")
      options.handling = microseconds(static_cast<std::int64_t>(number));
    else if (name == "--starts" && std::strcmp(value, "together") == 0)
      options.starts = truth::Options::Starts::together;
    else if (name == "--starts" && std::strcmp(value, "uniform") == 0)
      options.starts = truth::Options::Starts::uniform;
    else if (name == "--starts" && std::strcmp(value, "row") == 0)
      options.starts = truth::Options::Starts::in_a_row;
    else if (name == "--first")
      first = number;
    else if (name == "--trials")
      trials = number;
    else if (name == "--jobs")
      jobs = static_cast<unsigned>(number);
    else
      return usage();
  }
  const truth::Experiment* chosen = nullptr;
  for (const truth::Experiment& e : truth::experiments()) {
    if (std::strcmp(e.name, argv[1]) == 0) chosen = &e;
  }
  if (chosen == nullptr) return usage();

  std::vector<truth::Row> rows(trials);
  std::atomic<std::uint64_t> next{0};
  // Some seeds in a row, since trials that fork a settled world share it.
  constexpr std::uint64_t kBatch = 50;
  const auto work = [&] {
    world::Simulation sim;
    for (std::uint64_t from; (from = next.fetch_add(kBatch)) < trials;) {
      for (std::uint64_t i = from; i < from + kBatch && i < trials; ++i) {
        chosen->run(sim, options, first + i, rows[i]);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < jobs; ++i) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();

  std::printf("seed,%s\n", chosen->columns);
  for (std::uint64_t i = 0; i < trials; ++i) {
    std::printf("%llu", static_cast<unsigned long long>(first + i));
    for (const std::int64_t v : rows[i]) {
      v == truth::kNone ? std::printf(",") : std::printf(",%lld", static_cast<long long>(v));
    }
    std::puts("");
  }
}
