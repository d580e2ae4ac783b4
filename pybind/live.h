// A cluster that Python holds while it runs: a session, a lock, and the watcher that calls Python back.
#pragma once

#include <pybind11/pybind11.h>

#include <bitset>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pybind/bind.h"
#include "pybind/node.h"
#include "sim/script/session.h"

namespace quorumlab::python {

// Until when a run goes on, besides its end in time; what is told of on the way.
struct Wish {
  std::uint64_t most_events = UINT64_MAX;      // from now on
  std::vector<std::uint16_t> until_kinds;      // stops at the first record of one of these
  py::object until;                            // stops when this, asked after each event, says so
  std::vector<std::uint16_t> told_kinds;       // `tell` gets the number of each record of these
  py::object tell;                             // says whether to stop for a moment
};

class Live {
 public:
  explicit Live(script::Session begun) : session(std::move(begun)) {}
  Live(const Live& other)
      : session(other.session), text(other.text), kind(other.kind), told(other.told), broken(other.broken) {}

  script::Session session;
  std::string text;  // the scenario's, as it was read
  const NodeKind* kind = nullptr;  // of nodes in Python
  std::vector<std::size_t> told;   // their invariants that are known to be broken
  // The last of them, and where it showed.
  struct Broken {
    std::string name, words;
    std::int64_t time_ns = 0;
    std::uint64_t record = 0;
  };
  std::optional<Broken> broken;

  // Other threads wait here, without the interpreter's lock; the same one may come again, from a callback.
  class Use {
   public:
    explicit Use(Live& live) : live_(live) {
      if (live_.mutex_.try_lock()) return;
      const py::gil_scoped_release release;
      live_.mutex_.lock();
    }
    ~Use() { live_.mutex_.unlock(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Live& live_;
  };
  bool running = false;  // a run is under way: callbacks may look, and not act

 private:
  std::recursive_mutex mutex_;
};

// Calls Python back while the interpreter's lock is let go.
class Caller : public script::Watcher {
 public:
  // `nodes`: what runs in Python, or null.
  Caller(const Wish& wish, const world::Simulation& sim, NodeRun* nodes);
  bool after_event(const world::Simulation& sim) override;
  // REQUIRES: the interpreter's lock is held.
  void rethrow();

  trace::RecordId found = 0;  // of until_kinds
  bool told_to_stop = false;  // by `tell`
  bool predicate_held = false;
  bool enough_events = false;

 private:
  bool look_at_records(const world::Simulation& sim);
  bool ask(const world::Simulation& sim);

  const Wish& wish_;
  NodeRun* nodes_;
  std::bitset<512> until_, told_;
  bool scans_ = false, asks_ = false;
  trace::RecordId seen_ = 0;
  std::uint64_t last_event_ = 0;
  Interrupts interrupts_;
  std::optional<py::error_already_set> error_;
};

}  // namespace quorumlab::python
