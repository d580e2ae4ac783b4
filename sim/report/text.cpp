// What stands above a story, and numbers as texts.
#include "sim/report/text.h"

#include <algorithm>

#include "sim/report/page.h"

namespace quorumlab::report {

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
  return out;
}

std::string digest_text(std::uint64_t digest) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[digest >> shift & 15];
  return out;
}

std::string header(const script::Scenario& s, std::uint64_t seed, const TextOptions& options) {
  Page page(options);
  for (const std::string& name : s.cluster.host_names()) page.node_width = std::max(page.node_width, columns(name));
  page.line(page.styled(s.title.empty() ? s.name : s.title, Style::bold));
  if (!s.description.empty()) page.paragraph(s.description, 0);
  const std::size_t members = s.cluster.names.size() - s.cluster.spare_nodes;
  std::string who = std::to_string(members) + (members == 1 ? " node:" : " nodes:");
  for (std::size_t i = 0; i < members; ++i) who += " " + s.cluster.names[i];
  if (s.cluster.spare_nodes > 0) {
    who += "; spare:";
    for (std::size_t i = members; i < s.cluster.names.size(); ++i) who += " " + s.cluster.names[i];
  }
  // serf's commands are given on the hosts themselves.
  if (s.cluster.node.run_raft) who += s.cluster.clients == 1 ? "; a client: c1" : "; clients: c1 to c" + std::to_string(s.cluster.clients);
  for (std::size_t i = 0; i < s.cluster.apps.size(); ++i) {
    const recipes::AppConfig& app = s.cluster.apps[i].app;
    who += (i == 0 ? "; programs: " : ", ") + app.name;
    if (!app.title.empty() && app.title != app.name) who += " (" + app.title + ")";
  }
  page.paragraph(who + "; seed " + std::to_string(seed), 0, Style::dim);
  page.line();
  page.row("time", "who", "what happened, and why", Style::dim);
  return page.take();
}

}  // namespace quorumlab::report
