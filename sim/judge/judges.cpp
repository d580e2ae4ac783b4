// What the world tells the judges, handed on to the checkers.
#include "sim/judge/judges.h"

namespace quorumlab::judge {

std::string_view checker_name(Checker checker) {
  switch (checker) {
#define X(name, promise, source) \
  case Checker::name:            \
    return #name;
    QUORUMLAB_CHECKERS(X)
#undef X
  }
  return "unknown";
}

std::optional<Checker> find_checker(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    if (c == '-') c = '_';
  }
  for (std::size_t i = 0; i < kCheckerCount; ++i) {
    if (checker_name(static_cast<Checker>(i)) == plain) return static_cast<Checker>(i);
  }
  return std::nullopt;
}

void Judges::reset(const Setup& setup) {
  setup_ = setup;
  checks_.fill(0);
  violation_.reset();
}

void Judges::packet_sent(std::int64_t, trace::RecordId, NodeId, NodeId, std::uint8_t, ByteView) {}
void Judges::write_submitted(std::int64_t, trace::RecordId, NodeId, std::uint64_t, FileId,
                             Write::Mode, ByteView) {}
void Judges::write_durable(std::int64_t, trace::RecordId, NodeId, std::uint64_t) {}
void Judges::write_failed(std::int64_t, trace::RecordId, NodeId, std::uint64_t) {}
void Judges::process_started(std::int64_t, trace::RecordId, NodeId, std::span<const FileContent>) {}
void Judges::process_down(std::int64_t, trace::RecordId, NodeId, Death) {}
void Judges::disk_damaged(std::int64_t, trace::RecordId, NodeId, Damage) {}
void Judges::judge_fact(const trace::Record&, trace::RecordId) {}
void Judges::invoked(std::int64_t, trace::RecordId, std::uint64_t, NodeId, ByteView) {}
void Judges::answered(std::int64_t, trace::RecordId, std::uint64_t, NodeId, ByteView) {}

}  // namespace quorumlab::judge
