// The one place where records become words: the command line, reports, viz and Python all take
// their sentences from here, so that a fact reads the same everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "sim/trace/record.h"
#include "sim/trace/trace.h"

namespace quorumlab::trace {

// What a record alone does not know. All of it may be missing.
struct Context {
  std::span<const std::string> names;  // of hosts, by id from 1; missing: n4
  const Trace* trace = nullptr;        // for bytes and texts that records point at
};

std::string host_name(std::uint32_t id, const Context& context);
// What the serf agent on that host calls itself, and where it listens: "10.0.0.1:7946".
std::string agent_name(std::uint32_t host, const Context& context);
std::string agent_address(std::uint32_t host);

// One plain sentence with who, what and why: "n4 refused n2 its vote: already voted for n3 in term
// 4". No time, no full stop.
std::string words(const Record& record, const Context& context = {});

// What came from outside must not steer a terminal: control characters as \x1b, \t and the like. With
// `lines`, line ends and tabs stay.
std::string printable(std::string_view text, bool lines = false);

// The identifier of a kind: "vote_refused"; "unknown" for a number nobody gave out.
std::string_view short_name(std::uint16_t kind);
inline std::string_view short_name(const Record& record) { return short_name(record.kind); }
// The number of a kind; 0 if there is none of this name.
std::uint16_t find_kind(std::string_view name);
// The identifier of a reason, of a node or of the world.
std::string_view reason_name(std::uint16_t reason);
// The reason in words, with the names that the record knows; empty for none.
std::string reason_words(const Record& record, const Context& context = {});
// Every kind of record that there is, in the order of their numbers.
std::span<const std::uint16_t> all_kinds();
std::span<const std::uint16_t> all_reasons();

// A Raft message by its bytes: "AppendEntries term 3, entries 5-7, commit 4". `kind` names it when
// the bytes are missing or damaged.
std::string message_words(std::uint32_t kind, ByteView bytes, const Context& context = {});
// Only its name: "AppendEntries".
std::string message_name(std::uint32_t kind);

// From this record back along its causes to the one that nothing caused, the newest first.
std::vector<RecordId> why(const Trace& trace, RecordId id);

}  // namespace quorumlab::trace
