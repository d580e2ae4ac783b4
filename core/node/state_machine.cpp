// The map and its sessions; see thesis 6.3 for why a session remembers what it answered.
#include "core/node/state_machine.h"

#include <algorithm>

namespace quorumlab {

void StateMachine::clear() {
  items_.clear();
  sessions_.clear();
  forgot_ = false;
}

StateMachine::Outcome StateMachine::apply(LogIndex index, const Request& command, bool once) {
  Session* session = nullptr;
  if (once && command.session != 0) {
    auto at = sessions_.find(command.session);
    if (at == sessions_.end()) {
      // A session begins with its first command that gets through; the client may have given up some
      // before. But once sessions were forgotten, one that is not known may be one of those, and
      // whether its command ran before cannot be told any more.
      if (forgot_ && command.first_outstanding > 1) return {index, false, true};
      if (sessions_.size() >= kMaxSessions) forget_one_session();
      at = sessions_.try_emplace(command.session).first;
    }
    session = &at->second;
    session->last_used = index;
    auto& done = session->done;
    if (command.first_outstanding > session->forgotten_below) {
      session->forgotten_below = command.first_outstanding;
      done.erase(done.begin(), std::find_if(done.begin(), done.end(), [&](const Done& d) {
                   return d.sequence >= command.first_outstanding;
                 }));
    }
    if (command.sequence < session->forgotten_below) return {LogIndex{}, true, false};
    const auto place =
        std::lower_bound(done.begin(), done.end(), command.sequence,
                         [](const Done& d, std::uint64_t sequence) { return d.sequence < sequence; });
    if (place != done.end() && place->sequence == command.sequence) {
      return {place->index, true, false};
    }
    done.insert(place, {command.sequence, index});
  }
  if (command.kind == Request::Kind::erase) {
    const auto at = items_.find(as_text(command.key));
    if (at != items_.end()) items_.erase(at);
  } else {
    auto at = items_.find(as_text(command.key));
    if (at == items_.end()) at = items_.try_emplace(std::string(as_text(command.key))).first;
    at->second.value.assign(as_text(command.value));
    at->second.modified = index;
  }
  return {index, false, false};
}

const StateMachine::Item* StateMachine::find(std::string_view key) const {
  const auto at = items_.find(key);
  return at == items_.end() ? nullptr : &at->second;
}

void StateMachine::forget_one_session() {
  const auto oldest = std::min_element(
      sessions_.begin(), sessions_.end(),
      [](const auto& l, const auto& r) { return l.second.last_used < r.second.last_used; });
  sessions_.erase(oldest);
  forgot_ = true;
}

void StateMachine::encode(Bytes& out) const {
  ByteWriter w(out);
  w.varint(items_.size());
  for (const auto& [key, item] : items_) {
    w.sized(key);
    w.sized(item.value);
    w.varint(item.modified.value);
  }
  w.u8(forgot_ ? 1 : 0);
  w.varint(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    w.varint(id);
    w.varint(session.forgotten_below);
    w.varint(session.last_used.value);
    w.varint(session.done.size());
    for (const Done& done : session.done) {
      w.varint(done.sequence);
      w.varint(done.index.value);
    }
  }
}

bool StateMachine::decode(ByteView bytes) {
  clear();
  ByteReader r(bytes);
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    std::string key(as_text(r.sized()));
    Item item;
    item.value.assign(as_text(r.sized()));
    item.modified = LogIndex{r.varint()};
    items_.insert_or_assign(std::move(key), std::move(item));
  }
  forgot_ = r.u8() != 0;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    const std::uint64_t id = r.varint();
    Session session;
    session.forgotten_below = r.varint();
    session.last_used = LogIndex{r.varint()};
    for (std::uint64_t m = r.varint(); m > 0 && r.ok(); --m) {
      const std::uint64_t sequence = r.varint();
      session.done.push_back({sequence, LogIndex{r.varint()}});
    }
    sessions_.insert_or_assign(id, std::move(session));
  }
  if (r.finished()) return true;
  clear();
  return false;
}

}  // namespace quorumlab
