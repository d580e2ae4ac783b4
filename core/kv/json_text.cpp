// Text of answers. Strings are escaped as encoding/json does it with HTML escaping on; times print
// as in package time.
#include "core/kv/json_text.h"

#include <algorithm>
#include <array>

#include "core/kv/utf8.h"

namespace quorumlab::kv {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::int64_t kSecond = 1'000'000'000;

void append_char(char c, Bytes& out) { out.push_back(static_cast<std::uint8_t>(c)); }

// What may stand in a JSON string as it is.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x80; ++c) plain[static_cast<std::size_t>(c)] = true;
  for (const char c : {'"', '\\', '<', '>', '&'}) plain[static_cast<unsigned char>(c)] = false;
  return plain;
}();

void append_padded(std::int64_t number, int digits, Bytes& out) {
  std::int64_t unit = 1;
  for (int i = 1; i < digits; ++i) unit *= 10;
  for (; unit > 0; unit /= 10) append_char(static_cast<char>('0' + number / unit % 10), out);
}

struct Civil {
  std::int64_t year;
  int month, day, hour, minute, second, weekday;  // month and day from 1; Sunday is 0
  std::int64_t nanosecond;
};

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// The proleptic Gregorian calendar, counted in eras of 400 years from the first of March of year 0.
Civil civil(std::int64_t unix_ns) {
  Civil c{};
  const std::int64_t seconds = floor_divide(unix_ns, kSecond);
  c.nanosecond = unix_ns - seconds * kSecond;
  const std::int64_t days = floor_divide(seconds, 86'400);
  const std::int64_t rest = seconds - days * 86'400;
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  c.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  const std::int64_t z = days + 719'468;
  const std::int64_t era = floor_divide(z, 146'097);
  const std::int64_t day_of_era = z - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t from_march = (5 * day_of_year + 2) / 153;
  c.day = static_cast<int>(day_of_year - (153 * from_march + 2) / 5 + 1);
  c.month = static_cast<int>(from_march < 10 ? from_march + 3 : from_march - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2 ? 1 : 0);
  return c;
}

void append_clock(const Civil& c, Bytes& out) {
  append_padded(c.hour, 2, out);
  append_char(':', out);
  append_padded(c.minute, 2, out);
  append_char(':', out);
  append_padded(c.second, 2, out);
}

// The digits behind the point, without zeros at the end; nothing for 0.
void append_fraction(std::int64_t value, int digits, Bytes& out) {
  if (value == 0) return;
  append_char('.', out);
  for (; value % 10 == 0; value /= 10) --digits;
  append_padded(value, digits, out);
}

std::string_view without_root(std::string_view key) {
  return key.starts_with(kUserRoot) ? key.substr(kUserRoot.size()) : key;
}

// The comma between two fields of an object.
void append_name(std::string_view name, Bytes& out) {
  if (out.back() != '{') append_char(',', out);
  append_char('"', out);
  append_text(name, out);
  append_text("\":", out);
}

void append_indexes(std::uint64_t modified, std::uint64_t created, Bytes& out) {
  if (modified != 0) {
    append_name("modifiedIndex", out);
    append_number(modified, out);
  }
  if (created != 0) {
    append_name("createdIndex", out);
    append_number(created, out);
  }
}

// All that comes before the list of children.
void append_node_head(std::string_view key, const NodeView& node, Instant wall, Bytes& out) {
  append_char('{', out);
  if (!key.empty()) {
    append_name("key", out);
    append_json_string(key, out);
  }
  if (node.has_value) {
    append_name("value", out);
    append_json_string(node.value, out);
  }
  if (node.dir) {
    append_name("dir", out);
    append_text("true", out);
  }
  if (node.expiration != kPermanent) {
    append_name("expiration", out);
    append_char('"', out);
    append_time(node.expiration, out);
    append_char('"', out);
    if (const std::int64_t left = seconds_left(node.expiration, wall); left != 0) {
      append_name("ttl", out);
      append_number(left, out);
    }
  }
}

void append_node(std::string_view key, const NodeView& node, Instant wall, Bytes& out) {
  append_node_head(key, node, wall, out);
  append_indexes(node.modified, node.created, out);
  append_char('}', out);
}

}  // namespace

void append_text(std::string_view text, Bytes& out) {
  out.insert(out.end(), text.begin(), text.end());
}

void append_number(std::uint64_t number, Bytes& out) {
  char digits[20];
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (n > 0) append_char(digits[--n], out);
}

void append_number(std::int64_t number, Bytes& out) {
  if (number < 0) append_char('-', out);
  const auto bits = static_cast<std::uint64_t>(number);
  append_number(number < 0 ? 0 - bits : bits, out);
}

void append_json_string(std::string_view text, Bytes& out) {
  append_char('"', out);
  for (std::size_t i = 0; i < text.size();) {
    std::size_t plain = i;
    while (plain < text.size() && kPlain[static_cast<unsigned char>(text[plain])]) ++plain;
    append_text(text.substr(i, plain - i), out);
    i = plain;
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      append_char('\\', out);
      switch (c) {
        case '"':
        case '\\':
          append_char(text[i], out);
          break;
        case '\n':
          append_char('n', out);
          break;
        case '\r':
          append_char('r', out);
          break;
        case '\t':
          append_char('t', out);
          break;
        default:
          append_text("u00", out);
          append_char(kHex[c >> 4], out);
          append_char(kHex[c & 15], out);
      }
      ++i;
      continue;
    }
    const std::size_t size = utf8_length(text.substr(i));
    const std::string_view rune = text.substr(i, size);
    if (size == 0) {
      append_text("\\ufffd", out);
    } else if (rune == "\xe2\x80\xa8") {
      append_text("\\u2028", out);
    } else if (rune == "\xe2\x80\xa9") {
      append_text("\\u2029", out);
    } else {
      append_text(rune, out);
    }
    i += std::max<std::size_t>(size, 1);
  }
  append_char('"', out);
}

