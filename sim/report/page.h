// Laying out lines: columns, folding, colour, boxes. Knows nothing of what is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/report/text.h"

namespace quorumlab::report {

enum class Style : unsigned char { plain, dim, bold, good, bad, warn, act, caption, client };

class Page {
 public:
  explicit Page(const TextOptions& options) : options_(options) {}
  void line(std::string_view text = {});
  // Time and node in their columns, then the text, folded under itself.
  void row(std::string_view time, std::string_view node, std::string_view text, Style style);
  // A line of a table: as it is, neither folded nor broken.
  void verbatim(std::string_view text);
  // A frame around a heading and paragraphs.
  void box(std::string_view heading, const std::vector<std::string>& paragraphs);
  // A line across the page with a text in it.
  void bar(std::string_view text, Style style);
  // Text folded at the page's width, every line behind `indent` spaces.
  void paragraph(std::string_view text, std::size_t indent, Style style = Style::plain);
  std::string styled(std::string_view text, Style style) const;
  std::string take() { return std::move(out_); }

  static constexpr std::size_t kTimeWidth = 11;
  std::size_t node_width = 4;

 private:
  const TextOptions& options_;
  std::string out_;
};

// How many columns a UTF-8 text takes (one for each code point).
std::size_t columns(std::string_view text);
std::vector<std::string> folded(std::string_view text, std::size_t width);
std::string padded(std::string_view text, std::size_t width);

}  // namespace quorumlab::report
