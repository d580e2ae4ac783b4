// The diagram as one picture.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/report/exports.h"
#include "sim/report/ladder.h"
#include "sim/report/markup.h"
#include "sim/report/page.h"

namespace quorumlab::report {
namespace {

constexpr std::pair<std::string_view, std::string_view> kColours[] = {
    {"page", "#ffffff"}, {"panel", "#fdf6e3"}, {"ink", "#1d1d1b"}, {"soft", "#63625c"}, {"line", "#cfc9b8"},
    {"lane", "#b5b3aa"}, {"yes", "#009e73"}, {"no", "#d55e00"}, {"bad", "#b84a00"}, {"leader", "#e69f00"},
    {"candidate", "#f0e442"}, {"warn", "#a86e00"}, {"packet", "#77756e"}, {"request", "#a3487b"}};

// Browsers know variables of style sheets, many programs that draw SVG do not.
std::string style() {
  std::string out(ladder_style());
  for (const auto& [name, colour] : kColours) {
    const std::string variable = fmt::format("var(--{})", name);
    for (std::size_t at = 0; (at = out.find(variable, at)) != std::string::npos;) out.replace(at, variable.size(), colour);
  }
  return out;
}

}  // namespace

std::string svg(const Subject& subject, const Chart& chart) {
  const Ladder ladder(chart, subject);
  const std::string note = left_out(chart);
  const std::vector<std::string> notes = note.empty() ? std::vector<std::string>{} : folded(note, static_cast<std::size_t>((ladder.width() - 24) / 7.7));
  const double top = 44, bottom = notes.empty() ? 8 : 14 + 16 * static_cast<double>(notes.size());
  const double width = ladder.width(), height = top + Ladder::head_height() + ladder.height() + bottom;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\">\n"
      "<title>{2}</title>\n<style>{3}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text x=\"12\" y=\"28\" style=\"font-size:18px;font-weight:700\">{2}</text>\n",
      width, height, escaped(subject.title), style());
  out += fmt::format("<g transform=\"translate(0 {:.0f})\">\n{}</g>\n", top, ladder.head());
  out += fmt::format("<g transform=\"translate(0 {:.0f})\">\n{}</g>\n", top + Ladder::head_height(), ladder.body());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    out += fmt::format("<text class=\"soft\" x=\"12\" y=\"{:.0f}\">{}</text>\n", height - 12 - 16 * static_cast<double>(notes.size() - 1 - i),
                       escaped(notes[i]));
  }
  return out + "</svg>\n";
}

}  // namespace quorumlab::report
