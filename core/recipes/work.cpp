// Pieces of work, and the fence.
#include "core/recipes/work.h"

#include <algorithm>
#include <string>

namespace quorumlab::recipes {
namespace {
constexpr std::uint8_t kRequest = 0x57;  // version and kind
constexpr std::uint8_t kAnswer = 0x58;
constexpr std::uint8_t kFence = 0x59;
}  // namespace

void encode(const WorkRequest& request, Bytes& out) {
  ByteWriter w(out);
  w.u8(kRequest);
  w.varint(request.token);
  w.u64(request.key);
  w.varint(request.piece);
  w.varint(request.who.value);
}

std::optional<WorkRequest> decode_work_request(ByteView bytes) {
  ByteReader r(bytes);
  const bool known = r.u8() == kRequest;
  WorkRequest request;
  request.token = r.varint();
  request.key = r.u64();
  request.piece = r.varint();
  const std::uint64_t who = r.varint();
  request.who = NodeId{static_cast<std::uint32_t>(who)};
  if (!known || !r.finished() || who > UINT32_MAX) return {};
  return request;
}

void encode(const WorkAnswer& answer, Bytes& out) {
  ByteWriter w(out);
  w.u8(kAnswer);
  w.u8(answer.taken ? 1 : 0);
  w.varint(answer.highest);
}

std::optional<WorkAnswer> decode_work_answer(ByteView bytes) {
  ByteReader r(bytes);
  const bool known = r.u8() == kAnswer;
  const std::uint8_t taken = r.u8();
  WorkAnswer answer;
  answer.taken = taken == 1;
  answer.highest = r.varint();
  if (!known || !r.finished() || taken > 1) return {};
  return answer;
}

void Worker::reset() { *this = {}; }

void Worker::begin(Turn& turn) {
  if (turn.config.resource) next_at_ = turn.now.monotonic;
}

Instant Worker::deadline(bool own_only) const {
  if (leaves_at_ != kNever) return leaves_at_;
  if (ask_ == 0) return next_at_;
  return own_only ? kNever : answer_by_;
}

void Worker::on_time(Turn& turn, const Grant& grant) {
  const Instant now = turn.now.monotonic;
  if (leaves_at_ <= now) {
    leaves_at_ = kNever;
    if (turn.config.rechecks && (!grant.held || grant.token != token_)) return;
    leave(turn);
  } else if (ask_ != 0) {
    if (answer_by_ > now) return;
    // Whether it was done is not known; the next piece is another one.
    turn.out.asks.push_back({turn.config.resource, ask_, true, {}});
    ask_ = 0;
  } else if (next_at_ <= now) {
    // However long the program was paused, what it missed is not made up for.
    next_at_ = now + std::max(turn.config.work_every, milliseconds(1));
    if (!grant.held) return;
    token_ = grant.token;
    ++piece_;
    if (turn.config.work_takes.ns > 0) {
      leaves_at_ = now + turn.config.work_takes;
    } else {
      leave(turn);
    }
  }
}

void Worker::leave(Turn& turn) {
  const std::uint64_t key = key_hash(turn.config);
  ask_ = ++turn.last_ask;
  answer_by_ = turn.now.monotonic + turn.config.timeout;
  const std::uint32_t begin = turn.out.begin();
  encode(WorkRequest{token_, key, piece_, turn.config.id}, turn.out.bytes);
  turn.out.asks.push_back({turn.config.resource, ask_, false, turn.out.end(begin)});
  turn.out.notes.push_back({Fact::works, Reason::none, turn.config.resource, token_, key, piece_});
}

bool Worker::on_event(Turn& turn, const Event& event) {
  if (ask_ == 0 || event.id != ask_) return false;
  if (event.kind == Event::Kind::ask_failed) ask_ = 0;
  if (event.kind != Event::Kind::answered) return false;
  ask_ = 0;
  const std::optional<WorkAnswer> answer = decode_work_answer(event.bytes);
  if (!answer) return false;
  if (answer->taken) {
    ++done_;
    return false;
  }
  ++refused_;
  say(turn, turn.config.resource,
      {"Refused: token ", std::to_string(token_), " is older than ",
       std::to_string(answer->highest), "."});
  return true;
}

void Resource::reset() {
  seen_.clear();
  waiting_.clear();
  written_ = durable_ = 0;
  done_ = refused_ = 0;
}

std::uint64_t Resource::highest(std::uint64_t key) const {
  for (const Seen& seen : seen_) {
    if (seen.key == key) return seen.token;
  }
  return 0;
}

void Resource::on_event(Turn& turn, const Event& event) {
  switch (event.kind) {
    case Event::Kind::started:
      return start(turn, event);
    case Event::Kind::client_request:
      return on_request(turn, event);
    case Event::Kind::write_durable: {
      durable_ = std::max(durable_, event.id);
      std::size_t told = 0;
      while (told < waiting_.size() && waiting_[told].after_write <= durable_) tell(turn, waiting_[told++]);
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(told));
      return;
    }
    case Event::Kind::write_failed:
      turn.out.notes.push_back({Fact::stopped_itself, Reason::write_failed, {}, event.id, 0, 0});
      turn.out.stop = true;
      return;
    default:
      return;
  }
}

