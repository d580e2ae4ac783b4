// What there is to see at one moment of a run: a plain value, folded from the trace's records and of
// nothing else. Panels draw it; they know neither the trace nor the simulation.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/trace/record.h"

namespace quorumlab::viz {

struct Host {
  enum class Kind : std::uint8_t { server, client, program };
  enum class Process : std::uint8_t { absent, up, paused, killed, crashed, stopped };
  enum class Role : std::uint8_t { none, follower, pre_candidate, candidate, leader };
  Kind kind = Kind::server;
  Process process = Process::absent;  // clients have none, and are up
  Role role = Role::none;             // none: it does not run, or has no Raft engine
  bool holds = false;                 // a program that has its key
  std::uint32_t voted_for = 0;        // in `term`
  std::uint32_t leader = 0;           // whom it believes to lead
  std::uint32_t follows = 0;          // a program: who is master as far as it knows
  std::uint64_t grants = 0;           // of a candidate
  std::uint64_t term = 0, last_index = 0, commit = 0, applied = 0;
  std::uint64_t speech = 0;           // number of a text; 0: it said nothing yet
  std::int64_t speech_ns = 0;
  std::uint32_t speech_with = 0;      // the program that said it, or that it was said to
  trace::RecordId speech_record = 0;
  trace::RecordId since = 0;          // what made it what it is: the record of its role or process
  std::int64_t heard_ns = 0;          // when its election timer began anew
  std::uint64_t match = 0, next = 0;  // as the leader has it; 0: nobody keeps account of it

  bool runs() const { return process == Process::up || process == Process::paused; }
  bool leads() const { return process == Process::up && role == Role::leader; }
  bool operator==(const Host&) const = default;
};

// What one agent takes another for (SWIM's states; serf tells left from failed).
enum class Belief : std::uint8_t { unknown, alive, suspect, dead, left };

// What a client, or a program, asked for: still open, or the last of its host.
struct Request {
  enum class Outcome : std::uint8_t { pending, accepted, refused, timed_out };
  std::uint32_t client = 0, target = 0;
  std::uint64_t id = 0;
  std::uint64_t text = 0;          // of the act behind it; 0: a program's own
  std::uint64_t attempt = 1;
  std::int64_t begun_ns = 0, ended_ns = 0;
  Outcome outcome = Outcome::pending;
  bool by_program = false;
  bool operator==(const Request&) const = default;
};

// A suspicion that runs: how long it may last if nobody confirms it.
struct Suspicion {
  std::uint32_t observer = 0, subject = 0;
  std::int64_t from_ns = 0, until_ns = 0;
  std::uint64_t confirmed = 0;  // by so many others, each of whom shortens it
  bool operator==(const Suspicion&) const = default;
};

struct Quorum {
  bool known = false;  // there are no voters in a cluster without Raft
  bool available = false;
  std::uint64_t have = 0, need = 0;
  bool operator==(const Quorum&) const = default;
};

// What a fold of records leaves behind.
struct State {
  std::int64_t time_ns = 0;    // of the last record; of a Frame: as asked for
  trace::RecordId record = 0;  // the last that was folded
  std::vector<Host> hosts;     // host n stands at n - 1
  std::vector<std::uint64_t> cuts;  // for each host `cut_words`: whom it does not reach (bits); empty: whole
  std::size_t cut_words = 1;
  std::uint64_t cut_count = 0;      // may be known where `cuts` is not
  std::vector<std::uint32_t> flying;  // numbers of flights (Timeline) that have not ended, in order
  std::uint32_t flights = 0;          // begun so far
  std::vector<Request> requests;
  std::vector<Belief> beliefs;  // of host n about m, at (n - 1) * hosts + m - 1; empty in large clusters
  std::vector<Suspicion> suspicions;
  Quorum quorum;
  std::uint64_t caption = 0, bookmark = 0;  // numbers of texts
  trace::RecordId bookmark_record = 0;
  std::uint64_t question = 0, answered = 0;   // texts: what is asked now, and what was before the last step
  trace::RecordId question_record = 0, answered_record = 0;
  std::uint64_t told_step = UINT64_MAX;       // of the last bookmark or caption
  std::uint64_t accepted = 0;         // the last write that was: number of its text
  std::int64_t accepted_ns = 0;
  std::uint64_t accepted_index = 0;
  std::uint64_t accepted_count = 0, refused_count = 0, timed_out_count = 0;
  trace::RecordId violation = 0;      // the first

  Belief belief(std::uint32_t observer, std::uint32_t subject) const {
    return beliefs.empty() ? Belief::unknown : beliefs[(observer - 1) * hosts.size() + subject - 1];
  }
  bool cut(std::uint32_t source, std::uint32_t target) const {
    const std::size_t place = (source - 1) * cut_words + (target - 1) / 64;
    return source >= 1 && target >= 1 && target <= 64 * cut_words && place < cuts.size() &&
           (cuts[place] >> (target - 1) % 64 & 1) != 0;
  }
};

struct Packet {
  std::uint32_t source = 0, target = 0, kind = 0;
  bool dropped = false;         // it will not arrive
  bool held = false;            // a clogged link holds it
  bool refuses = false;         // an answer that says no
  std::uint64_t entries = 0;    // of the log, that it carries
  std::uint32_t permille = 0;   // of its way
  std::int64_t sent_ns = 0, ends_ns = 0;
  trace::RecordId sent = 0;
};

struct Frame : State {
  std::vector<Packet> packets;  // on their way, in the order of their sending
  std::uint32_t leader = 0;     // of the highest term among those that run and believe to lead
  std::uint64_t leader_term = 0;
};

// The leader as a Frame has it; 0: none.
inline std::uint32_t leader_of(const std::vector<Host>& hosts) {
  std::uint32_t best = 0;
  for (std::uint32_t n = 1; n <= hosts.size(); ++n) {
    if (hosts[n - 1].leads() && (best == 0 || hosts[n - 1].term > hosts[best - 1].term)) best = n;
  }
  return best;
}

}  // namespace quorumlab::viz
