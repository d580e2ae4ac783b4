// Reliable, ordered streams between nodes. Each is known to its two ends by a number: the opener
// chooses its own, the acceptor's is given by the world and has its top bit set.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/types.h"

namespace quorumlab::world {

struct Stream {
  struct End {
    std::uint32_t host = 0;
    std::uint32_t life = 0;  // of the process that holds it
    std::uint64_t id = 0;
    std::int64_t last_arrival_ns = 0;  // nothing sent to this end arrives earlier
    bool open = false;                 // this end may still send and be told things
  };
  std::array<End, 2> ends;  // opener, acceptor
  bool used = false;
  std::uint32_t serial = 0;  // tells it from earlier users of the same place
};

class StreamTable {
 public:
  static constexpr std::uint64_t kAcceptorBit = std::uint64_t{1} << 63;

  void clear() {
    streams_.clear();
    live_ = 0;
    accepted_ = 0;
    serial_ = 0;
  }
  bool empty() const { return live_ == 0; }

  std::uint32_t open(std::uint32_t opener, std::uint32_t life, std::uint64_t id,
                     std::uint32_t acceptor) {
    std::uint32_t index = 0;
    while (index < streams_.size() && streams_[index].used) ++index;
    if (index == streams_.size()) streams_.emplace_back();
    ++live_;
    Stream& s = streams_[index];
    s = Stream();
    s.used = true;
    s.ends[0] = {opener, life, id, 0, true};
    s.ends[1] = {acceptor, 0, 0, 0, false};
    s.serial = ++serial_;
    return index;
  }
  // The acceptor's number for it.
  std::uint64_t accept(std::uint32_t index, std::uint32_t life) {
    Stream::End& end = streams_[index].ends[1];
    end.life = life;
    end.id = kAcceptorBit | ++accepted_;
    end.open = true;
    return end.id;
  }
  // The stream that this process knows by this number, and which end it is; -1 if there is none.
  int find(std::uint32_t host, std::uint32_t life, std::uint64_t id, std::uint32_t& end) const {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (!streams_[i].used) continue;
      for (std::uint32_t e = 0; e < 2; ++e) {
        const Stream::End& at = streams_[i].ends[e];
        if (at.open && at.host == host && at.life == life && at.id == id) {
          end = e;
          return static_cast<int>(i);
        }
      }
    }
    return -1;
  }
  bool is(std::uint32_t index, std::uint32_t serial) const {
    return index < streams_.size() && streams_[index].used && streams_[index].serial == serial;
  }
  void release(std::uint32_t index) {
    if (!streams_[index].used) return;
    streams_[index].used = false;
    --live_;
  }
  Stream& operator[](std::uint32_t index) { return streams_[index]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(streams_.size()); }

 private:
  std::vector<Stream> streams_;
  std::uint32_t live_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint32_t serial_ = 0;
};

}  // namespace quorumlab::world
