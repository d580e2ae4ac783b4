// Pieces of work, and the fence.
#include "core/recipes/work.h"

#include <algorithm>
#include <string>

namespace quorumlab::recipes {
namespace {
constexpr std::uint8_t kRequest = 0x57;  // version and kind
constexpr std::uint8_t kAnswer = 0x58;
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
  done_ = refused_ = 0;
}

std::uint64_t Resource::highest(std::uint64_t key) const {
  for (const Seen& seen : seen_) {
    if (seen.key == key) return seen.token;
  }
  return 0;
}

void Resource::on_request(Turn& turn, const Event& event) {
  WorkAnswer answer;
  if (const std::optional<WorkRequest> request = decode_work_request(event.bytes)) {
    auto seen = std::find_if(seen_.begin(), seen_.end(),
                             [&](const Seen& s) { return s.key == request->key; });
    if (seen == seen_.end()) seen = seen_.insert(seen_.end(), Seen{request->key, 0});
    const std::uint64_t before = seen->token;
    seen->token = std::max(before, request->token);
    answer.taken = !turn.config.fencing || request->token >= before;
    answer.highest = seen->token;
    ++(answer.taken ? done_ : refused_);
    turn.out.notes.push_back({answer.taken ? Fact::work_done : Fact::work_refused,
                              answer.taken ? Reason::none : Reason::old_token, event.peer,
                              request->token, request->key, before});
  }
  const std::uint32_t begin = turn.out.begin();
  encode(answer, turn.out.bytes);
  turn.out.replies.push_back({event.id, true, turn.out.end(begin)});
}

}  // namespace quorumlab::recipes
