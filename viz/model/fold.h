// One record more: what it changes of what there is to see.
#pragma once

#include "sim/trace/trace.h"
#include "viz/model/frame.h"

namespace quorumlab::viz {

// REQUIRES: state.record == id - 1, and hosts has a place for every host. Flights are left to whoever
// knows where they end.
void fold(State& state, const trace::Trace& trace, trace::RecordId id);

// What a record means to somebody who watches.
enum class Mark : std::uint8_t {
  nothing,
  detail,     // worth a step on its own, and no more
  bookmark,
  election,   // somebody became leader, or wants to
  fault,
  repair,
  accepted,   // a client's operation
  refused,
  speech,
  commit,     // an index that nobody had committed before; only in Timeline::commits()
  violation,  // of an invariant, or an expectation that did not hold
};
Mark mark_of(const trace::Record& record);

// Whether the act in these words changes the store.
bool is_write(std::string_view act);

}  // namespace quorumlab::viz
