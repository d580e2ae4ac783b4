// quorumlab list: the scenarios there are, with their titles.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/cli.h"

namespace quorumlab::cli {
std::vector<FoundScenario> find_scenarios(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code code;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, code);
  for (; !code && it != fs::recursive_directory_iterator(); it.increment(code)) {
    const std::string name = it->path().filename().string();
    if (name.size() > 14 && name.ends_with(".scenario.json")) files.push_back(it->path().lexically_normal().string());
  }
  std::sort(files.begin(), files.end());
  std::vector<FoundScenario> out;
  for (const std::string& file : files) {
    FoundScenario& found = out.emplace_back();
    found.file = file;
    script::Problems problems;
    found.scenario = script::load_file(file, {}, problems);
    found.good = problems.empty();
  }
  return out;
}

void add_list(CLI::App& app, Chosen& chosen) {
  struct Options {
    std::string folder;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("list", "List the scenarios with their titles");
  cmd->add_option("folder", options->folder, "Where to look; without it: the project's scenarios")->option_text("[FOLDER]");
  cmd->add_flag("--json", options->json, "Print a JSON list");
  cmd->callback([options, &chosen] {
    chosen = [options] {
      const auto folders = options->folder.empty() ? scenario_folders() : std::vector<std::string>{options->folder};
      std::vector<FoundScenario> all;
      if (!folders.empty()) all = find_scenarios(folders.front());
      if (options->json) {
        auto out = nlohmann::ordered_json::array();
        for (const FoundScenario& f : all) {
          out.push_back({{"name", f.scenario.name}, {"title", f.scenario.title}, {"topic", f.scenario.topic},
                         {"file", f.file}, {"good", f.good}});
        }
        std::puts(out.dump(2).c_str());
        return 0;
      }
      if (all.empty()) {
        std::fprintf(stderr, "quorumlab: no *.scenario.json found%s\n",
                     folders.empty() ? "" : (" in " + folders.front()).c_str());
        return kExitUsage;
      }
      std::stable_sort(all.begin(), all.end(),
                       [](const FoundScenario& a, const FoundScenario& b) { return a.scenario.topic < b.scenario.topic; });
      std::size_t width = 0;
      for (const FoundScenario& f : all) width = std::max(width, f.scenario.name.size());
      const std::string* topic = nullptr;
      for (const FoundScenario& f : all) {
        if (topic == nullptr || *topic != f.scenario.topic) {
          std::printf("%s%s\n", topic == nullptr ? "" : "\n",
                      f.scenario.topic.empty() ? "other" : f.scenario.topic.c_str());
          topic = &f.scenario.topic;
        }
        std::printf("  %-*s  %s%s\n", static_cast<int>(width), f.scenario.name.c_str(), f.scenario.title.c_str(),
                    f.good ? "" : "  (has problems: quorumlab check)");
      }
      std::printf("\nRun one by its name or file: quorumlab run %s\n", all.back().scenario.name.c_str());
      return 0;
    };
  });
}

}  // namespace quorumlab::cli
