// The checkers, always on. They look at what the world sees: bytes of packets, of writes and of
// replies; a node's own notes are only used where the judged thing is itself a note (applied). Each
// check costs O(1) for each fact. The first violation is kept, with the record that shows it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/node/event.h"
#include "sim/trace/checkers.h"
#include "sim/trace/record.h"

namespace quorumlab::judge {

enum class Checker : std::uint8_t {
#define X(name, promise, source) name,
  QUORUMLAB_CHECKERS(X)
#undef X
};
inline constexpr std::size_t kCheckerCount = 0
#define X(name, promise, source) +1
    QUORUMLAB_CHECKERS(X)
#undef X
    ;
std::string_view checker_name(Checker checker);
// Also accepts dashes for underscores.
std::optional<Checker> find_checker(std::string_view name);

struct Violation {
  Checker checker = Checker::election_safety;
  std::int64_t time_ns = 0;
  trace::RecordId record = 0;  // the fact at which it showed
  NodeId node, other;
  std::uint64_t a = 0, b = 0;  // by checker: term, index, ...
};

// The judges of one simulation, as one value: copied with it, reset from seed to seed without
// giving memory back. The world calls them where things truly happen. Within one step it calls
// write_submitted for all writes before packet_sent and fact.
class Judges {
 public:
  struct Setup {
    std::uint32_t nodes = 0;  // servers with spares; their ids are 1..nodes
    bool raft = true;         // false: the nodes speak something else; nothing is checked
  };
  using Write = Effects::Write;
  enum class Death : std::uint8_t {
    kill,   // the page cache survives
    crash,  // what was not durable is gone
    stop    // the process ended itself
  };
  // Something took away what had been durable: beyond Raft's model, to be noticed, not survived.
  enum class Damage : std::uint8_t {
    wiped,
    rotted,
    lied  // a crash took writes that the disk had called durable
  };

  void reset(const Setup& setup);
  // Survives reset.
  void set_enabled(Checker checker, bool on) { enabled_[static_cast<std::size_t>(checker)] = on; }
  bool enabled(Checker checker) const { return enabled_[static_cast<std::size_t>(checker)]; }

  // A packet really leaves a node (a promise: after its write became durable). What the network
  // then does to it is nobody's fault.
  void packet_sent(std::int64_t time_ns, trace::RecordId record, NodeId source, NodeId target,
                   std::uint8_t kind, ByteView bytes);
  void write_submitted(std::int64_t time_ns, trace::RecordId record, NodeId node,
                       std::uint64_t write_id, FileId file, Write::Mode mode, ByteView bytes);
  // The node is told that the write, and all earlier ones of its file, are durable (a lying disk
  // says so, too).
  void write_durable(std::int64_t time_ns, trace::RecordId record, NodeId node,
                     std::uint64_t write_id);
  // What it submitted to that file and has not heard of since will not become durable.
  void write_failed(std::int64_t time_ns, trace::RecordId record, NodeId node,
                    std::uint64_t write_id);
  // A process begins with these files: exactly what Event::started shows the node. Whatever earlier
  // lives submitted and the files do not hold is gone.
  void process_started(std::int64_t time_ns, trace::RecordId record, NodeId node,
                       std::span<const FileContent> files);
  void process_down(std::int64_t time_ns, trace::RecordId record, NodeId node, Death death);
  void disk_damaged(std::int64_t time_ns, trace::RecordId record, NodeId node, Damage damage);
  // Every record of the stream; nearly free for those that no checker reads.
  void fact(const trace::Record& record, trace::RecordId id) {
    switch (record.kind) {
      case static_cast<std::uint16_t>(Fact::applied):
      case static_cast<std::uint16_t>(Fact::commit_advanced):
      case static_cast<std::uint16_t>(Fact::became_leader):
      case static_cast<std::uint16_t>(Fact::started):
      case static_cast<std::uint16_t>(Fact::refused_to_start):
      case static_cast<std::uint16_t>(Fact::snapshot_installed):
        judge_fact(record, id);
        break;
      default:
        break;
    }
  }
  // A client's operation, when it is first asked; `request` is encoded as in core/node/request.h.
  // Retries of it are not told.
  void invoked(std::int64_t time_ns, trace::RecordId record, std::uint64_t operation, NodeId client,
               ByteView request);
  // The answer that the client takes for the operation (not those that make it try again).
  void answered(std::int64_t time_ns, trace::RecordId record, std::uint64_t operation,
                NodeId server, ByteView response);

  // The first one, if any.
  const std::optional<Violation>& violation() const { return violation_; }
  // How often each checker compared something; a campaign in which one never did proves nothing.
  const std::array<std::uint64_t, kCheckerCount>& checks() const { return checks_; }

 private:
  void judge_fact(const trace::Record& record, trace::RecordId id);

  Setup setup_;
  std::array<bool, kCheckerCount> enabled_ = all_enabled();
  std::array<std::uint64_t, kCheckerCount> checks_{};
  std::optional<Violation> violation_;

  static constexpr std::array<bool, kCheckerCount> all_enabled() {
    std::array<bool, kCheckerCount> all{};
    for (bool& one : all) one = true;
    return all;
  }
};

}  // namespace quorumlab::judge
