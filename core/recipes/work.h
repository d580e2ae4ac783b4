// What a holder does with what it holds: it writes to a resource, a database or a disk, with its
// fencing token. A write begins with a look at the clock and leaves a while later; a program that
// is paused in between writes although another one holds by then, and only a resource that fences
// can tell (etcd #11457).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/recipes/config.h"

namespace quorumlab::recipes {

struct WorkRequest {
  std::uint64_t token = 0, key = 0, piece = 0;
  NodeId who;
  bool operator==(const WorkRequest&) const = default;
};
struct WorkAnswer {
  bool taken = false;
  std::uint64_t highest = 0;  // token seen so far
  bool operator==(const WorkAnswer&) const = default;
};
void encode(const WorkRequest& request, Bytes& out);
void encode(const WorkAnswer& answer, Bytes& out);
std::optional<WorkRequest> decode_work_request(ByteView bytes);
std::optional<WorkAnswer> decode_work_answer(ByteView bytes);

// The side of the holder: one piece of work after the other.
class Worker {
 public:
  // What its program holds at the moment of the look.
  struct Grant {
    bool held = false;
    std::uint64_t token = 0;
  };
  void reset();
  // The program holds from now on: there is work.
  void begin(Turn& turn);
  // No new piece; one that is under way goes on, since it looked before.
  void end() { next_at_ = kNever; }
  // True when the resource refused the token: the holder is none.
  bool on_event(Turn& turn, const Event& event);
  void on_time(Turn& turn, const Grant& grant);
  // `own_only`: not the one by which an answer must be here.
  Instant deadline(bool own_only) const;
  bool idle() const { return leaves_at_ == kNever && ask_ == 0; }
  std::uint64_t token() const { return token_; }  // of the piece under way
  std::uint64_t done() const { return done_; }
  std::uint64_t refused() const { return refused_; }

 private:
  void leave(Turn& turn);

  Instant next_at_ = kNever;    // looks whether it may begin a piece
  Instant leaves_at_ = kNever;  // the piece that was begun is written
  Instant answer_by_ = kNever;
  std::uint64_t ask_ = 0;  // 0: none under way
  std::uint64_t token_ = 0;
  std::uint64_t piece_ = 0, done_ = 0, refused_ = 0;
};

// The side of the resource. One that fences keeps the highest token of each key on its disk: it says
// that it took something only once a restart cannot make it forget whom it must refuse.
class Resource {
 public:
  void reset();
  void on_event(Turn& turn, const Event& event);
  // The highest token of that key so far; 0: none.
  std::uint64_t highest(std::uint64_t key) const;
  std::uint64_t done() const { return done_; }
  std::uint64_t refused() const { return refused_; }

 private:
  struct Seen {
    std::uint64_t key = 0, token = 0;
  };
  // Taken, but not said so yet.
  struct Waiting {
    std::uint64_t after_write = 0, id = 0, key = 0, token = 0, before = 0;
    NodeId peer;
    WorkAnswer answer;
  };
  void start(Turn& turn, const Event& event);
  void on_request(Turn& turn, const Event& event);
  void write(Turn& turn);
  void tell(Turn& turn, const Waiting& what);

  std::vector<Seen> seen_;
  std::vector<Waiting> waiting_;  // in the order of their writes
  std::uint64_t written_ = 0, durable_ = 0;
  std::uint64_t done_ = 0, refused_ = 0;
};

}  // namespace quorumlab::recipes
