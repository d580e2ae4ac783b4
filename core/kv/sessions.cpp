// What each session was told.
#include "core/kv/sessions.h"

#include <algorithm>

namespace quorumlab::kv {

void Sessions::clear() {
  sessions_.clear();
  forgot_ = false;
  answer_.clear();
}

Sessions::Verdict Sessions::begin(const Command& command, LogIndex index) {
  Session* session = sessions_.find(command.session);
  if (session == nullptr) {
    // Once sessions were forgotten, one that is not known may be one of those; if its client had
    // answers before this, whether this command ran too cannot be told any more.
    if (forgot_ && command.first_outstanding > 1) return Verdict::unknown;
    if (sessions_.size() >= kMaxSessions) forget_one();
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
  if (command.sequence < session->forgotten_below) return Verdict::answer_forgotten;
  const auto place =
      std::lower_bound(done.begin(), done.end(), command.sequence,
                       [](const Done& d, std::uint64_t s) { return d.sequence < s; });
  if (place == done.end() || place->sequence != command.sequence) return Verdict::first;
  answer_ = place->answer;
  return Verdict::again;
}

void Sessions::keep(const Command& command, ByteView answer) {
  Session* session = sessions_.find(command.session);
  if (session == nullptr) return;
  auto& done = session->done;
  const auto place =
      std::lower_bound(done.begin(), done.end(), command.sequence,
                       [](const Done& d, std::uint64_t s) { return d.sequence < s; });
  done.insert(place, {command.sequence, Bytes(answer.begin(), answer.end())});
}

// The one unused for longest; of several the one with the lowest number.
void Sessions::forget_one() {
  const auto all = sessions_.entries();
  const auto oldest = std::min_element(all.begin(), all.end(), [](const auto& l, const auto& r) {
    return l.value.last_used != r.value.last_used ? l.value.last_used < r.value.last_used
                                                  : l.key < r.key;
  });
  sessions_.erase(oldest->key);
  forgot_ = true;
}

void Sessions::encode(Bytes& out) const {
  ByteWriter w(out);
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
      w.sized(ByteView(done.answer));
    }
  }
}

bool Sessions::decode(ByteReader& r) {
  clear();
  const std::uint8_t forgot = r.u8();
  forgot_ = forgot == 1;
  bool good = forgot <= 1;
  const std::uint64_t count = r.varint();
  good = good && count <= kMaxSessions;
  std::uint64_t before = 0;
  for (std::uint64_t n = count; n > 0 && r.ok() && good; --n) {
    const std::uint64_t key = r.varint();
    good = key > before;  // each once, ascending; none is 0
    before = key;
    if (!good) break;
    Session& session = sessions_.insert(key).first;
    session.forgotten_below = r.varint();
    session.last_used = LogIndex{r.varint()};
    session.done.clear();
    for (std::uint64_t m = r.varint(); m > 0 && r.ok() && good; --m) {
      Done& done = session.done.emplace_back();
      done.sequence = r.varint();
      const ByteView answer = r.sized();
      done.answer.assign(answer.begin(), answer.end());
      good = session.done.size() == 1 ||
             session.done[session.done.size() - 2].sequence < done.sequence;
    }
  }
  if (r.ok() && good) return true;
  clear();
  return false;
}

bool Sessions::same_state(const Sessions& other) const {
  return forgot_ == other.forgot_ && sessions_ == other.sessions_;
}

}  // namespace quorumlab::kv
