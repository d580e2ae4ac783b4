// Nothing is run here: whoever looks decides how far.
#include "viz/app/open.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "sim/cli/cli.h"
#include "sim/trace/digest.h"
#include "sim/trace/file.h"

namespace quorumlab::viz {
namespace {

std::unique_ptr<Session> open_trace(const std::string& file, int& code) {
  auto read = trace::read_file(file);
  if (!read) {
    std::fprintf(stderr, "quorumlab-viz: %s\n", read.error().text().c_str());
    code = cli::kExitBadFile;
    return nullptr;
  }
  const trace::FileInfo& info = read->info;
  return Session::of_trace({file, info.scenario, info.seed, info.digest, info.digest_version == trace::kDigestVersion,
                            info.names, std::move(read->trace)});
}

}  // namespace

std::unique_ptr<Session> open_session(const std::string& name, std::optional<std::uint64_t> seed,
                                      const std::vector<std::string>& settings, int& code) {
  if (name.ends_with(".qlt")) return open_trace(name, code);
  std::vector<script::Setting> parsed;
  code = cli::kExitUsage;
  if (!cli::parse_settings(settings, parsed)) return nullptr;
  const std::string file = cli::find_scenario(name);
  code = cli::kExitBadFile;
  // Whatever is wrong with the file is told as by the command line.
  script::Scenario scenario;
  if (!cli::load(file, parsed, scenario)) return nullptr;
  std::string text;
  if (std::FILE* in = std::fopen(file.c_str(), "rb")) {
    text.resize(script::kMaxFileBytes);
    text.resize(std::fread(text.data(), 1, text.size(), in));
    std::fclose(in);
  }
  script::Problems problems;
  auto out = Session::of_scenario(text, file, parsed, seed, problems);
  if (!out) std::fputs(problems.text(file).c_str(), stderr);
  return out;
}

std::vector<Choice> shipped_scenarios() {
  std::vector<Choice> out;
  const auto folders = cli::scenario_folders();
  if (folders.empty()) return out;
  for (const cli::FoundScenario& found : cli::find_scenarios(folders.front())) {
    if (!found.good) continue;
    const script::Scenario& s = found.scenario;
    out.push_back({s.topic.empty() ? "other" : s.topic, s.name, s.title.empty() ? s.name : s.title, found.file});
  }
  // The talk comes first.
  std::stable_sort(out.begin(), out.end(), [](const Choice& a, const Choice& b) {
    return std::pair(a.topic != "talk", a.topic) < std::pair(b.topic != "talk", b.topic);
  });
  return out;
}

}  // namespace quorumlab::viz
