// All numbers one after the other, in the order of the struct.
#include "sim/chaos/seed_bytes.h"

namespace quorumlab::chaos {
namespace {

constexpr std::uint64_t kVersion = 1;

// Every plain number of a result, for writing and reading alike.
template <class Result, class Visit>
void each(Result& r, Visit visit) {
  visit(r.seed);
  visit(r.digest);
  visit(r.events);
  for (auto& n : r.fired) visit(n);
  for (auto& n : r.checks) visit(n);
  for (auto& n : r.drills) visit(n);
#define X(name, words) visit(r.reached.name);
  QUORUMLAB_REACHED(X)
#undef X
  for (auto& n : r.operations) visit(n);
  visit(r.leaders);
  visit(r.snapshots_installed);
  visit(r.configs_applied);
  visit(r.restarts);
  visit(r.refused_to_start);
  visit(r.packets_lost);
  visit(r.packets_corrupt);
  visit(r.writes_lost);
}

}  // namespace

void encode(const SeedResult& r, Bytes& out) {
  ByteWriter w(out);
  w.varint(kVersion);
  w.u8(static_cast<std::uint8_t>(r.verdict));
  w.sized(r.reason);
  each(r, [&](const std::uint64_t& n) { w.varint(n); });
  w.varint(static_cast<std::uint64_t>(r.end.ns));
  w.u8(static_cast<std::uint8_t>((r.undecided ? 1 : 0) | (r.violation ? 2 : 0)));
  if (!r.violation) return;
  const judge::Violation& v = *r.violation;
  w.u8(static_cast<std::uint8_t>(v.checker));
  for (const std::uint64_t n : {static_cast<std::uint64_t>(v.time_ns), v.record, std::uint64_t{v.node.value},
                                std::uint64_t{v.other.value}, v.a, v.b}) {
    w.varint(n);
  }
}

bool decode(ByteReader& in, SeedResult& r) {
  if (in.varint() != kVersion) return false;
  const std::uint8_t verdict = in.u8();
  if (verdict > static_cast<std::uint8_t>(SeedResult::Verdict::interrupted)) return false;
  r.verdict = static_cast<SeedResult::Verdict>(verdict);
  r.reason = std::string(as_text(in.sized()));
  each(r, [&](std::uint64_t& n) { n = in.varint(); });
  r.end = {static_cast<std::int64_t>(in.varint())};
  const std::uint8_t flags = in.u8();
  r.undecided = (flags & 1) != 0;
  r.violation.reset();
  if ((flags & 2) != 0) {
    judge::Violation v;
    const std::uint8_t checker = in.u8();
    if (checker >= judge::kCheckerCount) return false;
    v.checker = static_cast<judge::Checker>(checker);
    v.time_ns = static_cast<std::int64_t>(in.varint());
    v.record = in.varint();
    v.node = {static_cast<std::uint32_t>(in.varint())};
    v.other = {static_cast<std::uint32_t>(in.varint())};
    v.a = in.varint();
    v.b = in.varint();
    r.violation = v;
  }
  return in.ok();
}

}  // namespace quorumlab::chaos
