// quorumlab check FILE...: validates scenario files and tells every problem.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "sim/cli/cli.h"

namespace quorumlab::cli {

void add_check(CLI::App& app, Chosen& chosen) {
  struct Options {
    std::vector<std::string> files, settings;
    bool quiet = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("check", "Validate scenario files; print every problem with its place");
  cmd->add_option("file", options->files, "Scenario files")->required()->option_text("FILE...");
  cmd->add_option("--set", options->settings, "Change a value before the check")->option_text("KEY=VALUE")->take_all();
  cmd->add_flag("-q,--quiet", options->quiet, "Say nothing about files without problems");
  cmd->callback([options, &chosen] {
    chosen = [options] {
      std::vector<script::Setting> settings;
      if (!parse_settings(options->settings, settings)) return kExitUsage;
      bool good = true;
      for (const std::string& name : options->files) {
        const std::string file = find_scenario(name);
        script::Scenario scenario;
        if (!load(file, settings, scenario)) {
          good = false;
        } else if (!options->quiet) {
          std::printf("%s: good: %zu nodes, %zu steps\n", file.c_str(), scenario.cluster.names.size(),
                      scenario.timeline.size());
        }
      }
      return good ? 0 : kExitBadFile;
    };
  });
}

}  // namespace quorumlab::cli
