// Conversations with a cluster, as text. Each .txt file here is a run of blocks
//
//   command arguments
//   ----
//   what is expected, up to an empty line
//
// QUORUMLAB_REWRITE=1 writes what really came out; commit only a difference that you can explain.
// The commands stand in `Conversation::run`; lines that begin with # are comments.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/catch.h"
#include "tests/unit/raft/harness.h"

using namespace quorumlab;
using namespace quorumlab::raft;
using namespace quorumlab::raft::test;

namespace {

const char* fact_name(Fact fact) {
  switch (fact) {
#define X(name, number, meaning) \
  case Fact::name:               \
    return #name;
    QUORUMLAB_CORE_FACTS(X)
#undef X
  }
  return "?";
}

const char* reason_name(Reason reason) {
  switch (reason) {
#define X(name, number, words) \
  case Reason::name:           \
    return #name;
    QUORUMLAB_REASONS(X)
#undef X
  }
  return "?";
}

std::string n(NodeId node) { return node ? "n" + std::to_string(node.value) : "-"; }
std::string s(std::uint64_t v) { return std::to_string(v); }

// "key=value" arguments, and plain ones in their order.
struct Arguments {
  std::vector<std::string> plain;
  std::vector<std::pair<std::string, std::string>> named;

  explicit Arguments(std::istream& in) {
    std::string word;
    while (in >> word) {
      const std::size_t at = word.find('=');
      if (at == std::string::npos) {
        plain.push_back(word);
      } else {
        named.emplace_back(word.substr(0, at), word.substr(at + 1));
      }
    }
  }
  std::optional<std::uint64_t> number(const std::string& key) const {
    for (const auto& [name, value] : named) {
      if (name == key) return std::stoull(value);
    }
    return std::nullopt;
  }
  std::string text(const std::string& key) const {
    for (const auto& [name, value] : named) {
      if (name == key) return value;
    }
    return {};
  }
  std::uint32_t node(std::size_t i) const {
    return static_cast<std::uint32_t>(std::stoul(plain.at(i)));
  }
};

class Conversation {
 public:
  std::string run(const std::string& line) {
    out_.str({});
    std::istringstream in(line);
    std::string command;
    in >> command;
    const Arguments a(in);
    if (command == "cluster") {
      build(a);
    } else if (command == "status") {
      for (const Host& h : c().hosts) tell(h);
    } else if (command == "log") {
      tell_log(c().host(a.node(0)));
    } else if (command == "progress") {
      tell_progress(c().host(a.node(0)));
    } else if (command == "queue") {
      for (const Packet& p : c().queue) out_ << describe(p) << "\n";
    } else if (command == "timeout") {
      c().timeout(a.node(0));
    } else if (command == "elect") {
      c().elect(a.node(0));
    } else if (command == "skip") {
      c().skip(milliseconds(std::stoll(a.plain.at(0))));
    } else if (command == "run") {
      c().run_for(milliseconds(std::stoll(a.plain.at(0))));
    } else if (command == "deliver" || command == "drop") {
      move(a, command == "deliver");
    } else if (command == "settle") {
      c().deliver();
    } else if (command == "propose") {
      tell(c().propose(a.node(0), a.plain.at(1), a.number("id").value_or(0)));
    } else if (command == "change") {
      tell(c().change(a.node(0), change(a)));
    } else if (command == "read") {
      c().read(a.node(0), std::stoull(a.plain.at(1)));
    } else if (command == "transfer") {
      c().transfer(a.node(0), a.node(1));
    } else if (command == "compact") {
      c().compact(a.node(0), a.number("keep").value_or(0));
    } else if (command == "crash") {
      c().crash(a.node(0));
    } else if (command == "restart") {
      c().restart(a.node(0));
    } else if (command == "isolate") {
      std::vector<std::uint32_t> ids;
      for (std::size_t i = 0; i < a.plain.size(); ++i) ids.push_back(a.node(i));
      c().isolate(ids);
    } else if (command == "heal") {
      c().heal();
    } else if (command == "disk") {
      c().host(a.node(0)).durable_at_once = a.plain.at(1) == "fast";
    } else if (command == "flush") {
      c().flush(a.node(0));
    } else if (command == "rule") {
      const std::optional<Rule> rule = find_rule(a.plain.at(0));
      if (!rule) return "no such rule\n";
      for (Host& h : c().hosts) {
        h.engine.set_rule(*rule, a.plain.at(1) == "on");
        h.config.rules.set(*rule, a.plain.at(1) == "on");
      }
    } else {
      return "no such command\n";
    }
    tell_answers();
    return out_.str().empty() ? "ok\n" : out_.str();
  }

