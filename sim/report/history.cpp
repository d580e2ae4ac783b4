// The page's contents, taken from the operations and from the trace.
#include "sim/report/history.h"

#include <algorithm>

#include "sim/script/loader.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::WorldFact;

// Follows one server through the trace.
class Server {
 public:
  explicit Server(std::string name) : track_{std::move(name), {}} {}
  void begin(Stretch::Kind kind, std::int64_t at, std::string words) {
    end(kind, at);
    open_.push_back({kind, at, at, std::move(words)});
  }
  void end(Stretch::Kind kind, std::int64_t at) {
    std::erase_if(open_, [&](Stretch& s) {
      if (s.kind != kind) return false;
      s.to_ns = at;
      track_.stretches.push_back(s);
      return true;
    });
  }
  Track take(std::int64_t at) {
    using Kind = Stretch::Kind;
    for (const Kind kind : {Kind::leads, Kind::down, Kind::paused, Kind::cut}) end(kind, at);
    return std::move(track_);
  }

 private:
  Track track_;
  std::vector<Stretch> open_;
};

void follow(const Record& r, const trace::Context& context, Server& server) {
  using Kind = Stretch::Kind;
  const auto words = [&] { return trace::words(r, context); };
  if (r.is(Fact::became_leader)) return server.begin(Kind::leads, r.time_ns, words());
  if (r.is(Fact::became_follower)) return server.end(Kind::leads, r.time_ns);
  if (r.is(WorldFact::process_killed) || r.is(WorldFact::process_crashed) ||
      r.is(WorldFact::process_stopped)) {
    server.end(Kind::leads, r.time_ns);
    server.end(Kind::paused, r.time_ns);
    return server.begin(Kind::down, r.time_ns, words());
  }
  if (r.is(WorldFact::process_started)) {
    server.end(Kind::paused, r.time_ns);
    return server.end(Kind::down, r.time_ns);
  }
  if (r.is(WorldFact::process_paused) || r.is(WorldFact::process_blocked)) {
    return server.begin(Kind::paused, r.time_ns, words());
  }
  if (r.is(WorldFact::process_resumed) || r.is(WorldFact::process_unblocked)) {
    server.end(Kind::paused, r.time_ns);
  }
}

bool is_mark(world::Verb verb) {
  using world::Verb;
  switch (verb) {
    case Verb::wipe:
    case Verb::link:
    case Verb::clog:
    case Verb::unclog:
    case Verb::disk:
    case Verb::stall:
    case Verb::rot:
    case Verb::clock:
    case Verb::set_rule:
      return true;
    default:
      return false;
  }
}

}  // namespace

HistoryPage make_history_page(std::string title, std::string description,
                              const world::Simulation& sim) {
  HistoryPage page;
  page.title = std::move(title);
  page.description = std::move(description);
  page.seed = sim.seed();
  page.names = sim.config().host_names();
  page.history = world::client_history(sim.operations(), sim.config());
  page.end_ns = sim.now().ns;
  // Anew, since the run may have ended early, or ignored what is drawn here.
  page.verdict.judged = true;
  page.verdict.linear = linearizability::check(page.history);
  page.verdict.sequential = linearizability::check_sequential(page.history);

  const trace::Trace& trace = sim.trace();
  const trace::Context context{page.names, &trace};
  std::vector<Server> servers;
  for (std::uint32_t id = 1; id <= sim.node_count(); ++id) {
    servers.emplace_back(trace::host_name(id, context));
  }
  Server network("network");
  for (std::size_t i = 0; i < trace.chunk_count(); ++i) {
    for (const Record& r : trace.chunk(i)) {
      if (r.is(WorldFact::network_changed)) {
        network.end(Stretch::Kind::cut, r.time_ns);
        if (r.a == 0) continue;
        network.begin(Stretch::Kind::cut, r.time_ns,
                      r.cause == 0 ? trace::words(r, context)
                                   : trace::words(trace[r.cause], context));
      } else if (r.is(WorldFact::act)) {
        if (is_mark(static_cast<world::Verb>(r.b))) {
          page.marks.push_back({r.time_ns, trace::words(r, context)});
        }
      } else if (r.node >= 1 && r.node <= servers.size()) {
        follow(r, context, servers[r.node - 1]);
      }
    }
  }
  for (Server& server : servers) page.tracks.push_back(server.take(page.end_ns));
  Track cuts = network.take(page.end_ns);
  if (!cuts.stretches.empty()) page.tracks.push_back(std::move(cuts));
  return page;
}

}  // namespace quorumlab::report
