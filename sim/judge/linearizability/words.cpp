// The well-known shapes get a sentence of their own; what fits none is told by what holds of all.
#include "sim/judge/linearizability/words.h"

namespace quorumlab::linearizability {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 24;
  std::string out = "\"";
  for (const char c : text.substr(0, kMost)) {
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + (text.size() > kMost ? "...\"" : "\"");
}

std::string name_of(const Operation& op, std::span<const std::string> names) {
  if (op.client >= 1 && op.client <= names.size()) return names[op.client - 1];
  return "client " + std::to_string(op.client);
}

std::string shown(const Operation& read) {
  return read.result == Result::ok ? quoted(read.value) : "no such key";
}

bool leaves(const Operation& op) { return op.result == Result::ok && op.kind != Kind::get; }

bool deletes(Kind kind) {
  return kind == Kind::erase || kind == Kind::remove || kind == Kind::compare_and_delete;
}

// Whether the operation may have made what the read shows.
bool may_have_made(const Operation& op, const Operation& read) {
  if (op.kind == Kind::get || (op.result != Result::ok && op.result != Result::unknown)) return false;
  if (read.result != Result::ok) return deletes(op.kind);
  return !deletes(op.kind) && op.value == read.value &&
         (op.index == 0 || read.index == 0 || op.index == read.index);
}

// What was done, as a clause: c1's write of "blue".
std::string deed(const Operation& op, std::span<const std::string> names) {
  std::string out = name_of(op, names) + "'s ";
  if (op.kind == Kind::get) return out + "read";
  return deletes(op.kind) ? out + "deletion" : out + "write of " + quoted(op.value);
}

}  // namespace

std::string question(const Operation& op, bool with_key) {
  const std::string key = with_key ? " " + op.key : std::string();
  std::string expected;
  if (op.compares_value) expected = quoted(op.expected_value);
  if (op.expected_index != 0) {
    expected += (expected.empty() ? "version " : " at version ") + std::to_string(op.expected_index);
  }
  switch (op.kind) {
    case Kind::get:
      return (op.stale ? "stale read" : "read") + key;
    case Kind::set:
      return "write" + key + " = " + quoted(op.value);
    case Kind::erase:
      return "erase" + key;
    case Kind::remove:
      return "delete" + key;
    case Kind::create:
      return "create" + key + " = " + quoted(op.value);
    case Kind::update:
      return "update" + key + " = " + quoted(op.value);
    case Kind::compare_and_swap:
      return "swap" + key + " from " + expected + " to " + quoted(op.value);
    case Kind::compare_and_delete:
      return "delete" + key + " if " + expected;
  }
  return "?";
}

std::string answer(const Operation& op) {
  const std::string version = op.index == 0 ? "" : " (version " + std::to_string(op.index) + ")";
  switch (op.result) {
    case Result::unknown:
      return "no answer";
    case Result::ok:
      return (op.kind == Kind::get ? quoted(op.value) : std::string("ok")) + version;
    case Result::not_found:
      return op.kind == Kind::get ? "nothing there" : "not found";
    case Result::compare_failed:
      return "compare failed";
    case Result::exists:
      return "it exists already";
  }
  return "?";
}

std::string why(std::span<const Operation> history, const Outcome& outcome,
                std::span<const std::string> names) {
  if (outcome.verdict == Verdict::linearizable) {
    return "There is an order of all operations that explains every answer.";
  }
  if (outcome.verdict == Verdict::undecided) {
    return "The search on \"" + outcome.key +
           "\" was given up before it found an order or excluded every one.";
  }
  const std::size_t n = outcome.minimal.size();
  const std::string general =
      n == 1 ? "This one answer is enough: nothing can explain it."
             : "No order of these " + std::to_string(n) + " operations explains every answer" +
                   (outcome.by_index ? " and the versions that answers tell." : ".");
  const Operation& last = history[outcome.shown_by];
  if (last.kind != Kind::get) return general;
  const std::string read = name_of(last, names) + "'s read shows " + shown(last);

  const Operation* maker = nullptr;
  for (const Culprit& c : outcome.minimal) {
    const Operation& op = history[c.place];
    if (may_have_made(op, last) && op.invoked <= last.returned) maker = &op;
  }
  if (maker == nullptr && last.result == Result::ok) {
    return read + ", which nobody had written by then. " + general;
  }
  // Replaced before it was asked for, by what an answer or another read tells.
  for (const Culprit& c : outcome.minimal) {
    const Operation& op = history[c.place];
    if (&op == maker || &op == &last || op.returned >= last.invoked) continue;
    const bool after = maker == nullptr || maker->returned < op.invoked;
    if (leaves(op) && !may_have_made(op, last) && after) {
      return read + ", although " + deed(op, names) + " was answered before that read began. " +
             general;
    }
  }
  for (const Culprit& c : outcome.minimal) {
    const Operation& op = history[c.place];
    if (op.kind != Kind::get || &op == &last || op.returned >= last.invoked) continue;
    if (shown(op) == shown(last)) continue;
    return read + ", although " + deed(op, names) + ", answered before it began, had shown " +
           shown(op) + ". " + general;
  }
  return general;
}

std::string why(std::span<const Operation> history, const SequentialOutcome& outcome,
                std::span<const std::string> names) {
  if (outcome.holds()) return "Every stale read shows what was written, and none goes back.";
  const Operation& read = history[outcome.read];
  const std::string who = name_of(read, names) + "'s stale read shows " + shown(read);
  if (outcome.fault == SequentialOutcome::Fault::never_written) {
    return who + ", a version that nobody had written by then.";
  }
  return who + ", older than what the same server had shown it before: " +
         shown(history[outcome.earlier]) + ".";
}

}  // namespace quorumlab::linearizability
