// Children are started as serf's agent starts them: /bin/sh -c SCRIPT, the event in the environment,
// members or payload on standard input. Each is the leader of a process group, which is killed when
// it takes too long, and when it has ended but left somebody behind.
#include "sim/cli/handlers.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "sim/cli/cli.h"
#include "sim/trace/words.h"

extern char** environ;

namespace quorumlab::cli {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kOutputKept = 8 << 10;

// "my-tag" as it is named in the environment: MY_TAG.
std::string variable_name(std::string_view tag) {
  std::string out;
  for (const char c : tag) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return out;
}

bool is_member_event(gossip::EventKind kind) {
  return kind != gossip::EventKind::user && kind != gossip::EventKind::query;
}

// Of "member-join,user:deploy=notify.sh" what stands before the first `=`, as in serf's -event-handler.
std::string_view filters_of(std::string_view file) {
  const std::size_t equals = file.find('=');
  return equals == std::string_view::npos ? std::string_view{} : file.substr(0, equals);
}

constexpr std::string_view kFilters[] = {"*",             "member-join", "member-leave", "member-failed",
                                         "member-update", "member-reap", "user",         "query"};

bool is_filter(std::string_view text) {
  if ((text.starts_with("user:") || text.starts_with("query:")) && !text.ends_with(':')) return true;
  return std::find(std::begin(kFilters), std::end(kFilters), text) != std::end(kFilters);
}

// Calls `use` with each filter until it answers true.
template <class Use>
bool any_filter(std::string_view list, Use&& use) {
  for (;;) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (use(list.substr(0, end))) return true;
    if (end == list.size()) return false;
    list.remove_prefix(end + 1);
  }
}

bool wants(const std::string& file, const world::Delivered& d) {
  const std::string_view filters = filters_of(file);
  if (filters.empty()) return true;
  const std::string kind = gossip::event_name(d.kind);
  return any_filter(filters, [&](std::string_view f) {
    return f == "*" || f == kind || (!is_member_event(d.kind) && f == kind + ":" + d.name);
  });
}

std::vector<std::string> environment(const world::Delivered& d, const std::string& self) {
  std::vector<std::string> out;
  for (char** v = environ; *v != nullptr; ++v) {
    if (!std::string_view(*v).starts_with("SERF_")) out.emplace_back(*v);
  }
  std::string role;
  for (const auto& [name, value] : d.tags) {
    if (name == "role") role = value;
    out.push_back("SERF_TAG_" + variable_name(name) + "=" + value);
  }
  out.push_back("SERF_EVENT=" + std::string(gossip::event_name(d.kind)));
  out.push_back("SERF_SELF_NAME=" + self);
  out.push_back("SERF_SELF_ROLE=" + role);
  if (d.kind == gossip::EventKind::user) {
    out.push_back("SERF_USER_EVENT=" + d.name);
    out.push_back("SERF_USER_LTIME=" + std::to_string(d.ltime));
  } else if (d.kind == gossip::EventKind::query) {
    out.push_back("SERF_QUERY_NAME=" + d.name);
    out.push_back("SERF_QUERY_LTIME=" + std::to_string(d.ltime));
  }
  return out;
}

// A path as the shell reads it back.
std::string command_of(const std::string& script) { return shell_quoted(script); }

class Child {
 public:
  // REQUIRES: SIGPIPE is ignored.
  Child(const std::string& command, std::vector<std::string> environment) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0) return;
    if (pipe2(out, O_CLOEXEC) != 0) {
      close(in[0]);
      close(in[1]);
      return;
    }
    std::vector<char*> variables;
    for (std::string& v : environment) variables.push_back(v.data());
    variables.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      signal(SIGPIPE, SIG_DFL);
      signal(SIGINT, SIG_DFL);
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      dup2(out[1], STDERR_FILENO);
      execle("/bin/sh", "sh", "-c", command.c_str(), nullptr, variables.data());
      _exit(127);
    }
    if (pid_ > 0) setpgid(pid_, pid_);  // whoever comes first
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
    fcntl(in_, F_SETFL, O_NONBLOCK);
    fcntl(out_, F_SETFL, O_NONBLOCK);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (in_ >= 0) close(in_);
    if (out_ >= 0) close(out_);
  }

  void talk(std::string_view input, Duration limit, HandlerRun& run) {
    if (pid_ <= 0) {
      run.status = 127;
      return;
    }
    const auto end = Steady::now() + std::chrono::nanoseconds(limit.ns);
    int status = 0;
    bool ended = false;
    while (!ended && !run.timed_out) {
      feed(input);
      const bool eof = drain(run.output);
      ended = waitpid(pid_, &status, WNOHANG) == pid_;
      if (ended) break;
      if (Steady::now() >= end || interrupted().load()) {
        run.timed_out = true;
        break;
      }
      wait_a_little(!input.empty(), eof);
    }
    // Also those it started and left behind.
    kill(-pid_, SIGKILL);
    if (!ended) waitpid(pid_, &status, 0);
    drain(run.output);
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  void feed(std::string_view& input) {
    while (in_ >= 0 && !input.empty()) {
      const ssize_t n = write(in_, input.data(), input.size());
      if (n > 0) {
        input.remove_prefix(static_cast<std::size_t>(n));
      } else {
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        input = {};  // it does not want to know
      }
    }
    if (in_ >= 0 && input.empty()) {
      close(in_);
      in_ = -1;
    }
  }
  // Answers whether nothing more can come.
  bool drain(std::string& output) {
    char buffer[4096];
    for (;;) {
      const ssize_t n = read(out_, buffer, sizeof buffer);
      if (n == 0) return true;
      if (n < 0) return errno != EAGAIN && errno != EINTR;
      output.append(buffer, static_cast<std::size_t>(n));
      if (output.size() > kOutputKept) output.erase(0, output.size() - kOutputKept);
    }
  }
  // Until there is something to do; the end of a child that has closed its output is only asked for.
  void wait_a_little(bool more_input, bool eof) const {
    pollfd fds[2] = {{eof ? -1 : out_, POLLIN, 0}, {more_input ? in_ : -1, POLLOUT, 0}};
    poll(fds, 2, eof ? 1 : 5);
  }

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
};