void Resource::start(Turn& turn, const Event& event) {
  for (const FileContent& file : event.files) {
    if (file.file != FileId::session || file.bytes.empty()) continue;
    ByteReader r(file.bytes);
    const bool known = r.u8() == kFence;
    for (std::uint64_t left = r.varint(); left > 0 && r.ok(); --left) {
      const std::uint64_t key = r.u64();
      seen_.push_back({key, r.varint()});
    }
    if (known && r.ok()) continue;
    turn.out.notes.push_back({Fact::refused_to_start, Reason::corrupt_record, {}, 0, 0, 0});
    turn.out.stop = true;
  }
}

void Resource::on_request(Turn& turn, const Event& event) {
  const std::optional<WorkRequest> request = decode_work_request(event.bytes);
  if (!request) {
    const std::uint32_t begin = turn.out.begin();
    encode(WorkAnswer{}, turn.out.bytes);
    turn.out.replies.push_back({event.id, true, turn.out.end(begin)});
    return;
  }
  auto seen = std::find_if(seen_.begin(), seen_.end(),
                           [&](const Seen& s) { return s.key == request->key; });
  if (seen == seen_.end()) seen = seen_.insert(seen_.end(), Seen{request->key, 0});
  Waiting what{0, event.id, request->key, request->token, seen->token, event.peer, {}};
  seen->token = std::max(what.before, request->token);
  what.answer = {!turn.config.fencing || request->token >= what.before, seen->token};
  if (turn.config.fencing && request->token > what.before) write(turn);
  // Only what is granted must outlive a crash.
  if (!what.answer.taken || durable_ == written_) return tell(turn, what);
  what.after_write = written_;
  waiting_.push_back(what);
}

void Resource::write(Turn& turn) {
  const std::uint32_t begin = turn.out.begin();
  ByteWriter w(turn.out.bytes);
  w.u8(kFence);
  w.varint(seen_.size());
  for (const Seen& seen : seen_) {
    w.u64(seen.key);
    w.varint(seen.token);
  }
  turn.out.writes.push_back({++written_, FileId::session, Effects::Write::Mode::replace, turn.out.end(begin)});
}

void Resource::tell(Turn& turn, const Waiting& what) {
  const bool taken = what.answer.taken;
  ++(taken ? done_ : refused_);
  turn.out.notes.push_back({taken ? Fact::work_done : Fact::work_refused,
                            taken ? Reason::none : Reason::old_token, what.peer, what.token, what.key,
                            what.before});
  const std::uint32_t begin = turn.out.begin();
  encode(what.answer, turn.out.bytes);
  turn.out.replies.push_back({what.id, true, turn.out.end(begin)});
}

}  // namespace quorumlab::recipes
