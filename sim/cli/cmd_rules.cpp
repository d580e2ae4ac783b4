// quorumlab rules: what the engines obey, rule by rule, each with the place where it is stated.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/cli.h"
#include "sim/script/rule_list.h"

namespace quorumlab::cli {
namespace {

std::string title_of(std::string_view engine) {
  if (engine == "raft") return "Raft, cluster.raft.rules_off";
  if (engine == "serf") return "serf and memberlist, cluster.serf.rules_off";
  return "etcd's store, cluster.etcd.rules_off";
}

}  // namespace

void add_rules(CLI::App& app, Chosen& chosen) {
  struct Options {
    std::string engine;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("rules", "List the rules that the engines obey; any can be switched off");
  cmd->add_option("engine", options->engine, "raft, serf or etcd; without it: all")
      ->check(CLI::IsMember({"raft", "serf", "etcd"}))
      ->option_text("[ENGINE]");
  cmd->add_flag("--json", options->json, "Print a JSON list");
  cmd->callback([options, &chosen] {
    chosen = [options] {
      auto all = script::rule_list();
      std::erase_if(all, [&](const auto& r) { return !options->engine.empty() && r.engine != options->engine; });
      if (options->json) {
        auto out = nlohmann::ordered_json::array();
        for (const script::ListedRule& r : all) {
          out.push_back({{"engine", r.engine}, {"name", r.name}, {"source", r.source}, {"meaning", r.meaning}});
        }
        std::puts(out.dump(2).c_str());
        return 0;
      }
      std::size_t width = 0;
      for (const script::ListedRule& r : all) width = std::max(width, r.name.size());
      std::string_view engine;
      for (const script::ListedRule& r : all) {
        if (engine != r.engine) {
          std::printf("%s%s\n", engine.empty() ? "" : "\n", title_of(r.engine).c_str());
          engine = r.engine;
        }
        std::printf("  %-*s  %s  [%s]\n", static_cast<int>(width), std::string(r.name).c_str(),
                    std::string(r.meaning).c_str(), std::string(r.source).c_str());
      }
      const std::string& of = options->engine;
      std::printf("\nSee what one is for: quorumlab fuzz %s\n",
                  of == "serf"   ? "--system serf --rule-off alive_needs_higher_incarnation"
                  : of == "etcd" ? "--system etcd --rule-off compare_before_swap"
                                 : "--rule-off vote_only_up_to_date");
      return 0;
    };
  });
}

}  // namespace quorumlab::cli
