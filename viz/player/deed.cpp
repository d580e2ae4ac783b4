// Deeds as a person would name them.
#include "viz/player/deed.h"

#include "sim/trace/words.h"

namespace quorumlab::viz {
namespace {

std::string list(const std::vector<std::uint32_t>& hosts, const Recording& recording) {
  std::string out;
  for (const std::uint32_t host : hosts) {
    if (host >= 1 && host <= recording.titles.size()) out += (out.empty() ? "" : " ") + recording.titles[host - 1];
  }
  return out;
}

std::string message(const Deed& deed, const Recording& recording) {
  if (deed.packet == 0 || deed.packet > recording.trace.size()) return "a message";
  const trace::Record& sent = recording.trace[deed.packet];
  return trace::message_name(sent.extra) + " " + list({sent.node}, recording) + " -> " + list({sent.peer}, recording);
}

}  // namespace

std::string moment_text(std::int64_t ns) {
  const std::int64_t ms = ns / 1'000'000;
  std::string part = std::to_string(1'000 + ms % 1'000).substr(1);
  while (!part.empty() && part.back() == '0') part.pop_back();
  return std::to_string(ms / 1'000) + (part.empty() ? "" : "." + part) + " s";
}

std::string words(const Deed& deed, const Recording& recording) {
  using Kind = Deed::Kind;
  const std::string hosts = list(deed.hosts, recording), others = list(deed.others, recording);
  switch (deed.kind) {
    case Kind::none: break;
    case Kind::crash: return "crash " + hosts;
    case Kind::kill: return "kill " + hosts;
    case Kind::restart: return "restart " + hosts;
    case Kind::pause: return "pause " + hosts;
    case Kind::resume: return "resume " + hosts;
    case Kind::wipe: return "wipe " + hosts;
    case Kind::partition: return "partition " + hosts + " | " + others;
    case Kind::cut: return "cut " + hosts + " -> " + others;
    case Kind::heal: return "heal the network";
    case Kind::drop: return "drop " + message(deed, recording);
    case Kind::duplicate: return "duplicate " + message(deed, recording);
    case Kind::delay: return "delay " + message(deed, recording) + " by " + deed.text;
    case Kind::reorder: return "overtake " + message(deed, recording);
    case Kind::write: return "write " + deed.text + (hosts.empty() ? "" : " from " + hosts);
    case Kind::rule_off: return deed.text + " off";
    case Kind::rule_on: return deed.text + " on";
    case Kind::setting: {
      const std::string name = deed.path.substr(deed.path.rfind('.') + 1);
      return name + " = " + deed.text;
    }
    case Kind::run_on: return "ten seconds more";
  }
  return "nothing";
}

}  // namespace quorumlab::viz
