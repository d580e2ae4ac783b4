// Writing and reading .qlt files. Input is checked before it is believed: sizes against what is
// left, checksums before contents.
#include "sim/trace/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/assert.h"
#include "sim/trace/output.h"

namespace quorumlab::trace {
namespace {

constexpr std::string_view kMagic = "QLTRACE\n";

constexpr std::uint32_t tag(const char (&name)[5]) {
  return static_cast<std::uint32_t>(name[0]) | static_cast<std::uint32_t>(name[1]) << 8 |
         static_cast<std::uint32_t>(name[2]) << 16 | static_cast<std::uint32_t>(name[3]) << 24;
}
constexpr std::uint32_t kMeta = tag("meta"), kRecords = tag("reco"), kKept = tag("kept"),
                        kText = tag("text"), kDone = tag("done");

// Which fields of a record stand in the file: the others are zero (the time: that of the one before).
enum Field : std::uint8_t {
  kTime = 1,
  kCause = 2,
  kReason = 4,
  kPeer = 8,
  kExtra = 16,
  kA = 32,
  kB = 64,
  kC = 128
};
// What no record needs more of: a byte of flags and nine integers of at most ten bytes.
constexpr std::size_t kLongestRecord = 1 + 9 * 10;

// What the next record is told against. A section begins anew.
struct Before {
  std::int64_t time_ns = 0;
  std::uint64_t c = 0;  // of the last packet_sent, whose places follow each other
};

std::uint64_t zigzag(std::uint64_t difference) {
  return difference << 1 ^ (difference >> 63 != 0 ? UINT64_MAX : 0);
}
std::uint64_t unzigzag(std::uint64_t v) { return v >> 1 ^ ((v & 1) != 0 ? UINT64_MAX : 0); }

inline std::uint8_t* put(std::uint8_t* at, std::uint64_t v) {
  while (v >= 0x80) {
    *at++ = static_cast<std::uint8_t>(v | 0x80);
    v >>= 7;
  }
  *at++ = static_cast<std::uint8_t>(v);
  return at;
}

// REQUIRES: kLongestRecord bytes of room.
std::uint8_t* put_record(const Record& r, RecordId id, Before& before, std::uint8_t* at) {
  std::uint8_t* const flags = at++;
  std::uint8_t present = 0;
  const auto field = [&](Field name, bool there, std::uint64_t value) {
    if (!there) return;
    present |= name;
    at = put(at, value);
  };
  at = put(at, r.kind);
  at = put(at, r.node);
  const std::uint64_t later =
      static_cast<std::uint64_t>(r.time_ns) - static_cast<std::uint64_t>(before.time_ns);
  field(kTime, later != 0, zigzag(later));
  before.time_ns = r.time_ns;
  field(kCause, r.cause != 0, id - r.cause);
  field(kReason, r.reason != 0, r.reason);
  field(kPeer, r.peer != 0, r.peer);
  field(kExtra, r.extra != 0, r.extra);
  field(kA, r.a != 0, r.a);
  field(kB, r.b != 0, r.b);
  if (r.is(WorldFact::packet_sent)) {
    field(kC, r.c != 0, zigzag(r.c - before.c));
    before.c = r.c;
  } else {
    field(kC, r.c != 0, r.c);
  }
  *flags = present;
  return at;
}

// False if there is no such record.
bool get_record(ByteReader& in, RecordId id, Before& before, Record& r) {
  const std::uint8_t present = in.u8();
  const auto field = [&](Field name) { return (present & name) != 0 ? in.varint() : 0; };
  const std::uint64_t kind = in.varint(), node = in.varint();
  before.time_ns = static_cast<std::int64_t>(static_cast<std::uint64_t>(before.time_ns) +
                                             unzigzag(field(kTime)));
  const std::uint64_t back = field(kCause), reason = field(kReason), peer = field(kPeer),
                      extra = field(kExtra);
  r.time_ns = before.time_ns;
  r.cause = (present & kCause) != 0 ? id - back : 0;
  r.kind = static_cast<std::uint16_t>(kind);
  r.reason = static_cast<std::uint16_t>(reason);
  r.node = static_cast<std::uint32_t>(node);
  r.peer = static_cast<std::uint32_t>(peer);
  r.extra = static_cast<std::uint32_t>(extra);
  r.a = field(kA);
  r.b = field(kB);
  r.c = field(kC);
  if (r.is(WorldFact::packet_sent)) {
    if ((present & kC) != 0) r.c = before.c + unzigzag(r.c);
    before.c = r.c;
  }
  return in.ok() && ((kind | reason) >> 16) == 0 && ((node | peer | extra) >> 32) == 0;
}

// A section's tag and size stand before its payload, the checksum behind it.
constexpr std::size_t kHeadBytes = 12, kTailBytes = 8;

std::uint8_t* put_fixed(std::uint8_t* at, std::uint64_t v, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) *at++ = static_cast<std::uint8_t>(v >> (8 * i));
  return at;
}

std::uint8_t* put_head(std::uint8_t* at, std::uint32_t name, std::size_t size) {
  return put_fixed(put_fixed(at, name, 4), size, 8);
}

void put_section(std::uint32_t name, ByteView payload, Output& out) {
  out.advance(put_head(out.room(kHeadBytes), name, payload.size()));
  out.put(payload);
  out.advance(put_fixed(out.room(kTailBytes), hash_bytes(payload, name), kTailBytes));
}

// A section of records, made where it goes out from. The first of them has this number.
void put_records(std::span<const Record> records, RecordId id, Output& out) {
  std::uint8_t* const begin =
      out.room(kHeadBytes + records.size() * kLongestRecord + kTailBytes) + kHeadBytes;
  std::uint8_t* at = begin;
  Before before;
  for (const Record& record : records) at = put_record(record, id++, before, at);
  const ByteView payload(begin, at);
  put_head(begin - kHeadBytes, kRecords, payload.size());
  out.advance(put_fixed(at, hash_bytes(payload, kRecords), kTailBytes));
}

void put_file(const FileInfo& info, const Trace& trace, Output& out) {
  out.put(as_bytes(kMagic));
  out.advance(put_fixed(out.room(4), kFileVersion, 4));

  Bytes payload;
  ByteWriter w(payload);
  w.sized(info.scenario);
  w.u64(info.seed);
  w.u64(info.digest);
  w.u32(info.digest_version);
  w.varint(info.names.size());
  for (const std::string& name : info.names) w.sized(name);
  put_section(kMeta, payload, out);

  RecordId id = 1;
  for (std::size_t i = 0; i < trace.chunk_count(); ++i) {
    const std::span<const Record> records = trace.chunk(i);
    if (!records.empty()) put_records(records, id, out);
    id += records.size();
  }
  for (std::size_t i = 0; i < trace.kept_chunk_count(); ++i) {
    put_section(kKept, trace.kept_chunk(i), out);
  }
  payload.clear();
  for (std::uint64_t i = 1; i <= trace.text_count(); ++i) w.sized(trace.text_at(i));
  if (!payload.empty()) put_section(kText, payload, out);
  payload.clear();
  w.u64(trace.size());
  w.u64(trace.text_count());
  put_section(kDone, payload, out);
}

struct FileCloser {
  std::FILE* file;
  ~FileCloser() {
    if (file != nullptr) std::fclose(file);
  }
};

tl::unexpected<Error> system_error(const std::string& path, const char* what) {
  return error(path, fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

void encode_file(const FileInfo& info, const Trace& trace, Bytes& bytes) {
  Output out(bytes);
  put_file(info, trace, out);
  const bool good = out.flush();
  ASSERT(good, "memory takes everything");
}

Result<void> write_file(const std::string& path, const FileInfo& info, const Trace& trace) {
  FileCloser closer{std::fopen(path.c_str(), "wb")};
  if (closer.file == nullptr) return system_error(path, "cannot be written");
  Output out(closer.file);
  put_file(info, trace, out);
  const bool good = out.flush();
  const bool closed = std::fclose(closer.file) == 0;
  closer.file = nullptr;
  if (!good || !closed) return system_error(path, "could not be written whole");
  return {};
}

Result<File> decode_file(ByteView bytes, const std::string& where) {
  ByteReader in(bytes);
  const auto fail = [&](std::string what) {
    return error(fmt::format("{}: byte {}", where, in.position()), std::move(what));
  };
  if (bytes.size() < kMagic.size() || as_text(in.raw(kMagic.size())) != kMagic) {
    return error(where, "is not a quorumlab trace (.qlt): it does not begin with \"QLTRACE\"");
  }
  const std::uint32_t version = in.u32();
  if (!in.ok()) return fail("the file ends before its version");
  if (version > kFileVersion) {
    return error(where, fmt::format("is a trace of version {}; this program reads up to version {}",
                                    version, kFileVersion));
  }
  if (version != kFileVersion) {
    return error(where, fmt::format("is a trace of version {}, which nobody was given", version));
  }

  File file;
  bool has_meta = false;
  for (;;) {
    if (in.remaining() < 12) return fail("the file ends early: it was cut short");
    const std::uint32_t name = in.u32();
    const std::uint64_t size = in.u64();
    if (in.remaining() < 8 || size > in.remaining() - 8) {
      return fail("the file ends inside a section: it was cut short, or is damaged");
    }
    const ByteView payload = in.raw(size);
    if (in.u64() != hash_bytes(payload, name)) return fail("a checksum is wrong: it is damaged");
    if (!has_meta && name != kMeta) return fail("expected the section `meta` first");
    ByteReader part(payload);
    if (name == kMeta) {
      has_meta = true;
      file.info.scenario = as_text(part.sized());
      file.info.seed = part.u64();
      file.info.digest = part.u64();
      file.info.digest_version = part.u32();
      const std::uint64_t names = part.varint();
      for (std::uint64_t i = 0; i < names && part.ok(); ++i) {
        file.info.names.emplace_back(as_text(part.sized()));
      }
      if (!part.finished()) return fail("the section `meta` is malformed");
    } else if (name == kRecords) {
      Before before;
      Record record;
      while (part.remaining() > 0) {
        if (!get_record(part, file.trace.size() + 1, before, record)) {
          return fail("the section `reco` is malformed");
        }
        file.trace.append(record);
        if (record.is(WorldFact::process_started) && record.b != 0) {
          file.trace.name_agent(record.node, record.b);
        }
      }
    } else if (name == kKept) {
      file.trace.adopt_kept_chunk(payload);
    } else if (name == kText) {
      while (part.ok() && part.remaining() > 0) file.trace.text(as_text(part.sized()));
      if (!part.ok()) return fail("the section `text` is malformed");
    } else if (name == kDone) {
      const std::uint64_t records = part.u64(), texts = part.u64();
      if (!part.finished() || records != file.trace.size() || texts != file.trace.text_count()) {
        return fail("the counts at the end do not agree with what the file holds");
      }
      if (in.remaining() != 0) return fail("there is more after the end of the trace");
      return file;
    } else {
      return fail("a section that this version does not know");
    }
  }
}

Result<File> read_file(const std::string& path) {
  FileCloser in{std::fopen(path.c_str(), "rb")};
  if (in.file == nullptr) return system_error(path, "cannot be read");
  Bytes bytes;
  std::uint8_t buffer[1 << 16];
  std::size_t n;
  while ((n = std::fread(buffer, 1, sizeof buffer, in.file)) > 0) {
    bytes.insert(bytes.end(), buffer, buffer + n);
  }
  if (std::ferror(in.file) != 0) return system_error(path, "could not be read");
  return decode_file(bytes, path);
}

}  // namespace quorumlab::trace
