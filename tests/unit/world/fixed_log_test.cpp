// The integer logarithm against the C library's.
#include "core/base/fixed_log.h"

#include <cmath>

#include "core/base/random.h"
#include "tests/catch.h"

using namespace quorumlab;

namespace {
constexpr double kOne = 4294967296.0;  // 2^32
// 2^-29, the error that the header promises, plus half a unit of the comparison's own rounding.
constexpr double kError = 1.0 / (1u << 29);
}  // namespace

TEST_CASE("log2 and ln keep their promised error") {
  double worst2 = 0, worst = 0;
  const auto check = [&](std::uint64_t x) {
    const double truth = std::log2(static_cast<long double>(x));
    worst2 = std::max(worst2, std::abs(static_cast<double>(log2_q32(x)) / kOne - truth));
    const double natural = std::log(static_cast<long double>(x));
    worst = std::max(worst, std::abs(static_cast<double>(ln_q32(x)) / kOne - natural));
  };
  for (std::uint64_t x = 1; x < 5000; ++x) check(x);
  for (std::uint64_t i = 0; i < 200'000; ++i) check(mix(i, 1) >> (i % 64) | 1);
  check(UINT64_MAX);
  CHECK(worst2 < kError);
  CHECK(worst < kError);
  CHECK(log2_q32(1) == 0);
  CHECK(log2_q32(1024) == 10ull << 32);
}

TEST_CASE("the logarithm never falls as its argument grows") {
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::uint64_t x = (mix(i, 2) >> (i % 60)) | 1;
    if (x == UINT64_MAX) continue;
    REQUIRE(log2_q32(x) <= log2_q32(x + 1));
  }
}

TEST_CASE("exp2 keeps its promised error and saturates") {
  double worst = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::uint64_t x = below(mix(i, 3), 31ull << 32);
    const double truth = std::exp2(static_cast<double>(x) / kOne);
    worst = std::max(worst, std::abs(static_cast<double>(exp2_q32(x)) / kOne - truth) / truth);
  }
  CHECK(worst < kError);
  CHECK(exp2_q32(0) == 1ull << 32);
  CHECK(exp2_q32(5ull << 32) == 32ull << 32);
  CHECK(exp2_q32(32ull << 32) == UINT64_MAX);
}

TEST_CASE("exponential draws have mean and variance one") {
  double sum = 0, squares = 0;
  const int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const double e =
        static_cast<double>(exponential_q32(mix(static_cast<std::uint64_t>(i), 4))) / kOne;
    sum += e;
    squares += e * e;
  }
  // Five standard errors: 1 / sqrt(n) of the mean, sqrt(8 / n) of the variance.
  CHECK(std::abs(sum / n - 1) < 5 / std::sqrt(n));
  CHECK(std::abs(squares / n - sum / n * sum / n - 1) < 5 * std::sqrt(8.0 / n));
  CHECK(exponential_q32(UINT64_MAX) == 0);
  CHECK(static_cast<double>(exponential_q32(0)) / kOne < 44.4);
}
