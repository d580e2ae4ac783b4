// Reading and writing of the snapshot's lines.
#include "core/gossip/snapshot_file.h"

#include <algorithm>
#include <charconv>

#include "core/gossip/text.h"

namespace quorumlab::gossip::snapshot {
namespace {

void append_time(std::string_view key, std::uint64_t time, Bytes& out) {
  append_text(key, out);
  append_number(time, out);
  out.push_back('\n');
}

constexpr std::string_view kAlive = "alive: ", kNotAlive = "not-alive: ", kClock = "clock: ",
                           kEventClock = "event-clock: ", kQueryClock = "query-clock: ",
                           kCoordinate = "coordinate: ", kLeave = "leave";

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}
template <class T>
bool read_number(std::string_view text, T& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size();
}
bool read_v4(std::string_view text, Address& out) {
  out.size = 4;
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos || !read_number(text.substr(0, dot), out.ip[i])) return false;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return true;
}
// With one "::" at most, which stands for as many zeros as are missing.
bool read_v6(std::string_view text, Address& out) {
  std::array<std::uint16_t, 8> head{}, tail{};
  std::size_t heads = 0, tails = 0;
  bool gap = take(text, "::");
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    std::uint16_t part = 0;
    if (heads + tails == 8 || !read_number(text.substr(0, end), part, 16)) return false;
    (gap ? tail[tails++] : head[heads++]) = part;
    text.remove_prefix(end);
    if (!gap && take(text, "::")) {
      gap = true;
    } else if (!text.empty() && (!take(text, ":") || text.empty())) {
      return false;
    }
  }
  if (gap ? heads + tails > 7 : heads != 8) return false;
  std::copy_n(tail.begin(), tails, head.end() - static_cast<std::ptrdiff_t>(tails));
  out.size = 16;
  for (std::size_t i = 0; i < 8; ++i) {
    out.ip[2 * i] = static_cast<std::uint8_t>(head[i] >> 8);
    out.ip[2 * i + 1] = static_cast<std::uint8_t>(head[i]);
  }
  return true;
}
// "10.0.0.1:7946" or "[::1]:7946".
bool read_address(std::string_view text, Address& out) {
  out = {};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (!read_number(text.substr(colon + 1), out.port)) return false;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return read_v6(host.substr(1, host.size() - 2), out);
  }
  return read_v4(host, out);
}

}  // namespace

void append_alive(std::string_view name, const Address& address, Bytes& out) {
  append_text(kAlive, out);
  append_text(name, out);
  append_text(" ", out);
  append_address(address, out);
  out.push_back('\n');
}
void append_not_alive(std::string_view name, Bytes& out) {
  append_text(kNotAlive, out);
  append_text(name, out);
  out.push_back('\n');
}
void append_clock(std::uint64_t time, Bytes& out) { append_time(kClock, time, out); }
void append_event_clock(std::uint64_t time, Bytes& out) { append_time(kEventClock, time, out); }
void append_query_clock(std::uint64_t time, Bytes& out) { append_time(kQueryClock, time, out); }
void append_leave(Bytes& out) {
  append_text(kLeave, out);
  out.push_back('\n');
}

bool next_line(ByteView& rest, Line& line) {
  const auto end = std::find(rest.begin(), rest.end(), '\n');
  if (end == rest.end()) return false;
  const auto size = static_cast<std::size_t>(end - rest.begin());
  std::string_view text = as_text(rest.first(size));
  rest = rest.subspan(size + 1);
  line = {};
  if (take(text, kAlive)) {
    // The name may hold spaces, the address holds none.
    const std::size_t space = text.rfind(' ');
    if (space != std::string_view::npos && space != 0 &&
        read_address(text.substr(space + 1), line.address)) {
      line.kind = Line::Kind::alive;
      line.name = text.substr(0, space);
    }
  } else if (take(text, kNotAlive)) {
    line.kind = Line::Kind::not_alive;
    line.name = text;
  } else if (take(text, kClock)) {
    if (read_number(text, line.time)) line.kind = Line::Kind::clock;
  } else if (take(text, kEventClock)) {
    if (read_number(text, line.time)) line.kind = Line::Kind::event_clock;
  } else if (take(text, kQueryClock)) {
    if (read_number(text, line.time)) line.kind = Line::Kind::query_clock;
  } else if (text == kLeave) {
    line.kind = Line::Kind::leave;
  } else if (text.starts_with('#') || text.starts_with(kCoordinate)) {
    line.kind = Line::Kind::ignored;
  }
  return true;
}

}  // namespace quorumlab::gossip::snapshot