// So that a script which does not read its input does not end us.
class PipesMayBreak {
 public:
  PipesMayBreak() : before_(signal(SIGPIPE, SIG_IGN)) {}
  PipesMayBreak(const PipesMayBreak&) = delete;
  PipesMayBreak& operator=(const PipesMayBreak&) = delete;
  ~PipesMayBreak() { signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

}  // namespace

bool find_handlers(const std::string& folder, std::vector<std::string>& out) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || !entry.is_regular_file(error)) continue;
    if (access(entry.path().c_str(), X_OK) != 0) continue;
    std::string_view wrong;
    if (const std::string_view filters = filters_of(name); !filters.empty() && any_filter(filters, [&](std::string_view f) {
          return !is_filter(wrong = f);
        })) {
      std::fprintf(stderr, "quorumlab: %s: \"%.*s\" is no event that serf has\n", entry.path().c_str(),
                   static_cast<int>(wrong.size()), wrong.data());
      out.clear();
      return false;
    }
    out.push_back(fs::absolute(entry.path()).string());
  }
  std::sort(out.begin(), out.end());
  if (out.empty()) {
    std::fprintf(stderr, "quorumlab: no executable in %s%s\n", folder.c_str(),
                 error ? (": " + error.message()).c_str() : "");
  }
  return !out.empty();
}

std::vector<HandlerRun> run_handlers(const std::vector<std::string>& scripts,
                                     const script::Scenario& scenario,
                                     const world::Simulation& sim, Duration limit) {
  const PipesMayBreak guard;
  std::vector<HandlerRun> runs;
  const std::vector<std::string> hosts = scenario.cluster.host_names();
  for (const world::Delivered& d : sim.delivered()) {
    const std::string& host = hosts[d.node.value - 1];
    const std::string& self = scenario.cluster.agent_name(d.node);
    for (const std::string& script : scripts) {
      if (!wants(fs::path(script).filename().string(), d)) continue;
      if (interrupted().load()) return runs;
      HandlerRun run{d.at, host, gossip::event_name(d.kind), fs::path(script).filename().string(), "", 0, false};
      if (!is_member_event(d.kind)) run.event += ":" + d.name;
      Child child(command_of(script), environment(d, self));
      child.talk(d.payload, limit, run);
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

std::string handlers_text(const std::vector<HandlerRun>& runs) {
  std::string out = "\nHandler scripts, run for each event that the agents told of: " + std::to_string(runs.size()) + "\n\n";
  for (const HandlerRun& run : runs) {
    char time[40];
    std::snprintf(time, sizeof time, "%5lld.%03lld s  ", static_cast<long long>(run.at.ns / 1'000'000'000),
                  static_cast<long long>(run.at.ns / 1'000'000 % 1'000));
    out += time + run.host + "  " + trace::printable(run.event) + "  " + run.script;
    if (run.timed_out) {
      out += "  (killed: it took too long)";
    } else if (run.status != 0) {
      out += "  (exit status " + std::to_string(run.status) + ")";
    }
    out += "\n";
    for (std::size_t at = 0; at < run.output.size();) {
      const std::size_t end = std::min(run.output.find('\n', at), run.output.size());
      out += "             | " + trace::printable(run.output.substr(at, end - at), true) + "\n";
      at = end + 1;
    }
  }
  return out;
}

}  // namespace quorumlab::cli
