// The choice is report's (sim/report/telling), the words are trace's.
#include "viz/model/story.h"

#include <algorithm>

#include "sim/world/action.h"

namespace quorumlab::viz {

using trace::Record;
using trace::WorldFact;

void Story::take(const trace::Trace& trace, trace::RecordId id) {
  const Record& r = trace[id];
  const bool news = news_.is_news(r);
  if (r.is(WorldFact::act)) {
    operations_.learn(r.a, trace.text_at(r.c));
    // A client's wish is told by the client's own line.
    if (world::is_operation(static_cast<world::Verb>(r.b))) return;
  }
  // What was as expected is a list of its own (quorumlab run).
  if (r.is(WorldFact::caption) || r.is(WorldFact::bookmark) || r.is(WorldFact::expectation_held) || !report::tells(r) || !news) return;
  told_.push_back({r.time_ns, id, report::style_of(r)});
}

const Told* Story::last(trace::RecordId by) const {
  const auto after = std::upper_bound(told_.begin(), told_.end(), by, [](trace::RecordId id, const Told& t) { return id < t.record; });
  return after == told_.begin() ? nullptr : &*(after - 1);
}

std::string Story::words(const Recording& recording, trace::RecordId id) const {
  const Record& r = recording.trace[id];
  return operations_.named(r, trace::words(r, recording.context()));
}

}  // namespace quorumlab::viz
