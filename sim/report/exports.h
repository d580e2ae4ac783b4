// A run for other eyes: pictures, a page, and the formats of other tools.
#pragma once

#include <string>

#include "sim/report/chart.h"

namespace quorumlab::report {

// The space-time diagram, for slides and Markdown.
std::string svg(const Subject& subject, const Chart& chart);
// A page that needs nothing else, no network either: the diagram with search and keys, the availability over
// the whole run, why each event came to be, what clients asked, the verdict.
std::string run_html(const Subject& subject, const Chart& chart);
// Trace-event JSON: opens in Perfetto and speedscope. A row for each host's role, state, messages and events.
std::string perfetto(const Subject& subject, const Chart& chart);
// A log for ShiViz with vector clocks. Parsed by (?<host>\S*) (?<clock>{.*})\n(?<event>.*), which stands in its
// first line.
std::string shiviz(const Subject& subject, const Chart& chart);
// A sequence diagram for Markdown. It says what it leaves out.
std::string mermaid(const Subject& subject, const Chart& chart);

}  // namespace quorumlab::report
