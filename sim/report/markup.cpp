// Escapes, times and axes.
#include "sim/report/markup.h"

#include <fmt/format.h>

namespace quorumlab::report {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        // What XML does not allow would break the page.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string clock_text(std::int64_t ns, int digits) {
  std::int64_t unit = 1'000'000'000;
  for (int i = 0; i < digits; ++i) unit /= 10;
  const std::int64_t per_second = 1'000'000'000 / unit;
  if (digits == 0) return fmt::format("{} s", ns / unit);
  return fmt::format("{}.{:0{}} s", ns / unit / per_second, ns / unit % per_second, digits);
}

AxisStep axis_step(double pixels_per_second, double room) {
  AxisStep step{1'000, 0};
  for (int i = 0; static_cast<double>(step.ns) / 1e9 * pixels_per_second < room; ++i) {
    step.ns = i % 3 == 1 ? step.ns / 2 * 5 : step.ns * 2;
  }
  for (std::int64_t unit = 1'000'000'000; step.digits < 6 && step.ns % unit != 0; unit /= 10) ++step.digits;
  return step;
}

}  // namespace quorumlab::report