void append_time(std::int64_t unix_ns, Bytes& out) {
  const Civil c = civil(unix_ns);
  append_padded(c.year, 4, out);
  append_char('-', out);
  append_padded(c.month, 2, out);
  append_char('-', out);
  append_padded(c.day, 2, out);
  append_char('T', out);
  append_clock(c, out);
  append_fraction(c.nanosecond, 9, out);
  append_char('Z', out);
}

void append_http_date(std::int64_t unix_ns, Bytes& out) {
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const Civil c = civil(unix_ns);
  append_text(kDays.substr(static_cast<std::size_t>(c.weekday) * 3, 3), out);
  append_text(", ", out);
  append_padded(c.day, 2, out);
  append_char(' ', out);
  append_text(kMonths.substr(static_cast<std::size_t>(c.month - 1) * 3, 3), out);
  append_char(' ', out);
  append_padded(c.year, 4, out);
  append_char(' ', out);
  append_clock(c, out);
  append_text(" GMT", out);
}

void append_duration(Duration duration, Bytes& out) {
  std::uint64_t ns = static_cast<std::uint64_t>(duration.ns);
  if (duration.ns < 0) {
    append_char('-', out);
    ns = 0 - ns;
  }
  const auto number = [&](std::uint64_t unit, int digits, std::string_view name) {
    append_number(ns / unit, out);
    append_fraction(static_cast<std::int64_t>(ns % unit), digits, out);
    append_text(name, out);
  };
  if (ns == 0) return append_text("0s", out);
  if (ns < 1000) return number(1, 0, "ns");
  if (ns < 1'000'000) return number(1000, 3, "\xc2\xb5s");
  if (ns < 1'000'000'000) return number(1'000'000, 6, "ms");
  constexpr std::uint64_t kMinute = 60'000'000'000, kHour = 60 * kMinute;
  if (ns >= kHour) {
    append_number(ns / kHour, out);
    append_char('h', out);
  }
  if (ns >= kMinute) {
    append_number(ns % kHour / kMinute, out);
    append_char('m', out);
  }
  ns %= kMinute;
  number(1'000'000'000, 9, "s");
}

std::int64_t seconds_left(std::int64_t expiration, Instant wall) {
  std::int64_t left = 0;
  if (__builtin_sub_overflow(expiration, wall.ns, &left)) {
    left = expiration > wall.ns ? INT64_MAX : INT64_MIN;
  }
  return left / kSecond + (left % kSecond > 0 ? 1 : 0);
}

void append_event(const Event& event, Instant wall, bool no_value, Bytes& out) {
  append_text("{\"action\":\"", out);
  append_text(action_name(event.action), out);
  append_char('"', out);
  if (!no_value) {
    const std::string_view key = without_root(event.key);
    append_text(",\"node\":", out);
    append_node(key, event.node, wall, out);
    if (event.has_previous) {
      append_text(",\"prevNode\":", out);
      append_node(key, event.previous, wall, out);
    }
  }
  append_text("}\n", out);
}

void Listing::open(const Store& store, Store::Handle handle, Instant wall, bool list, Bytes& out) {
  const Store::Node& node = store.node(handle);
  const NodeView view{node.value,      !node.dir,     node.dir,
                      node.expiration, node.modified, node.created};
  append_node_head(without_root(path_ == "/" ? std::string_view("/") : path_), view, wall, out);
  const std::size_t children = node.dir && list ? 0 : node.children.size();
  frames_.push_back({handle, static_cast<std::uint32_t>(children),
                     static_cast<std::uint32_t>(path_.size()), false});
}

void Listing::close(const Store& store, Store::Handle handle, Bytes& out) {
  const Store::Node& node = store.node(handle);
  append_indexes(node.modified, node.created, out);
  append_char('}', out);
}

void Listing::append(const Store& store, Store::Handle handle, bool recursive, Instant wall,
                     Bytes& out) {
  append_text("{\"action\":\"get\",\"node\":", out);
  frames_.clear();
  path_.clear();
  store.append_path(handle, path_);
  open(store, handle, wall, true, out);
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    const Store::Node& node = store.node(frame.node);
    path_.resize(frame.path_size);
    if (frame.next_child < node.children.size()) {
      const Store::Handle child = node.children[frame.next_child++];
      const std::string& name = store.node(child).name;
      if (name[0] == '_') continue;  // hidden
      if (frame.any) {
        append_char(',', out);
      } else {
        append_name("nodes", out);
        append_char('[', out);
        frame.any = true;
      }
      if (path_.size() > 1) path_ += '/';
      path_ += name;
      open(store, child, wall, recursive, out);
      continue;
    }
    if (frame.any) append_char(']', out);
    close(store, frame.node, out);
    frames_.pop_back();
  }
  append_text("}\n", out);
}

void append_refusal(ErrorCode code, std::string_view cause, std::uint64_t index, Bytes& out) {
  const ErrorInfo* info = find_error(code);
  append_text("{\"errorCode\":", out);
  append_number(static_cast<std::uint64_t>(code), out);
  append_text(",\"message\":", out);
  append_json_string(info == nullptr ? std::string_view{} : info->message, out);
  cause = without_root(cause);
  if (!cause.empty()) {
    append_text(",\"cause\":", out);
    append_json_string(cause, out);
  }
  append_text(",\"index\":", out);
  append_number(index, out);
  append_text("}\n", out);
}

void append_message(std::string_view message, Bytes& out) {
  append_text("{\"message\":", out);
  append_json_string(message, out);
  append_char('}', out);
}

}  // namespace quorumlab::kv
