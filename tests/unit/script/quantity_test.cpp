// Quantities are exact, and a misspelt word finds its neighbour.
#include "sim/script/quantity.h"

#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;

TEST_CASE("durations are exact to the nanosecond") {
  const std::pair<const char*, std::int64_t> good[] = {
      {"0s", 0}, {"1ns", 1}, {"1.5us", 1500}, {"0.1s", 100'000'000}, {"2s", 2'000'000'000}, {"0.000000001s", 1},
      {"1.5m", 90'000'000'000}, {"2h", 7'200'000'000'000}, {"3153600000s", 3'153'600'000'000'000'000}};
  for (const auto& [text, ns] : good) {
    CAPTURE(text);
    REQUIRE(parse_duration(text));
    CHECK(parse_duration(text)->ns == ns);
  }
  for (const char* bad : {"", "s", "2", "2 s", "-2s", "2S", "1.s", ".5s", "1e3s", "0.0000000001s", "0.5ns", "2sec", "1.2.3s",
                          "99999999999h", "3153600001s", "1min"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  CHECK(parse_signed_duration("-2ms")->ns == -2'000'000);
  CHECK_FALSE(parse_signed_duration("--2ms"));
}

TEST_CASE("a duration's text reads back as itself") {
  for (const std::int64_t ns : {0l, 1l, 999l, 1000l, 1500l, 20'000'000l, 1'500'000'000l, 61'000'000'001l}) {
    CHECK(parse_duration(to_text(Duration{ns}))->ns == ns);
  }
  CHECK(to_text(Duration{1'500'000'000}) == "1.5s");
}

TEST_CASE("probabilities are numbers or percentages, without rounding by floating point") {
  CHECK(parse_probability("1")->parts == std::uint64_t{1} << 32);
  CHECK(parse_probability("0.5")->parts == std::uint64_t{1} << 31);
  CHECK(parse_probability("5e-1") == parse_percentage("50%"));
  CHECK(parse_percentage("100%") == parse_probability("1.0"));
  for (const char* bad : {"1.1", "-0.1", "2", "x", ""}) CHECK_FALSE(parse_probability(bad));
  for (const char* bad : {"101%", "%", "5", "-1%", "1e1%"}) CHECK_FALSE(parse_percentage(bad));
}

TEST_CASE("drifts") {
  CHECK(parse_drift("100ppm") == 100'000);
  CHECK(parse_drift("-2%") == -20'000'000);
  CHECK(parse_drift("5ppb") == 5);
  CHECK_FALSE(parse_drift("100%"));
  CHECK_FALSE(parse_drift("1"));
}

TEST_CASE("integers of 64 bits") {
  CHECK(unsigned_integer("18446744073709551615") == UINT64_MAX);
  CHECK_FALSE(unsigned_integer("18446744073709551616"));
  CHECK_FALSE(unsigned_integer("-1"));
  CHECK_FALSE(unsigned_integer("1.5"));
  CHECK(unsigned_integer("1e3") == 1000u);
  CHECK(scaled_integer("-9223372036854775807", 0) == -INT64_MAX);
}

TEST_CASE("did you mean") {
  const std::vector<std::string> words = {"crash", "kill", "restart", "election-safety", "leader"};
  CHECK(nearest("crsh", words) == "crash");
  CHECK(nearest("carsh", words) == "crash");
  CHECK(nearest("Restart", words) == "restart");
  CHECK(nearest("election_safety", words) == "election-safety");
  CHECK(nearest("leeder", words) == "leader");
  CHECK(nearest("partition", words).empty());
}
