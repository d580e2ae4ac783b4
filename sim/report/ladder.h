// A space-time diagram: hosts side by side, time downwards, and beside each event its words. Time is not to
// scale: every event has a line of its own, and stretches in which nothing is told are short.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/report/chart.h"
#include "sim/trace/words.h"

namespace quorumlab::report {

class Ladder {
 public:
  Ladder(const Chart& chart, const Subject& subject);

  double width() const { return width_; }
  double height() const { return height_; }
  // Where a host's line is, and where a record stands on it.
  double x(std::uint32_t host) const;
  double y(trace::RecordId id) const;
  // The heads of the hosts' lines, `head_height()` high, and everything below them, from y = 0 on.
  // Elements of records have the class "ev" and the attribute data-id.
  static constexpr double head_height() { return 34; }
  std::string head() const;
  std::string body() const;

 private:
  struct Row {
    trace::RecordId id = 0;
    std::size_t index = 0;  // of the point or remark
    bool is_remark = false;
    double top = 0, y = 0, bottom = 0;
    std::vector<std::string> lines;
  };
  void lay_out();
  void remark(const Row& row, std::string& out) const;
  void point(const Row& row, std::string& out) const;
  void span(const Chart::Span& span, std::string& out) const;
  void arrow(const Chart::Arrow& arrow, std::string& out) const;
  void strip(const std::vector<Chart::Stretch>& stretches, double x, std::string_view name, std::string& out) const;
  double y_at(std::int64_t time_ns) const;

  const Chart& chart_;
  const Subject& subject_;
  trace::Context context_;
  std::vector<Row> rows_;
  double lane_ = 90, first_lane_ = 0, words_ = 0, width_ = 0, height_ = 0;
};

// How the parts of the diagram look, for SVG and HTML alike: a sheet of styles. Everything that a colour
// (Okabe and Ito's) says is also said by a shape or a word.
std::string_view ladder_style();
// What the shapes mean: a list of HTML.
std::string ladder_legend(bool elects);

}  // namespace quorumlab::report
