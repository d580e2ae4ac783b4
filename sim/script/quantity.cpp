// Decimal arithmetic on integers, and edit distance; see quantity.h.
#include "sim/script/quantity.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/hash.h"

namespace quorumlab::script {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<Unit, 6> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};
constexpr std::int64_t kLongest = 100ll * 365 * 86'400 * 1'000'000'000;

// Digits with at most one point between them: "12", "1.50".
bool is_plain_decimal(std::string_view s) {
  const std::size_t point = s.find('.');
  const std::string_view whole = s.substr(0, point);
  if (whole.empty() || !std::all_of(whole.begin(), whole.end(), is_digit)) return false;
  if (point == std::string_view::npos) return true;
  const std::string_view rest = s.substr(point + 1);
  return !rest.empty() && std::all_of(rest.begin(), rest.end(), is_digit);
}

// Splits "1.5s" before its unit.
std::size_t number_length(std::string_view s) {
  std::size_t n = 0;
  while (n < s.size() && (is_digit(s[n]) || s[n] == '.')) ++n;
  return n;
}

}  // namespace

std::optional<std::int64_t> scaled_integer(std::string_view number, int power) {
  const bool negative = !number.empty() && number[0] == '-';
  if (negative) number.remove_prefix(1);
  const std::size_t e = number.find_first_of("eE");
  std::string_view mantissa = number.substr(0, e);
  if (!is_plain_decimal(mantissa)) return std::nullopt;
  if (e != std::string_view::npos) {
    std::string_view exponent = number.substr(e + 1);
    const bool minus = !exponent.empty() && exponent[0] == '-';
    if (!exponent.empty() && (exponent[0] == '-' || exponent[0] == '+')) exponent.remove_prefix(1);
    if (exponent.empty() || exponent.size() > 4 ||
        !std::all_of(exponent.begin(), exponent.end(), is_digit)) {
      return std::nullopt;
    }
    int value = 0;
    for (const char c : exponent) value = value * 10 + (c - '0');
    power += minus ? -value : value;
  }
  std::string digits;
  const std::size_t point = mantissa.find('.');
  digits = std::string(mantissa.substr(0, point));
  if (point != std::string_view::npos) {
    digits += mantissa.substr(point + 1);
    power -= static_cast<int>(mantissa.size() - point - 1);
  }
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++power;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return 0;
  if (power < 0 || digits.size() + static_cast<std::size_t>(power) > 19) return std::nullopt;
  Uint128 value = 0;
  for (const char c : digits) value = value * 10 + static_cast<Uint128>(c - '0');
  for (int i = 0; i < power; ++i) value *= 10;
  if (value > static_cast<Uint128>(INT64_MAX)) return std::nullopt;
  const auto result = static_cast<std::int64_t>(value);
  return negative ? -result : result;
}

std::optional<std::uint64_t> unsigned_integer(std::string_view number) {
  if (number.empty() || number.size() > 20 || !std::all_of(number.begin(), number.end(), is_digit)) {
    const auto value = scaled_integer(number, 0);
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
  }
  Uint128 value = 0;
  for (const char c : number) value = value * 10 + static_cast<Uint128>(c - '0');
  if (value > UINT64_MAX) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::optional<Duration> parse_duration(std::string_view text) {
  const std::size_t n = number_length(text);
  if (!is_plain_decimal(text.substr(0, n))) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (text.substr(n) != unit.name) continue;
    // 10^-9 of the unit is fine enough, and keeps the product within 128 bits.
    const auto billionths = scaled_integer(text.substr(0, n), unit.ns == 1 ? 0 : 9);
    if (!billionths) return std::nullopt;
    const Uint128 parts = static_cast<Uint128>(*billionths) *
                          static_cast<Uint128>(unit.ns == 1 ? 1 : unit.ns);
    const Uint128 divisor = unit.ns == 1 ? 1 : 1'000'000'000;
    const Uint128 ns = parts / divisor;
    if (parts % divisor != 0 || ns > static_cast<Uint128>(kLongest)) return std::nullopt;
    return Duration{static_cast<std::int64_t>(ns)};
  }
  return std::nullopt;
}

std::optional<Duration> parse_signed_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  const auto d = parse_duration(negative ? text.substr(1) : text);
  if (!d) return std::nullopt;
  return negative ? Duration{-d->ns} : *d;
}

std::optional<Probability> parse_probability(std::string_view number) {
  const auto billionths = scaled_integer(number, 9);
  if (!billionths || *billionths < 0 || *billionths > 1'000'000'000) return std::nullopt;
  return Probability{static_cast<std::uint64_t>((static_cast<Uint128>(*billionths) << 32) /
                                                1'000'000'000)};
}

std::optional<Probability> parse_percentage(std::string_view text) {
  if (text.empty() || text.back() != '%' || !is_plain_decimal(text.substr(0, text.size() - 1))) {
    return std::nullopt;
  }
  return parse_probability(std::string(text.substr(0, text.size() - 1)) + "e-2");
}

std::optional<std::int64_t> parse_drift(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t n = number_length(text);
  const std::string_view unit = text.substr(n);
  const int power = unit == "%" ? 7 : unit == "ppm" ? 3 : unit == "ppb" ? 0 : -1;
  if (power < 0 || !is_plain_decimal(text.substr(0, n))) return std::nullopt;
  const auto ppb = scaled_integer(text.substr(0, n), power);
  if (!ppb || *ppb >= 1'000'000'000) return std::nullopt;
  return negative ? -*ppb : *ppb;
}

std::string to_text(Duration d) {
  if (d.ns < 0) return "-" + to_text(Duration{-d.ns});
  for (std::size_t i = 3; i > 0; --i) {
    const std::int64_t unit = kUnits[i].ns;
    if (d.ns < unit) continue;
    std::string out = std::to_string(d.ns / unit);
    std::string rest = std::to_string(unit + d.ns % unit).substr(1);
    while (!rest.empty() && rest.back() == '0') rest.pop_back();
    if (!rest.empty()) out += "." + rest;
    return out + std::string(kUnits[i].name);
  }
  return d.ns == 0 ? "0s" : std::to_string(d.ns) + "ns";
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto fold = [](char c) {
    return c == '-' ? '_' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c | 0x20) : c;
  };
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 2)) + 1;
  if (word.size() > 64) return best;
  std::vector<std::size_t> row, before, last;
  for (const std::string& candidate : known) {
    // Edit distance with neighbouring letters swapped as one edit.
    const std::size_t n = candidate.size();
    row.resize(n + 1);
    before.resize(n + 1);
    last.assign(n + 1, 0);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::swap(last, before);
      std::swap(before, row);
      row[0] = i;
      for (std::size_t j = 1; j <= n; ++j) {
        const bool same = fold(word[i - 1]) == fold(candidate[j - 1]);
        row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (same ? 0 : 1)});
        if (i > 1 && j > 1 && fold(word[i - 1]) == fold(candidate[j - 2]) &&
            fold(word[i - 2]) == fold(candidate[j - 1])) {
          row[j] = std::min(row[j], last[j - 2] + 1);
        }
      }
    }
    if (row[n] < best_distance) {
      best_distance = row[n];
      best = candidate;
    }
  }
  return best;
}

}  // namespace quorumlab::script
