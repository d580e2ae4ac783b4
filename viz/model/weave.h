// What a space-time diagram is woven of: what each host was when, and what went from one to another.
// Extended record by record as the trace grows.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/trace/trace.h"
#include "viz/model/frame.h"

namespace quorumlab::viz {

// From this moment on, until the host's next one.
struct Look {
  std::int64_t from_ns = 0;
  Host::Process process = Host::Process::absent;
  Host::Role role = Host::Role::none;
  bool holds = false;
};

// A client's or program's request or answer, which has no packets of its own.
struct Exchange {
  trace::RecordId sent = 0, arrived = 0;
  std::int64_t sent_ns = 0, arrived_ns = 0;
  std::uint32_t source = 0, target = 0;
};

// A time that ran out, as seen from its end: the trace does not say beforehand how long it will be.
struct Deadline {
  std::uint32_t host = 0, about = 0;  // about: the suspect; 0: an election timer
  std::int64_t from_ns = 0, until_ns = 0;
};

class Weave {
 public:
  // `state`: as it is after record `id`.
  void take(const trace::Trace& trace, trace::RecordId id, const State& state);
  const std::vector<Look>& looks(std::uint32_t host) const { return looks_[host - 1]; }
  const std::vector<Exchange>& exchanges() const { return exchanges_; }  // by arrival
  // When the time that began then ran out; 0: it did not, or not yet.
  std::int64_t ran_out(std::uint32_t host, std::uint32_t about, std::int64_t from_ns) const;
  // The record that put this entry into the host's log, the last one by then; 0: none.
  trace::RecordId appended(const trace::Trace& trace, std::uint32_t host, std::uint64_t index, trace::RecordId by) const;
  // The term of an entry of the host's log; 0: the trace does not tell.
  static std::uint64_t entry_term(const trace::Trace& trace, trace::RecordId appended, std::uint64_t index);

 private:
  std::vector<std::vector<Look>> looks_;
  std::vector<std::vector<trace::RecordId>> appends_;  // by host
  std::vector<Exchange> exchanges_;
  std::vector<Deadline> deadlines_;       // those that ran out, by their end
  std::vector<std::int64_t> heard_;       // by host: when its election timer began, before this record
  std::vector<Suspicion> suspicions_;     // as they were before this record
};

}  // namespace quorumlab::viz
