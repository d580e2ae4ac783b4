// Writing and reading .qlt files. Input is checked before it is believed: sizes against what is
// left, checksums before contents.
#include "sim/trace/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace quorumlab::trace {
namespace {

constexpr std::string_view kMagic = "QLTRACE\n";
constexpr std::size_t kRecordBytes = 56;

constexpr std::uint32_t tag(const char (&name)[5]) {
  return static_cast<std::uint32_t>(name[0]) | static_cast<std::uint32_t>(name[1]) << 8 |
         static_cast<std::uint32_t>(name[2]) << 16 | static_cast<std::uint32_t>(name[3]) << 24;
}
constexpr std::uint32_t kMeta = tag("meta"), kRecords = tag("reco"), kKept = tag("kept"),
                        kText = tag("text"), kDone = tag("done");

// Unused where records lie in memory as they do in the file.
[[maybe_unused]] void put_record(const Record& r, ByteWriter& w) {
  w.u64(static_cast<std::uint64_t>(r.time_ns));
  w.u64(r.cause);
  w.u32(r.kind | static_cast<std::uint32_t>(r.reason) << 16);
  w.u32(r.node);
  w.u32(r.peer);
  w.u32(r.extra);
  w.u64(r.a);
  w.u64(r.b);
  w.u64(r.c);
}

Record get_record(ByteReader& in) {
  Record r;
  r.time_ns = static_cast<std::int64_t>(in.u64());
  r.cause = in.u64();
  const std::uint32_t kind_and_reason = in.u32();
  r.kind = static_cast<std::uint16_t>(kind_and_reason);
  r.reason = static_cast<std::uint16_t>(kind_and_reason >> 16);
  r.node = in.u32();
  r.peer = in.u32();
  r.extra = in.u32();
  r.a = in.u64();
  r.b = in.u64();
  r.c = in.u64();
  return r;
}

// Whether this machine lays a Record out as the file does: then chunks are copied whole.
constexpr bool kSameLayout = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&
                             sizeof(Record) == kRecordBytes && offsetof(Record, cause) == 8 &&
                             offsetof(Record, kind) == 16 && offsetof(Record, reason) == 18 &&
                             offsetof(Record, node) == 20 && offsetof(Record, peer) == 24 &&
                             offsetof(Record, extra) == 28 && offsetof(Record, a) == 32;

// Gives the file's pieces, in order, to `put(ByteView)`.
template <class Put>
void pieces(const FileInfo& info, const Trace& trace, Put put) {
  Bytes head;
  ByteWriter(head).raw(as_bytes(kMagic));
  ByteWriter(head).u32(kFileVersion);
  put(head);
  const auto section = [&](std::uint32_t name, ByteView payload) {
    Bytes frame;
    ByteWriter before(frame);
    before.u32(name);
    before.u64(payload.size());
    put(frame);
    put(payload);
    frame.clear();
    ByteWriter(frame).u64(hash_bytes(payload, name));
    put(frame);
  };

  Bytes payload;
  ByteWriter w(payload);
  w.sized(info.scenario);
  w.u64(info.seed);
  w.u64(info.digest);
  w.u32(info.digest_version);
  w.varint(info.names.size());
  for (const std::string& name : info.names) w.sized(name);
  section(kMeta, payload);

  for (std::size_t i = 0; i < trace.chunk_count(); ++i) {
    const std::span<const Record> records = trace.chunk(i);
    if (records.empty()) continue;
    if constexpr (kSameLayout) {
      section(kRecords, {reinterpret_cast<const std::uint8_t*>(records.data()),
                         records.size() * kRecordBytes});
    } else {
      payload.clear();
      for (const Record& record : records) put_record(record, w);
      section(kRecords, payload);
    }
  }
  for (std::size_t i = 0; i < trace.kept_chunk_count(); ++i) section(kKept, trace.kept_chunk(i));
  payload.clear();
  for (std::uint64_t i = 1; i <= trace.text_count(); ++i) w.sized(trace.text_at(i));
  if (!payload.empty()) section(kText, payload);
  payload.clear();
  w.u64(trace.size());
  w.u64(trace.text_count());
  section(kDone, payload);
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

void encode_file(const FileInfo& info, const Trace& trace, Bytes& out) {
  pieces(info, trace, [&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
}

Result<void> write_file(const std::string& path, const FileInfo& info, const Trace& trace) {
  FileCloser out{std::fopen(path.c_str(), "wb")};
  if (out.file == nullptr) return system_error(path, "cannot be written");
  bool good = true;
  pieces(info, trace, [&](ByteView bytes) {
    good = good && std::fwrite(bytes.data(), 1, bytes.size(), out.file) == bytes.size();
  });
  const bool closed = std::fclose(out.file) == 0;
  out.file = nullptr;
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
  if (version == 0) return fail("version 0 does not exist: the file is damaged");

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
      if (payload.size() % kRecordBytes != 0) return fail("half a record in a section `reco`");
      while (part.remaining() > 0) file.trace.append(get_record(part));
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
