// By kind of record.
#include "viz/model/weave.h"

#include <algorithm>

#include "core/raft/message.h"

namespace quorumlab::viz {

using trace::Record;
using trace::RecordId;
using trace::WorldFact;

void Weave::take(const trace::Trace& trace, RecordId id, const State& state) {
  const std::vector<Host>& hosts = state.hosts;
  const Record& r = trace[id];
  if (looks_.size() != hosts.size()) {
    looks_.resize(hosts.size());
    appends_.resize(hosts.size());
    heard_.resize(hosts.size());
    for (std::size_t i = 0; i < hosts.size(); ++i) looks_[i].push_back({0, hosts[i].process, hosts[i].role, hosts[i].holds});
  }
  if (r.node == 0 || r.node > hosts.size()) return;
  const Host& h = hosts[r.node - 1];
  const Look& last = looks_[r.node - 1].back();
  if (last.process != h.process || last.role != h.role || last.holds != h.holds) {
    looks_[r.node - 1].push_back({r.time_ns, h.process, h.role, h.holds});
  }
  if ((r.is(Fact::became_pre_candidate) || r.is(Fact::became_candidate)) && r.reason == static_cast<std::uint16_t>(Reason::election_timeout)) {
    deadlines_.push_back({r.node, 0, heard_[r.node - 1], r.time_ns});
  }
  heard_[r.node - 1] = h.heard_ns;
  if (r.is(Fact::suspicion_timed_out)) {
    for (const Suspicion& s : suspicions_) {
      if (s.observer == r.node && s.subject == r.peer) {
        deadlines_.push_back({s.observer, s.subject, s.from_ns, r.time_ns});
      }
    }
  }
  if (state.suspicions.size() != suspicions_.size() || r.is(Fact::member_suspect)) suspicions_ = state.suspicions;
  if (r.is(Fact::appended)) appends_[r.node - 1].push_back(id);
  if (r.cause == 0 || !(r.is(Fact::request_received) || r.is(WorldFact::client_answered) || r.is(WorldFact::answered))) return;
  const Record& cause = trace[r.cause];
  if (cause.node == 0 || cause.node == r.node) return;
  exchanges_.push_back({r.cause, id, cause.time_ns, r.time_ns, cause.node, r.node});
}

std::int64_t Weave::ran_out(std::uint32_t host, std::uint32_t about, std::int64_t from_ns) const {
  auto at = std::upper_bound(deadlines_.begin(), deadlines_.end(), from_ns, [](std::int64_t ns, const Deadline& d) { return ns < d.until_ns; });
  for (; at != deadlines_.end(); ++at) {
    if (at->host == host && at->about == about && at->from_ns == from_ns) return at->until_ns;
    if (at->until_ns > from_ns + 600'000'000'000) break;
  }
  return 0;
}

RecordId Weave::appended(const trace::Trace& trace, std::uint32_t host, std::uint64_t index, RecordId by) const {
  if (host == 0 || host > appends_.size()) return 0;
  const auto& all = appends_[host - 1];
  for (auto at = std::upper_bound(all.begin(), all.end(), by); at != all.begin();) {
    const Record& r = trace[*--at];
    if (r.a <= index && index <= r.b) return *at;
  }
  return 0;
}

// A batch tells only its last entry's term; the others stand in the message that brought it.
std::uint64_t Weave::entry_term(const trace::Trace& trace, RecordId appended, std::uint64_t index) {
  if (appended == 0) return 0;
  const Record& r = trace[appended];
  if (index == r.b) return r.c;
  const RecordId delivered = r.cause;
  if (delivered == 0 || !trace[delivered].is(WorldFact::packet_delivered)) return 0;
  const RecordId sent = trace[delivered].cause;
  if (sent == 0 || !trace[sent].is(WorldFact::packet_sent)) return 0;
  const auto message = raft::peek(trace.kept(trace[sent].c));
  if (!message || message->type != raft::MessageType::append_entries) return 0;
  raft::EntryReader entries(message->index.next(), message->body);
  for (raft::Entry entry; entries.next(entry);) {
    if (entry.index.value == index) return entry.term.value;
  }
  return 0;
}

}  // namespace quorumlab::viz
