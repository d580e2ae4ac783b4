// Quantities as people write them ("1.5s", "5%", 0.05), read exactly: decimal arithmetic on
// integers, so that every machine gets the same nanosecond. And the nearest known word to a
// misspelt one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/base/types.h"

namespace quorumlab::script {

// The decimal number times 10^`power`, if that is an integer of 64 bits. Reads "12", "-0.5", "1e3".
std::optional<std::int64_t> scaled_integer(std::string_view number, int power);
std::optional<std::uint64_t> unsigned_integer(std::string_view number);

// "250ms", "1.5s"; units ns us ms s m h. Not negative, below 100 years, no finer than 1 ns.
std::optional<Duration> parse_duration(std::string_view text);
// The same with an optional '-' before it.
std::optional<Duration> parse_signed_duration(std::string_view text);
// A number from 0 to 1, or a text "5%"; at most nine decimals.
std::optional<Probability> parse_probability(std::string_view number);
std::optional<Probability> parse_percentage(std::string_view text);
// "100ppm", "-2%", "50ppb": parts of 10^9.
std::optional<std::int64_t> parse_drift(std::string_view text);

// The shortest exact form: "1.5s", "20ms".
std::string to_text(Duration d);

// The word of `known` that `word` most likely means; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace quorumlab::script
