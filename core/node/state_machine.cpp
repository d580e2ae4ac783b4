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
  if (once && command.session != 0) {
    Session* session = sessions_.find(command.session);
    if (session == nullptr) {
      // A session begins with its first command that gets through; the client may have given up some
      // before. But once sessions were forgotten, one that is not known may be one of those, and
      // whether its command ran before cannot be told any more.
      if (forgot_ && command.first_outstanding > 1) return {index, false, true};
      if (sessions_.size() >= kMaxSessions) forget_one_session();
      session = &sessions_.insert(command.session).first;
      session->forgotten_below = 1;
      session->done.clear();
    }
    session->last_used = index;
    auto& done = session->done;
    if (command.first_outstanding > session->forgotten_below) {
      session->forgotten_below = command.first_outstanding;
      done.erase(done.begin(), std::find_if(done.begin(), done.end(), [&](const Done& d) {
                   return d.sequence >= command.first_outstanding;
                 }));
    }
    if (command.sequence < session->forgotten_below) return {LogIndex{}, true, false};
    // Nearly always it comes behind all others.
    const auto place =
        done.empty() || done.back().sequence < command.sequence
            ? done.end()
            : std::lower_bound(done.begin(), done.end(), command.sequence,
                               [](const Done& d, std::uint64_t s) { return d.sequence < s; });
    if (place != done.end() && place->sequence == command.sequence) {
      return {place->index, true, false};
    }
    done.insert(place, {command.sequence, index});
  }
  if (command.kind == Request::Kind::erase) {
    items_.erase(as_text(command.key));
  } else {
    Item& item = items_.insert(as_text(command.key)).first;
    item.value.assign(as_text(command.value));
    item.modified = index;
  }
  return {index, false, false};
}

const StateMachine::Item* StateMachine::find(std::string_view key) const {
  return items_.find(key);
}

// The one unused for longest; of several the one with the lowest number.
void StateMachine::forget_one_session() {
  const auto all = sessions_.entries();
  const auto oldest = std::min_element(all.begin(), all.end(), [](const auto& l, const auto& r) {
    return l.value.last_used != r.value.last_used ? l.value.last_used < r.value.last_used
                                                  : l.key < r.key;
  });
  sessions_.erase(oldest->key);
  forgot_ = true;
}

void StateMachine::encode(Bytes& out) const {
  ByteWriter w(out);
  w.varint(items_.size());
  for (const auto* item : items_.sorted()) {
    w.sized(item->key);
    w.sized(item->value.value);
    w.varint(item->value.modified.value);
  }
  w.u8(forgot_ ? 1 : 0);
  w.varint(sessions_.size());
  for (const auto* entry : sessions_.sorted()) {
    const Session& session = entry->value;
    w.varint(entry->key);
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
    Item& item = items_.insert(as_text(r.sized())).first;
    item.value.assign(as_text(r.sized()));
    item.modified = LogIndex{r.varint()};
  }
  forgot_ = r.u8() != 0;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    Session& session = sessions_.insert(r.varint()).first;
    session.forgotten_below = r.varint();
    session.last_used = LogIndex{r.varint()};
    session.done.clear();
    for (std::uint64_t m = r.varint(); m > 0 && r.ok(); --m) {
      const std::uint64_t sequence = r.varint();
      session.done.push_back({sequence, LogIndex{r.varint()}});
    }
  }
  if (r.finished()) return true;
  clear();
  return false;
}

}  // namespace quorumlab
