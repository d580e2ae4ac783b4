// The commands put together, and what they share: signals, colour, loading, progress.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "sim/cli/cli.h"
#include "sim/trace/digest.h"

namespace quorumlab::cli {
namespace {

std::atomic<bool> stop_requested{false};

extern "C" void on_interrupt(int) {
  stop_requested.store(true, std::memory_order_relaxed);
  std::signal(SIGINT, SIG_DFL);
}

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

constexpr const char* kFooter =
    "Exit codes: 0 all held; 1 an expectation failed; 2 an invariant was violated; 3 no progress;\n"
    "            64 bad usage; 65 bad scenario file; 130 interrupted.\n"
    "Try: quorumlab run scenarios/talk/quorum.scenario.json\n";

}  // namespace

const std::atomic<bool>& interrupted() { return stop_requested; }

void add_colour(CLI::App& app, ColourWhen& when) {
  app.add_option("--color,--colour", when, "Colours: auto (on a terminal, unless NO_COLOR is set), always, never")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, ColourWhen>{
              {"auto", ColourWhen::automatic}, {"always", ColourWhen::always}, {"never", ColourWhen::never}},
          CLI::ignore_case))
      ->option_text("WHEN");
}

bool use_colour(ColourWhen when) {
  if (when != ColourWhen::automatic) return when == ColourWhen::always;
  const char* no = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (no == nullptr || *no == '\0') && isatty(STDOUT_FILENO) == 1 &&
         (term == nullptr || std::string_view(term) != "dumb");
}

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

std::string shell_quoted(const std::string& word) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./=:,@%+").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string read_whole(const std::string& file) {
  std::string out;
  if (std::FILE* in = std::fopen(file.c_str(), "rb")) {
    char buffer[4096];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, in)) > 0;) out.append(buffer, n);
    std::fclose(in);
  }
  return out;
}

namespace {
std::string seen_from_here(const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code code;
  const fs::path path = fs::path(file).lexically_normal();
  if (!path.is_absolute()) return file;
  const fs::path below = path.lexically_relative(fs::current_path(code));
  if (!code && !below.empty() && *below.begin() != "..") return below.string();
  const std::string name = path.stem().stem().string();
  return fs::equivalent(find_scenario(name), path, code) && !code ? name : file;
}
}  // namespace

std::string replay_command(const std::string& file, std::uint64_t seed, const std::vector<std::string>& settings) {
  std::string out = "quorumlab run " + shell_quoted(seen_from_here(file)) + " --seed " + std::to_string(seed);
  for (const std::string& setting : settings) out += " --set " + shell_quoted(setting);
  return out;
}

bool parse_settings(const std::vector<std::string>& texts, std::vector<script::Setting>& out) {
  for (const std::string& text : texts) {
    auto setting = script::parse_setting(text);
    if (!setting) {
      std::fprintf(stderr, "quorumlab: --set %s: expected KEY=VALUE, for example cluster.nodes=7\n", text.c_str());
      return false;
    }
    out.push_back(std::move(*setting));
  }
  return true;
}

bool load(const std::string& file, const std::vector<script::Setting>& settings, script::Scenario& out) {
  script::Problems problems;
  out = script::load_file(file, settings, problems);
  if (problems.empty()) return true;
  std::fputs(problems.text(file).c_str(), stderr);
  return false;
}

std::vector<std::string> scenario_folders() {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  const auto add = [&](const fs::path& folder) {
    std::error_code code;
    if (!fs::is_directory(folder, code)) return;
    for (const std::string& known : out) {
      if (fs::equivalent(known, folder, code)) return;
    }
    out.push_back(folder.string());
  };
  add("scenarios");
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code).parent_path();
  if (!code) {
    add(program / "../scenarios");
    add(program / "../share/quorumlab/scenarios");
  }
  add(fs::path(__FILE__).parent_path() / "../../scenarios");  // where it was built
  return out;
}

std::string find_scenario(const std::string& file_or_name) {
  namespace fs = std::filesystem;
  std::error_code code;
  if (fs::exists(file_or_name, code) || file_or_name.find('/') != std::string::npos) return file_or_name;
  // Two folders may hold the same name: the one nearer to the top is meant.
  for (const std::string& folder : scenario_folders()) {
    std::string best;
    fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, code);
    for (; !code && it != fs::recursive_directory_iterator(); it.increment(code)) {
      if (it->path().filename() != file_or_name + ".scenario.json") continue;
      const std::string path = it->path().lexically_normal().string();
      if (best.empty() || path.size() < best.size()) best = path;
    }
    if (!best.empty()) return best;
  }
  return file_or_name;
}

Progress::Progress() : started_ns_(steady_ns()), shown_ns_(started_ns_), terminal_(stderr_is_terminal()) {}
Progress::~Progress() { clear(); }

void Progress::show(const std::function<std::string()>& text) {
  const std::int64_t now = steady_ns();
  // A log file gets a line now and then, a terminal one line that lives.
  const std::int64_t pause = terminal_ ? 100'000'000 : 5'000'000'000;
  if (now - started_ns_ < 2'000'000'000 || now - shown_ns_ < pause) return;
  shown_ns_ = now;
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", text().c_str());
    visible_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text().c_str());
  }
  std::fflush(stderr);
}

void Progress::clear() {
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

int run_cli(int argc, char** argv) {
  CLI::App app{"quorumlab: the real Raft and gossip engines in a virtual world that one seed decides", "quorumlab"};
  app.footer(kFooter);
  app.set_version_flag("--version", "quorumlab 0.1.0 (digest version " + std::to_string(trace::kDigestVersion) + ")");
  app.require_subcommand(1);
  Chosen chosen;
  add_run(app, chosen);
  add_check(app, chosen);
  add_list(app, chosen);
  add_schema(app, chosen);
  add_rules(app, chosen);
  add_sweep(app, chosen);
  add_fuzz(app, chosen);
  add_report(app, chosen);
  if (argc <= 1) {
    std::fputs(app.help().c_str(), stderr);
    return kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGPIPE, SIG_DFL);
  return chosen ? chosen() : kExitUsage;
}

}  // namespace quorumlab::cli
