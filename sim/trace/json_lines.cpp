// JSON lines, written by hand into one buffer: a JSON library would take most of a run's time here.
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "sim/trace/file.h"
#include "sim/trace/words.h"

namespace quorumlab::trace {
namespace {

void put_number(std::uint64_t value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
}

void put_signed(std::int64_t value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
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

void put_host(std::string_view field, std::uint32_t id, const FileInfo& info, std::string& out) {
  if (id == 0) return;
  out += field;
  if (id <= info.names.size()) {
    put_string(info.names[id - 1], out);
  } else {
    out += "\"n";
    put_number(id, out);
    out += '"';
  }
}

void put_field(std::string_view field, std::uint64_t value, std::string& out) {
  if (value == 0) return;
  out += field;
  put_number(value, out);
}

}  // namespace

std::string json_header(const FileInfo& info) {
  std::string out = "{\"format\":\"quorumlab-trace\",\"version\":";
  put_number(kFileVersion, out);
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
  out += "{\"id\":";
  put_number(id, out);
  out += ",\"time_ns\":";
  put_signed(record.time_ns, out);
  out += ",\"kind\":\"";
  out += short_name(record.kind);
  out += '"';
  put_host(",\"node\":", record.node, info, out);
  put_host(",\"peer\":", record.peer, info, out);
  if (record.reason != 0) {
    out += ",\"reason\":\"";
    out += reason_name(record.reason);
    out += '"';
  }
  put_field(",\"cause\":", record.cause, out);
  put_field(",\"extra\":", record.extra, out);
  put_field(",\"a\":", record.a, out);
  put_field(",\"b\":", record.b, out);
  put_field(",\"c\":", record.c, out);
  if (with_words) {
    out += ",\"words\":";
    put_string(words(record, {info.names, &trace}), out);
  }
  out += "}\n";
}

Result<void> write_json_lines(const std::string& path, const FileInfo& info, const Trace& trace,
                              bool with_words) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return error(path, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
  std::string out = json_header(info);
  bool good = true;
  const auto flush = [&] {
    good = good && std::fwrite(out.data(), 1, out.size(), file) == out.size();
    out.clear();
  };
  RecordId id = 0;
  for (std::size_t i = 0; i < trace.chunk_count(); ++i) {
    for (const Record& record : trace.chunk(i)) {
      append_json_line(record, ++id, info, trace, with_words, out);
      if (out.size() > 1 << 20) flush();
    }
  }
  flush();
  if (std::fclose(file) != 0 || !good) {
    return error(path, fmt::format("could not be written whole: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace quorumlab::trace
