// The lock that is none.
#include "core/recipes/gossip_lock.h"

#include <algorithm>

#include "core/node/agent.h"
#include "core/node/request.h"
#include "core/recipes/words.h"

namespace quorumlab::recipes {
namespace {

constexpr Duration kLookEvery = milliseconds(200);

// Whether the list, a line "NAME STATUS" for each member, says that this one is not there any more. One
// that it never heard of may be on its way.
bool is_gone(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find('\n'), list.size());
    const std::string_view line = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (line.size() <= name.size() || !line.starts_with(name) || line[name.size()] != ' ') continue;
    const std::string_view status = line.substr(name.size() + 1);
    return status == "failed" || status == "left";
  }
  return false;
}

}  // namespace

void GossipLock::start(Turn& turn) {
  say_wants(turn);
  ask(turn);
}

void GossipLock::ask(Turn& turn) {
  next_ = turn.now.monotonic + kLookEvery;
  if (turn.config.servers.empty()) return;
  Bytes command;
  AgentCommand members;
  members.kind = AgentCommand::Kind::members;
  encode(members, command);
  Request request;
  request.kind = Request::Kind::agent;
  request.value = command;
  if (ask_ != 0) turn.out.asks.push_back({turn.config.servers.front(), ask_, true, {}});
  ask_ = ++turn.last_ask;
  const std::uint32_t begin = turn.out.begin();
  encode(request, turn.out.bytes);
  turn.out.asks.push_back({turn.config.servers.front(), ask_, false, turn.out.end(begin)});
}

void GossipLock::on_event(Turn& turn, const Event& event) {
  if (ask_ != 0 && event.id == ask_) {
    if (event.kind == Event::Kind::ask_failed) ask_ = 0;
    if (event.kind == Event::Kind::answered && event.last) {
      ask_ = 0;
      read(turn, event.bytes);
    }
  }
  if (next_ <= turn.now.monotonic) ask(turn);
}

void GossipLock::read(Turn& turn, ByteView answer) {
  const auto told = decode_agent_answer(answer);
  if (!told || told->reason != Reason::none) return;
  const std::string_view list = as_text(told->text);
  const std::vector<std::string>& before = turn.config.after;
  const bool mine = std::all_of(before.begin(), before.end(),
                                [&](const std::string& name) { return is_gone(list, name); });
  if (mine == holds_) return;
  holds_ = mine;
  if (mine) {
    ++granted_;
    say(turn, kNobody, {before.empty() ? "It's mine." : "Serf says they are gone: it's mine."});
  }
  turn.out.notes.push_back({mine ? Fact::holds : Fact::lets_go,
                            mine ? Reason::none : Reason::lost_to_another, kNobody, granted_,
                            key_hash(turn.config), static_cast<std::uint64_t>(kNever.ns)});
}

}  // namespace quorumlab::recipes
