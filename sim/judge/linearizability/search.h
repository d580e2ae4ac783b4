// The search for an order of one key's operations that explains every answer and respects real time:
// Wing and Gong, "Testing and Verifying Concurrent Objects" (1993), with the memory of Lowe, "Testing
// for Linearizability" (2017): no pair of (operations ordered so far, state) is tried twice.
//
// Operations whose outcome nobody knows stay possible for ever and would double the work each. They
// are ordered on demand only: in an order that explains the answers, whatever is followed by no
// operation that needs it can be left out or put later.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/judge/linearizability/model.h"

namespace quorumlab::linearizability {

enum class Verdict : std::uint8_t {
  linearizable,
  not_linearizable,
  undecided  // the budget was used up first; nothing is known
};

// Reusable: a second run allocates only what is larger than the first.
class Search {
 public:
  // Looks at up to `most_nodes` pairs of (ordered, state).
  Verdict run(const Model& model, std::uint64_t most_nodes);
  // Looked at by the last run.
  std::uint64_t nodes() const { return nodes_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // 128 bits for each pair looked at: two of a thousand million are mistaken for each other with a
  // chance of one in 10^20.
  struct Fingerprint {
    std::uint64_t a = 0, b = 0;
  };
  class Seen {
   public:
    void clear();
    bool insert(Fingerprint f);  // false: it was there

   private:
    std::vector<Fingerprint> slots_;  // a power of two of them; {0, 0}: free
    std::size_t count_ = 0;
  };

  // What may come next: operations in `order_` of which the last was answered, and the state after
  // them.
  struct Choice {
    std::uint32_t begin = 0, count = 0;
    State state;
  };
  struct Frame {
    std::size_t first = 0;   // where its choices begin in `choices_`; they are taken from the back
    std::size_t order = 0;   // end of `order_` before them
    std::size_t lifted = 0;  // end of `lifted_` before it was entered
  };

  // A way through pending writes, and the state at its end.
  struct Route {
    std::vector<std::uint32_t> steps;
    State state;
  };

  bool told(std::uint32_t step) const {
    return model_->steps[step].writes && model_->steps[step].index != 0;
  }
  void prepare();
  void lift(std::uint32_t step);
  void unlift(std::uint32_t step);
  void undo(std::size_t lifted);
  bool done() const { return next_[0] == last_; }
  bool spent() const { return nodes_ > most_nodes_; }
  bool order_readers();
  void gather();
  void find_routes(const State& from, const Demand& demand, std::vector<Route>& out);
  void offer(const State& from, const std::vector<std::uint32_t>& way, std::uint32_t step);
  bool is_new();

  // The answered operations' invocations and returns, in the order of time, as a list: entry 0 is
  // its head, `last_` its end.
  std::vector<std::uint32_t> next_, previous_;
  std::vector<std::uint32_t> step_of_;            // by entry
  std::vector<std::uint8_t> is_return_;           // by entry
  std::vector<std::uint32_t> call_at_, return_at_;  // by step
  std::uint32_t last_ = 0;
  std::vector<std::uint32_t> pending_;     // in the order of their invocations
  std::vector<std::uint8_t> used_;         // by step: pending and ordered, or on the way to it
  std::vector<std::uint32_t> same_before_;  // by step: the pending one before it that is its equal

  std::vector<std::uint32_t> told_;  // answered writes that were told their indexes, by index
  std::size_t told_ordered_ = 0;     // so many of them are ordered

  const Model* model_ = nullptr;
  State state_;
  Fingerprint ordered_;  // of the set of operations ordered so far
  std::int64_t limit_ = 0;  // nothing invoked later may come next
  std::vector<std::uint32_t> candidates_;
  std::vector<Route> routes_;
  std::vector<State> states_;
  std::vector<Choice> choices_;
  std::vector<std::uint32_t> order_, lifted_;
  std::vector<Frame> frames_;
  Seen seen_;
  std::uint64_t nodes_ = 0, most_nodes_ = 0;
};

}  // namespace quorumlab::linearizability
