// The trace on disk: a binary file (.qlt) that holds a whole run and opens again as it was, and
// JSON lines as an export for other tools.
//
// A .qlt file is the magic "QLTRACE\n", a version, and sections: tag (4 bytes), size (8), payload,
// checksum of the payload (8), all little-endian. `meta` comes first, then any number of `reco`
// (records, some 14 bytes each), `kept` (bytes of packets) and `text`, and `done` last with the counts:
// a file without it was cut short.
//
// A record is a byte of flags, then integers as core/base/bytes.h has them: kind, node, and of the
// following those that the flags name: 1 time since the record before (zigzag), 2 how many records
// back the cause stands, 4 reason, 8 peer, 16 extra, 32 a, 64 b, 128 c (of a packet_sent: since the
// one before, zigzag). Each section counts from zero.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "sim/trace/trace.h"

namespace quorumlab::trace {

// Grows with the format; a reader refuses newer files.
inline constexpr std::uint32_t kFileVersion = 2;

// What stands in a file besides the records.
struct FileInfo {
  std::string scenario;  // the scenario's text, or what else describes the run; may be empty
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  std::uint32_t digest_version = 0;
  std::vector<std::string> names;  // of hosts, by id from 1
};

struct File {
  FileInfo info;
  Trace trace;
};

// Errors carry the path, and the byte offset where reading went wrong.
Result<void> write_file(const std::string& path, const FileInfo& info, const Trace& trace);
Result<File> read_file(const std::string& path);
// The same in memory. `where` opens error messages.
void encode_file(const FileInfo& info, const Trace& trace, Bytes& out);
Result<File> decode_file(ByteView bytes, const std::string& where);

// One JSON object a line. The first has "format", "version", "seed", "digest", "digest_version",
// "names" and "scenario". Each record then: "id", "time_ns", "kind", "node" (a name, absent for
// nobody), "peer", "reason" (its identifier), "cause" (an id), "extra", "a", "b", "c" (absent where
// zero; record.h and core/base/fact.h say what they mean; "c" of a packet_sent is left out, since its
// bytes are not here), and, if asked for, "words".
Result<void> write_json_lines(const std::string& path, const FileInfo& info, const Trace& trace,
                              bool with_words = false);
void append_json_line(const Record& record, RecordId id, const FileInfo& info, const Trace& trace,
                      bool with_words, std::string& out);
std::string json_header(const FileInfo& info);

}  // namespace quorumlab::trace
