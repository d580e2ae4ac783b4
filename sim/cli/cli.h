// The command line `quorumlab`: what its commands share. One file for each command, main.cpp only
// calls run_cli.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "sim/script/loader.h"
#include "sim/script/runner.h"

namespace CLI {
class App;
}

namespace quorumlab::cli {

inline constexpr int kExitUsage = 64;
inline constexpr int kExitBadFile = 65;
inline constexpr int kExitInterrupted = 130;

// Reads the arguments, runs the command, answers the exit code.
int run_cli(int argc, char** argv);

// Each adds its command to `app`; if it is the one asked for, `chosen` then runs it.
using Chosen = std::function<int()>;
void add_run(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_list(CLI::App& app, Chosen& chosen);
void add_schema(CLI::App& app, Chosen& chosen);
void add_rules(CLI::App& app, Chosen& chosen);
void add_sweep(CLI::App& app, Chosen& chosen);
void add_fuzz(CLI::App& app, Chosen& chosen);
void add_report(CLI::App& app, Chosen& chosen);

// Set by Ctrl-C, which does no more than that the first time; a second one ends the process.
const std::atomic<bool>& interrupted();

enum class ColourWhen : unsigned char { automatic, always, never };
// Adds --color=auto|always|never.
void add_colour(CLI::App& app, ColourWhen& when);
// Whether to colour what goes to standard output: a terminal, and NO_COLOR is not set.
bool use_colour(ColourWhen when);
bool stderr_is_terminal();

// A command as it can be pasted into a shell.
std::string shell_quoted(const std::string& word);
// The command that repeats a run. The file as it reads best from here: below the working directory by its
// relative path, else a scenario that is found by its name by that.
std::string replay_command(const std::string& file, std::uint64_t seed, const std::vector<std::string>& settings);

// "KEY=VALUE" each; answers false and says why on standard error if one is none.
bool parse_settings(const std::vector<std::string>& texts, std::vector<script::Setting>& out);
// Loads, and prints every problem to standard error; false if there is one.
bool load(const std::string& file, const std::vector<script::Setting>& settings, script::Scenario& out);
// The file itself, or the scenario of that name where scenarios are found.
std::string find_scenario(const std::string& file_or_name);
// "" if it cannot be read.
std::string read_whole(const std::string& file);
// Folders that hold scenarios, the nearest first.
std::vector<std::string> scenario_folders();

struct FoundScenario {
  std::string file;
  script::Scenario scenario;
  bool good = false;  // it has no mistakes
};
// All in a folder and those below it, by their files' names.
std::vector<FoundScenario> find_scenarios(const std::string& folder);

// What a running loop shows on standard error once it takes longer than two seconds.
class Progress {
 public:
  Progress();
  ~Progress();
  // Call it often; it looks at the time, and rewrites its line or stays silent.
  void show(const std::function<std::string()>& text);
  void clear();

 private:
  std::int64_t started_ns_ = 0, shown_ns_ = 0;
  bool terminal_ = false;
  bool visible_ = false;
};

}  // namespace quorumlab::cli
