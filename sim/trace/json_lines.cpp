// JSON lines, written by hand into one buffer: a JSON library would take most of a run's time here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "sim/trace/file.h"
#include "sim/trace/words.h"

namespace quorumlab::trace {
namespace {

// Grows with the format of the lines.
constexpr std::uint32_t kLinesVersion = 1;

// The eight digits of a number, the first one in the lowest byte: halves, then quarters, then digits at
// once, by multiplications that divide. REQUIRES: v < 10^8.
std::uint64_t digits_of(std::uint32_t v) {
  std::uint64_t x = v / 10'000 | static_cast<std::uint64_t>(v % 10'000) << 32;
  const std::uint64_t hundreds = (x * 10'486 >> 20) & 0x0000007f0000007f;
  x = hundreds | (x - hundreds * 100) << 16;
  const std::uint64_t tens = (x * 103 >> 10) & 0x000f000f000f000f;
  return tens | (x - tens * 10) << 8;
}

// Writes eight bytes. REQUIRES: v < 10^8; as many digits as `size` says are wanted, the last ones.
char* put_digits(char* at, std::uint64_t digits, unsigned size) {
  std::uint64_t text = (digits | 0x3030303030303030) >> (8 * (8 - size));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  text = __builtin_bswap64(text);
#endif
  std::memcpy(at, &text, sizeof text);
  return at + size;
}

// Writes up to eight bytes more than it counts.
inline char* put_number(char* at, std::uint64_t v) {
  constexpr std::uint64_t kEight = 100'000'000;
  std::uint64_t rest[2];
  int more = 0;
  for (; v >= kEight; v /= kEight) rest[more++] = v % kEight;
  const std::uint64_t digits = digits_of(static_cast<std::uint32_t>(v));
  // The last digit stays even if it is zero.
  const unsigned zeros =
      static_cast<unsigned>(std::countr_zero(digits | std::uint64_t{1} << 56)) / 8;
  at = put_digits(at, digits, 8 - zeros);
  while (more > 0) at = put_digits(at, digits_of(static_cast<std::uint32_t>(rest[--more])), 8);
  return at;
}

void put_number(std::uint64_t value, std::string& out) {
  char digits[32];
  out.append(digits, put_number(digits, value));
}

// Quoted, with what JSON wants escaped. Bytes above 127 pass as they are: our texts are UTF-8.
void put_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

// A text that is put often. Short ones are copied as one block of fixed size, however short.
class Piece {
 public:
  static constexpr std::size_t kBlock = 48;
  Piece() = default;
  explicit Piece(std::string text) : size_(text.size()), whole_(std::move(text)) {
    std::memcpy(block_.data(), whole_.data(), std::min(size_, kBlock));
  }
  // Writes up to kBlock bytes more than it counts.
  char* put(char* at) const {
    if (size_ <= kBlock) [[likely]] {
      std::memcpy(at, block_.data(), kBlock);
    } else {
      std::memcpy(at, whole_.data(), size_);
    }
    return at + size_;
  }
  std::size_t size() const { return size_; }

 private:
  std::array<char, kBlock> block_{};
  std::size_t size_ = 0;
  std::string whole_;
};

template <std::size_t size>
char* put(char* at, const char (&text)[size]) {
  std::memcpy(at, text, size - 1);
  return at + size - 1;
}

template <std::size_t size>
char* put_field(char* at, const char (&name)[size], std::uint64_t value) {
  return value == 0 ? at : put_number(put(at, name), value);
}

// The fields of kinds and reasons by number.
struct Names {
  // Numbers that mean something are smaller; the last place is "unknown".
  static constexpr std::size_t kNumbers = 513;
  std::vector<Piece> kinds, reasons;
  Names() {
    for (std::size_t i = 0; i < kNumbers; ++i) {
      const auto number = static_cast<std::uint16_t>(i);
      kinds.emplace_back(fmt::format(",\"kind\":\"{}\"", short_name(number)));
      reasons.emplace_back(fmt::format(",\"reason\":\"{}\"", reason_name(number)));
    }
  }
  static const Piece& of(const std::vector<Piece>& table, std::size_t number) {
    return table[std::min(number, kNumbers - 1)];
  }
  static const Names& get() {
    static const Names names;
    return names;
  }
};

// Makes lines, with all names quoted beforehand.
class LineMaker {
 public:
  explicit LineMaker(const FileInfo& info) {
    for (const std::string& name : info.names) {
      std::string quoted;
      put_string(name, quoted);
      hosts_.emplace_back(std::move(quoted));
      longest_ = std::max(longest_, kFixed + 2 * hosts_.back().size());
    }
  }
  // No line without words takes more room, and what pieces write beyond themselves.
  std::size_t longest() const { return longest_; }