 private:
  Cluster& c() { return *cluster_; }

  void build(const Arguments& a) {
    const auto tweak = [&a](Config& c) {
      c.pre_vote = a.number("pre_vote").value_or(1) != 0;
      c.check_quorum = a.number("check_quorum").value_or(1) != 0;
      if (a.text("timeouts") == "ticks") c.timeouts.kind = TimeoutPolicy::Kind::ticks;
      if (a.text("reads") == "lease") c.read_mode = ReadMode::lease;
      if (const auto v = a.number("append_bytes")) {
        c.max_append_bytes = static_cast<std::uint32_t>(*v);
      }
      if (const auto v = a.number("inflight")) {
        c.max_inflight_messages = static_cast<std::uint32_t>(*v);
      }
      if (const auto v = a.number("chunk")) c.snapshot_chunk_bytes = static_cast<std::uint32_t>(*v);
      if (const auto v = a.number("uncommitted")) c.max_uncommitted_bytes = *v;
      c.forward_proposals = a.number("forward").value_or(1) != 0;
    };
    cluster_ = std::make_unique<Cluster>(
        static_cast<std::uint32_t>(a.number("nodes").value_or(3)), tweak,
        static_cast<std::uint32_t>(a.number("voters").value_or(0)));
    quiet_ = a.number("quiet").value_or(0) != 0;
    cluster_->noted = [this](NodeId node, const Note& note) { tell(node, note); };
  }

  static ConfChange change(const Arguments& a) {
    ConfChange result;
    for (const auto& [name, value] : a.named) {
      const NodeId node{static_cast<std::uint32_t>(std::stoul(value))};
      if (name == "voter") result.steps.push_back({ConfChange::Kind::add_voter, node});
      if (name == "learner") result.steps.push_back({ConfChange::Kind::add_learner, node});
      if (name == "remove") result.steps.push_back({ConfChange::Kind::remove, node});
    }
    for (const std::string& word : a.plain) {
      if (word == "joint") result.joint = true;
      if (word == "explicit") result.auto_leave = false;
    }
    return result;
  }

  // Delivers or drops queued packets, in order, that match from=, to=, type= and at most count=.
  void move(const Arguments& a, bool deliver) {
    std::uint64_t left = a.number("count").value_or(UINT64_MAX);
    std::deque<Packet> queue;
    std::swap(queue, c().queue);
    std::deque<Packet> kept;
    for (const Packet& p : queue) {
      const bool matches = a.number("from").value_or(p.source.value) == p.source.value &&
                           a.number("to").value_or(p.target.value) == p.target.value &&
                           (a.text("type").empty() || a.text("type") == message_type_name(p.type));
      if (!matches || left == 0) {
        kept.push_back(p);
        continue;
      }
      --left;
      out_ << (deliver ? "" : "dropped ") << describe(p) << "\n";
      if (deliver) c().give(p);
    }
    // What was kept is older than what the deliveries caused.
    c().queue.insert(c().queue.begin(), kept.begin(), kept.end());
  }

  static std::string describe(const Packet& p) {
    const std::optional<Message> m = decode(p.bytes);
    std::string text = n(p.source) + "->" + n(p.target) + " " + message_type_name(p.type) +
                       " term=" + s(m->term.value);
    if (m->index.value || m->log_term.value) {
      text += " index=" + s(m->index.value) + "/" + s(m->log_term.value);
    }
    if (m->commit.value) text += " commit=" + s(m->commit.value);
    if (m->entry_count) text += " entries=" + s(m->entry_count);
    if (p.type == MessageType::install_snapshot) {
      text += " offset=" + s(m->context) + " bytes=" + s(m->body.size()) + "/" + s(m->context2);
    } else if (m->context) {
      text += " context=" + s(m->context);
    }
    if (m->reject) text += " rejected";
    if (m->flag) text += " flag";
    return text;
  }

  void tell(NodeId node, const Note& note) {
    if (note.fact == Fact::applied || note.fact == Fact::vote_counted) return;
    if (quiet_ && (note.fact == Fact::appended || note.fact == Fact::commit_advanced ||
                   note.fact == Fact::proposal_accepted || note.fact == Fact::progress_changed)) {
      return;
    }
    out_ << "  " << n(node) << " " << fact_name(note.fact);
    if (note.peer) out_ << " " << n(note.peer);
    out_ << " " << note.a << " " << note.b << " " << note.c;
    if (note.reason != Reason::none) out_ << " (" << reason_name(note.reason) << ")";
    out_ << "\n";
  }

