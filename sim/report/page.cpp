// Columns, folding, colour and boxes for reports on a terminal.
#include "sim/report/page.h"

#include <algorithm>

#include "sim/trace/words.h"

namespace quorumlab::report {

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  const std::size_t has = columns(text);
  if (has < width) out.append(width - has, ' ');
  return out;
}

std::vector<std::string> folded(std::string_view raw, std::size_t width) {
  const std::string text = trace::printable(raw, true);
  std::vector<std::string> lines(1);
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '\n') {
      lines.emplace_back();
      ++at;
      continue;
    }
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    std::string_view word = std::string_view(text).substr(at, end - at);
    at = end;
    if (!lines.back().empty() && columns(lines.back()) + 1 + columns(word) > width) lines.emplace_back();
    // A word longer than the line, a digest or a path, is broken rather than let out.
    while (columns(word) > width) {
      std::size_t n = 0, bytes = 0;
      while (bytes < word.size() && (n < width || (static_cast<unsigned char>(word[bytes]) & 0xc0) == 0x80)) {
        n += (static_cast<unsigned char>(word[bytes]) & 0xc0) != 0x80 ? 1 : 0;
        ++bytes;
      }
      lines.back() += word.substr(0, bytes);
      lines.emplace_back();
      word.remove_prefix(bytes);
    }
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

std::string Page::styled(std::string_view text, Style style) const {
  static constexpr std::string_view kCodes[] = {"",     "\033[2m",    "\033[1m",    "\033[32m", "\033[1;31m",
                                                "\033[33m", "\033[1;35m", "\033[1;36m", "\033[36m"};
  const std::string_view code = kCodes[static_cast<std::size_t>(style)];
  if (!options_.colour || code.empty() || text.empty()) return std::string(text);
  return std::string(code) + std::string(text) + "\033[0m";
}

void Page::line(std::string_view text) {
  out_ += text;
  out_ += '\n';
}

void Page::row(std::string_view time, std::string_view node, std::string_view text, Style style) {
  const std::size_t left = kTimeWidth + 2 + node_width + 2;
  const std::size_t width = static_cast<std::size_t>(options_.width) - left;
  bool first = true;
  for (const std::string& part : folded(text, width)) {
    std::string head(left, ' ');
    if (first) {
      const std::size_t used = columns(time);
      head = std::string(used < kTimeWidth ? kTimeWidth - used : 0, ' ') + styled(time, Style::dim) + "  " +
             styled(padded(node, node_width), style == Style::dim ? Style::dim : Style::bold) + "  ";
    } else {
      head += "  ";
    }
    out_ += head + styled(part, style) + "\n";
    first = false;
  }
}

void Page::verbatim(std::string_view text) {
  out_ += std::string(kTimeWidth + 2 + node_width + 4, ' ');
  out_.append(trace::printable(text, true)).append("\n");
}

void Page::box(std::string_view heading, const std::vector<std::string>& paragraphs) {
  const bool ascii = options_.ascii;
  const std::string_view dash = ascii ? "-" : "\u2500", side = ascii ? "|" : "\u2502";
  const auto inside = static_cast<std::size_t>(options_.width) - 4;
  const auto dashes = [&](std::size_t n) {
    std::string out;
    for (; n > 0; --n) out += dash;
    return out;
  };
  std::string top(ascii ? "+" : "\u250c");
  if (heading.empty()) {
    top += dashes(inside + 2);
  } else {
    std::string head(heading);
    if (columns(head) + 4 > inside) head = folded(head, inside - 4).front();
    top += dashes(1) + " " + head + " " + dashes(inside - 1 - columns(head));
  }
  top += ascii ? "+" : "\u2510";
  out_ += "\n" + styled(top, Style::caption) + "\n";
  for (const std::string& paragraph : paragraphs) {
    for (const std::string& part : folded(paragraph, inside)) {
      out_ += styled(side, Style::caption) + " " + styled(padded(part, inside), Style::bold) + " " +
              styled(side, Style::caption) + "\n";
    }
  }
  out_ += styled(std::string(ascii ? "+" : "\u2514") + dashes(inside + 2) + (ascii ? "+" : "\u2518"), Style::caption) +
          "\n";
}

void Page::bar(std::string_view text, Style style) {
  const std::string_view dash = options_.ascii ? "=" : "\u2501";
  std::string out;
  for (int i = 0; i < 4; ++i) out += dash;
  out += " " + std::string(text) + " ";
  for (std::size_t n = columns(out); n < static_cast<std::size_t>(options_.width); ++n) out += dash;
  out_ += styled(out, style) + "\n";
}

void Page::paragraph(std::string_view text, std::size_t indent, Style style) {
  for (const std::string& part : folded(text, static_cast<std::size_t>(options_.width) - indent)) {
    out_ += std::string(indent, ' ') + styled(part, style) + "\n";
  }
}

}  // namespace quorumlab::report
