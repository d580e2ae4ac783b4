// Commands to serf agents as they look on the host's own terminal.
#include "sim/report/serf_lines.h"

#include <algorithm>

namespace quorumlab::report {
namespace {

constexpr std::string_view kAnswers = "(handler answers ";

std::string word(std::string_view text, std::size_t number) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (number-- == 0) return std::string(text.substr(at, end - at));
    at = end + 1;
  }
  return {};
}

}  // namespace

std::string command_words(std::string_view act, std::string_view host) {
  const std::string tail = " on " + std::string(host);
  if (act.ends_with(tail)) act.remove_suffix(tail.size());
  return std::string(act);
}

bool sets_answer(std::string_view words) { return words.starts_with(kAnswers); }

std::string typed(std::string_view words) {
  if (!sets_answer(words)) return "$ " + std::string(words);
  words.remove_prefix(kAnswers.size());
  if (words.ends_with(')')) words.remove_suffix(1);
  const std::size_t with = words.find(" with ");
  if (with == std::string_view::npos) return "its handler answers " + std::string(words);
  return "its handler answers the query " + std::string(words.substr(0, with)) + " with \"" +
         std::string(words.substr(with + 6)) + "\"";
}

std::vector<std::string> first_words(std::string_view words) {
  constexpr std::string_view kQuery = "serf query ";
  if (!words.starts_with(kQuery)) return {};
  std::size_t number = 2;
  while (word(words, number).starts_with('-')) number += word(words, number) == "-tag" ? 2 : 1;
  return {"Query '" + word(words, number) + "' dispatched"};
}

std::string success_words(std::string_view words, std::uint64_t count) {
  if (words.starts_with("serf join")) {
    return "Successfully joined cluster by contacting " + std::to_string(count) + " nodes.";
  }
  if (words.starts_with("serf event ")) {
    const bool coalesced = !words.starts_with("serf event -coalesce=false ");
    return "Event '" + word(words, coalesced ? 2 : 3) +
           "' dispatched! Coalescing enabled: " + (coalesced ? "true" : "false");
  }
  if (words.starts_with("serf leave")) return "Graceful leave complete";
  if (words.starts_with("serf tags")) return "Successfully updated agent tags";
  return {};
}

std::vector<std::string> printed_lines(std::string_view words, std::string_view text, bool failed) {
  while (failed && text.ends_with("\n\n")) text.remove_suffix(1);
  std::vector<std::string> out;
  std::size_t acks = 0, responses = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.emplace_back(text.substr(at, end - at));
    acks += out.back().starts_with("Ack from ");
    responses += out.back().starts_with("Response from ");
    at = end + 1;
  }
  if (failed && words.starts_with("serf join") && !out.empty()) out.front() = "Error joining the cluster: " + out.front();
  if (words.starts_with("serf query ") && !failed) {
    out.push_back("Total Acks: " + std::to_string(acks));
    out.push_back("Total Responses: " + std::to_string(responses));
  }
  return out;
}

std::string names_text(std::vector<std::string> names) {
  constexpr std::size_t kMost = 7;
  if (names.size() > kMost) return std::to_string(names.size()) + " others";
  // n10 after n9.
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return out;
}

}  // namespace quorumlab::report