  void tell(const ProposeResult& result) {
    switch (result.status) {
      case ProposeResult::Status::accepted:
        out_ << "accepted at " << result.index.value << " in term " << result.term.value << "\n";
        break;
      case ProposeResult::Status::forwarded:
        out_ << "forwarded\n";
        break;
      case ProposeResult::Status::dropped:
        out_ << "dropped: " << reason_name(result.reason) << "\n";
        break;
    }
  }

  static std::string list(const std::vector<NodeId>& nodes) {
    std::string text;
    for (const NodeId node : nodes) text += (text.empty() ? "" : ",") + s(node.value);
    return text;
  }

  void tell(const Host& h) {
    const Status& st = h.status();
    out_ << n(st.id) << " ";
    if (!h.up) {
      out_ << "down\n";
      return;
    }
    const ConfState& conf = h.engine.conf();
    out_ << role_name(st.role) << " term=" << st.term.value << " leader=" << n(st.leader)
         << " log=" << st.first_index.value << ".." << st.last_index.value << " durable="
         << st.durable.value << " commit=" << st.commit.value << " voters=" << list(conf.voters);
    if (!conf.voters_outgoing.empty()) out_ << " outgoing=" << list(conf.voters_outgoing);
    if (!conf.learners.empty()) out_ << " learners=" << list(conf.learners);
    if (!conf.learners_next.empty()) out_ << " learners_next=" << list(conf.learners_next);
    out_ << " state=" << Cluster::values(h) << "\n";
  }

  void tell_log(const Host& h) {
    for (LogIndex i = h.status().first_index; i <= h.status().last_index; i = i.next()) {
      const Entry e = h.engine.entry(i);
      out_ << i.value << " term=" << e.term.value << " ";
      out_ << (e.kind == EntryKind::noop     ? "noop"
               : e.kind == EntryKind::config ? "config"
                                             : std::string(as_text(e.payload)))
           << "\n";
    }
  }

  void tell_progress(const Host& h) {
    static const char* const kStates[] = {"probe", "replicate", "snapshot"};
    for (const Host& other : c().hosts) {
      const Progress* p = h.engine.progress(other.config.id);
      if (p == nullptr || p->node == h.config.id) continue;
      out_ << n(p->node) << " " << kStates[static_cast<int>(p->state)] << " match="
           << p->match.value << " next=" << p->next.value << " inflight=" << p->inflights.count()
           << (p->paused ? " paused" : "") << (p->learner ? " learner" : "") << "\n";
    }
  }

  // Reads and outcomes that came since the last command.
  void tell_answers() {
    for (Host& h : c().hosts) {
      for (const ReadReady& r : h.reads) {
        out_ << n(h.config.id) << " read " << r.id;
        if (r.dropped) {
          out_ << " dropped: " << reason_name(r.reason) << "\n";
        } else {
          out_ << " at " << r.index.value << "\n";
        }
      }
      for (const ProposalOutcome& o : h.outcomes) {
        out_ << n(h.config.id) << " outcome of " << o.id << ": ";
        if (o.accepted) {
          out_ << "accepted at " << o.index.value << " in term " << o.term.value << "\n";
        } else {
          out_ << "dropped: " << reason_name(o.reason) << "\n";
        }
      }
      h.reads.clear();
      h.outcomes.clear();
    }
  }

  std::unique_ptr<Cluster> cluster_;
  std::ostringstream out_;
  bool quiet_ = false;
};

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> result;
  for (const auto& entry : std::filesystem::directory_iterator(QUORUMLAB_SOURCE_DIR "/tests/data")) {
    if (entry.path().extension() == ".txt") result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

TEST_CASE("every conversation goes as written") {
  const bool rewrite = std::getenv("QUORUMLAB_REWRITE") != nullptr;
  const std::vector<std::filesystem::path> all = files();
  CHECK(all.size() >= 15);
  for (const std::filesystem::path& path : all) {
    Conversation conversation;
    std::ifstream in(path);
    std::string line, rewritten;
    int number = 0, commands = 0;
    while (std::getline(in, line)) {
      ++number;
      rewritten += line + "\n";
      if (line.empty() || line[0] == '#') continue;
      const std::string command = line;
      const int at = number;
      std::string expected;
      if (std::getline(in, line) && line == "----") {
        while (++number, std::getline(in, line) && !line.empty()) expected += line + "\n";
        ++number;
      } else if (!rewrite) {
        FAIL(path.filename().string() << ":" << at + 1 << ": expected ----");
      }
      const std::string actual = conversation.run(command);
      ++commands;
      rewritten += "----\n" + actual + "\n";
      if (rewrite) continue;
      INFO(path.filename().string() << ":" << at << ": " << command);
      CHECK(actual == expected);
    }
    CHECK(commands > 0);
    if (rewrite) std::ofstream(path) << rewritten;
  }
}