  // All but the closing brace. REQUIRES: longest() bytes of room.
  char* open_line(char* at, const Record& record, RecordId id) {
    at = put_number(put(at, "{\"id\":"), id);
    at = put(at, ",\"time_ns\":");
    if (record.time_ns != time_ns_ || time_size_ == 0) {
      // Much happens at the same instant; its digits are made once.
      time_ns_ = record.time_ns;
      char* digits = time_.data();
      std::uint64_t value = static_cast<std::uint64_t>(time_ns_);
      if (time_ns_ < 0) {
        *digits++ = '-';
        value = -value;
      }
      time_size_ = static_cast<std::size_t>(put_number(digits, value) - time_.data());
    }
    std::memcpy(at, time_.data(), time_.size());
    at += time_size_;
    at = Names::of(names_.kinds, record.kind).put(at);
    if (record.node != 0) at = put_host(put(at, ",\"node\":"), record.node);
    if (record.peer != 0) at = put_host(put(at, ",\"peer\":"), record.peer);
    if (record.reason != 0) at = Names::of(names_.reasons, record.reason).put(at);
    at = put_field(at, ",\"cause\":", record.cause);
    at = put_field(at, ",\"extra\":", record.extra);
    at = put_field(at, ",\"a\":", record.a);
    at = put_field(at, ",\"b\":", record.b);
    return put_field(at, ",\"c\":", record.c);
  }

 private:
  static constexpr std::size_t kFixed = 640;

  char* put_host(char* at, std::uint32_t id) const {
    if (id <= hosts_.size()) return hosts_[id - 1].put(at);
    at = put_number(put(at, "\"n"), id);
    *at = '"';
    return at + 1;
  }

  const Names& names_ = Names::get();
  std::vector<Piece> hosts_;  // quoted
  std::size_t longest_ = kFixed;
  std::int64_t time_ns_ = 0;
  std::size_t time_size_ = 0;
  std::array<char, 32> time_{};
};

void append_words(const Record& record, const FileInfo& info, const Trace& trace,
                  std::string& out) {
  out += ",\"words\":";
  put_string(words(record, {info.names, &trace}), out);
}

}  // namespace

std::string json_header(const FileInfo& info) {
  std::string out = "{\"format\":\"quorumlab-trace\",\"version\":";
  put_number(kLinesVersion, out);
  out += ",\"seed\":";
  put_number(info.seed, out);
  out += fmt::format(",\"digest\":\"{:016x}\",\"digest_version\":{},\"names\":[", info.digest,
                     info.digest_version);
  for (std::size_t i = 0; i < info.names.size(); ++i) {
    if (i > 0) out += ',';
    put_string(info.names[i], out);
  }
  out += "],\"scenario\":";
  put_string(info.scenario, out);
  out += "}\n";
  return out;
}

void append_json_line(const Record& record, RecordId id, const FileInfo& info, const Trace& trace,
                      bool with_words, std::string& out) {
  LineMaker maker(info);
  std::vector<char> line(maker.longest());
  out.append(line.data(), maker.open_line(line.data(), record, id));
  if (with_words) append_words(record, info, trace, out);
  out += "}\n";
}

Result<void> write_json_lines(const std::string& path, const FileInfo& info, const Trace& trace,
                              bool with_words) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return error(path, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
  bool good = true;
  const auto write = [&](const char* bytes, std::size_t size) {
    good = good && std::fwrite(bytes, 1, size, file) == size;
  };
  const std::string header = json_header(info);
  write(header.data(), header.size());
  LineMaker maker(info);
  constexpr std::size_t kBuffer = 256 << 10;  // stays in the cache
  std::vector<char> buffer(kBuffer + maker.longest());
  char* at = buffer.data();
  const auto flush = [&] {
    write(buffer.data(), static_cast<std::size_t>(at - buffer.data()));
    at = buffer.data();
  };
  std::string told;
  RecordId id = 0;
  for (std::size_t i = 0; i < trace.chunk_count(); ++i) {
    for (const Record& record : trace.chunk(i)) {
      at = maker.open_line(at, record, ++id);
      if (with_words) {
        flush();
        told.clear();
        append_words(record, info, trace, told);
        write(told.data(), told.size());
      }
      at = put(at, "}\n");
      if (at >= buffer.data() + kBuffer) flush();
    }
  }
  flush();
  if (std::fclose(file) != 0 || !good) {
    return error(path, fmt::format("could not be written whole: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace quorumlab::trace
