// JSON lines, written by hand into one buffer: a JSON library would take most of a run's time here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "sim/trace/file.h"
#include "sim/trace/json_string.h"
#include "sim/trace/output.h"
#include "sim/trace/words.h"

namespace quorumlab::trace {
namespace {

// Grows with the format of the lines.
constexpr std::uint32_t kLinesVersion = 1;

// "00" to "99".
constexpr std::array<std::array<char, 2>, 100> kPairs = [] {
  std::array<std::array<char, 2>, 100> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  }
  return pairs;
}();

// Two digits. REQUIRES: v < 100, here and below.
inline char* put_pair(char* at, std::uint64_t v) {
  std::memcpy(at, kPairs[v].data(), 2);
  return at + 2;
}
// One or two.
inline char* put_first(char* at, std::uint64_t v) {
  if (v >= 10) return put_pair(at, v);
  *at = static_cast<char>('0' + v);
  return at + 1;
}

[[gnu::noinline]] char* put_long_number(char* at, std::uint64_t v);

// One branch for each length: numbers of a field are of the same length nearly always.
inline char* put_number(char* at, std::uint64_t v) {
  if (v < 100) return put_first(at, v);
  if (v < 10'000) return put_pair(put_first(at, v / 100), v % 100);
  if (v < 1'000'000) {
    const std::uint64_t low = v % 10'000;
    return put_pair(put_pair(put_first(at, v / 10'000), low / 100), low % 100);
  }
  return put_long_number(at, v);
}

char* put_long_number(char* at, std::uint64_t v) {
  at = put_number(at, v / 10'000);
  return put_pair(put_pair(at, v / 100 % 100), v % 100);
}

void put_number(std::uint64_t value, std::string& out) {
  char digits[32];
  out.append(digits, put_number(digits, value));
}

// A text that is put often. Short ones are copied as one block of fixed size, however short.
class Piece {
 public:
  static constexpr std::size_t kBlock = 32;
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

// The number of a line as text: they follow each other, so that nothing is divided.
class LineNumber {
 public:
  explicit LineNumber(RecordId number) {
    char digits[kDigits];
    const std::size_t size = static_cast<std::size_t>(put_number(digits, number) - digits);
    begin_ = end() - size;
    text_.fill('0');
    std::memcpy(begin_, digits, size);
  }
  LineNumber(const LineNumber&) = delete;
  LineNumber& operator=(const LineNumber&) = delete;
  void advance() {
    char* digit = end() - 1;
    while (*digit == '9') *digit-- = '0';
    ++*digit;
    begin_ = std::min(begin_, digit);
  }
  // Writes up to kDigits bytes more than it counts.
  char* put(char* at) const {
    std::memcpy(at, begin_, kDigits);
    return at + (end() - begin_);
  }

 private:
  static constexpr std::size_t kDigits = 32;
  char* end() { return text_.data() + kDigits; }
  const char* end() const { return text_.data() + kDigits; }
  std::array<char, 2 * kDigits> text_;  // right up to the middle, after zeros
  char* begin_;
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
  // Of the records from `first` on.
  LineMaker(const FileInfo& info, RecordId first) : id_(first) {
    for (const std::string& name : info.names) {
      std::string quoted;
      put_json_string(name, quoted);
      nodes_.emplace_back(",\"node\":" + quoted);
      peers_.emplace_back(",\"peer\":" + quoted);
      longest_ = std::max(longest_, kFixed + 2 * quoted.size());
    }
  }
  // No line without words takes more room, and what pieces write beyond themselves.
  std::size_t longest() const { return longest_; }

  // The next line, all but the closing brace. REQUIRES: longest() bytes of room.
  char* open_line(char* at, const Record& record) {
    at = id_.put(put(at, "{\"id\":"));
    id_.advance();
    if (record.time_ns != time_ns_) set_time(record.time_ns);
    std::memcpy(at, time_.data(), time_.size());
    at += time_size_;
    at = Names::of(names_.kinds, record.kind).put(at);
    if (record.node != 0) at = put_host(at, nodes_, ",\"node\":", record.node);
    if (record.peer != 0) at = put_host(at, peers_, ",\"peer\":", record.peer);
    if (record.reason != 0) at = Names::of(names_.reasons, record.reason).put(at);
    at = put_field(at, ",\"cause\":", record.cause);
    at = put_field(at, ",\"extra\":", record.extra);
    at = put_field(at, ",\"a\":", record.a);
    at = put_field(at, ",\"b\":", record.b);
    // Where a packet's bytes are kept says nothing where they are not.
    return record.is(WorldFact::packet_sent) ? at : put_field(at, ",\"c\":", record.c);
  }

 private:
  static constexpr std::size_t kFixed = 640;

  // Much happens at the same instant; its digits are made once.
  void set_time(std::int64_t time_ns) {
    time_ns_ = time_ns;
    char* at = put(time_.data(), ",\"time_ns\":");
    std::uint64_t value = static_cast<std::uint64_t>(time_ns);
    if (time_ns < 0) {
      *at++ = '-';
      value = -value;
    }
    time_size_ = static_cast<std::size_t>(put_number(at, value) - time_.data());
  }
  template <std::size_t size>
  static char* put_host(char* at, const std::vector<Piece>& hosts, const char (&field)[size],
                        std::uint32_t id) {
    if (id <= hosts.size()) [[likely]] return hosts[id - 1].put(at);
    at = put_number(put(put(at, field), "\"n"), id);
    *at = '"';
    return at + 1;
  }

  const Names& names_ = Names::get();
  std::vector<Piece> nodes_, peers_;  // fields with the hosts' names, quoted
  std::size_t longest_ = kFixed;
  LineNumber id_;
  std::int64_t time_ns_ = 0;
  std::array<char, 48> time_{",\"time_ns\":0"};
  std::size_t time_size_ = std::char_traits<char>::length(time_.data());
};

void append_words(const Record& record, const FileInfo& info, const Trace& trace,
                  std::string& out) {
  out += ",\"words\":";
  put_json_string(words(record, {info.names, &trace}), out);
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
    put_json_string(info.names[i], out);
  }
  out += "],\"scenario\":";
  put_json_string(info.scenario, out);
  out += "}\n";
  return out;
}

void append_json_line(const Record& record, RecordId id, const FileInfo& info, const Trace& trace,
                      bool with_words, std::string& out) {
  LineMaker maker(info, id);
  std::vector<char> line(maker.longest());
  out.append(line.data(), maker.open_line(line.data(), record));
  if (with_words) append_words(record, info, trace, out);
  out += "}\n";
}

Result<void> write_json_lines(const std::string& path, const FileInfo& info, const Trace& trace,
                              bool with_words) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return error(path, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
  Output out(file);
  out.put(as_bytes(json_header(info)));
  LineMaker maker(info, 1);
  std::string told;
  for (std::size_t i = 0; i < trace.chunk_count(); ++i) {
    for (const Record& record : trace.chunk(i)) {
      char* at = maker.open_line(out.text_room(maker.longest()), record);
      if (with_words) {
        out.advance(at);
        told.clear();
        append_words(record, info, trace, told);
        out.put(as_bytes(told));
        at = out.text_room(2);
      }
      out.advance(put(at, "}\n"));
    }
  }
  const bool good = out.flush();
  if (std::fclose(file) != 0 || !good) {
    return error(path, fmt::format("could not be written whole: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace quorumlab::trace
