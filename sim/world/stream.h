// Reliable, ordered streams between nodes. Each is known to its two ends by a number: the opener
// chooses its own, the acceptor's is given by the world and has its top bit set.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/hash.h"
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
    unused_.clear();
    places_.assign(places_.size(), 0);
    ends_ = 0;
    live_ = 0;
    accepted_ = 0;
    serial_ = 0;
  }
  bool empty() const { return live_ == 0; }

  // Takes the lowest free place: break_streams walks over places, so they can be observed.
  std::uint32_t open(std::uint32_t opener, std::uint32_t life, std::uint64_t id,
                     std::uint32_t acceptor) {
    std::uint32_t index = size();
    if (unused_.empty()) {
      streams_.emplace_back();
    } else {
      std::pop_heap(unused_.begin(), unused_.end(), std::greater<>());
      index = unused_.back();
      unused_.pop_back();
    }
    ++live_;
    Stream& s = streams_[index];
    s = Stream();
    s.used = true;
    s.ends[0] = {opener, life, id, 0, true};
    s.ends[1] = {acceptor, 0, 0, 0, false};
    s.serial = ++serial_;
    enter(index, 0);
    return index;
  }
  // The acceptor's number for it.
  std::uint64_t accept(std::uint32_t index, std::uint32_t life) {
    shut(index, 1);
    Stream::End& end = streams_[index].ends[1];
    end.life = life;
    end.id = kAcceptorBit | ++accepted_;
    end.open = true;
    enter(index, 1);
    return end.id;
  }
  // The stream that this process knows by this number, and which end it is; -1 if there is none.
  int find(std::uint32_t host, std::uint32_t life, std::uint64_t id, std::uint32_t& end) const {
    if (ends_ == 0) return -1;
    for (std::size_t i = home(host, life, id); places_[i] != 0; i = next(i)) {
      const Stream::End& at = end_at(places_[i]);
      if (at.host != host || at.life != life || at.id != id) continue;
      end = (places_[i] - 1) % 2;
      return static_cast<int>((places_[i] - 1) / 2);
    }
    return -1;
  }
  // This end may no longer send or be told things.
  void shut(std::uint32_t index, std::uint32_t end) {
    Stream::End& at = streams_[index].ends[end];
    if (!at.open) return;
    at.open = false;
    std::size_t i = home(at.host, at.life, at.id);
    while (places_[i] != index * 2 + end + 1) i = next(i);
    // What was moved on by this one moves back.
    for (std::size_t j = next(i); places_[j] != 0; j = next(j)) {
      const Stream::End& other = end_at(places_[j]);
      const std::size_t wanted = home(other.host, other.life, other.id);
      if (((j - wanted) & mask()) >= ((j - i) & mask())) {
        places_[i] = places_[j];
        i = j;
      }
    }
    places_[i] = 0;
    --ends_;
  }
  bool is(std::uint32_t index, std::uint32_t serial) const {
    return index < streams_.size() && streams_[index].used && streams_[index].serial == serial;
  }
  void release(std::uint32_t index) {
    if (!streams_[index].used) return;
    shut(index, 0);
    shut(index, 1);
    streams_[index].used = false;
    --live_;
    unused_.push_back(index);
    std::push_heap(unused_.begin(), unused_.end(), std::greater<>());
  }
  // Ends are opened and shut by the functions above only.
  Stream& operator[](std::uint32_t index) { return streams_[index]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(streams_.size()); }

 private:
  std::size_t mask() const { return places_.size() - 1; }
  std::size_t next(std::size_t i) const { return (i + 1) & mask(); }
  std::size_t home(std::uint32_t host, std::uint32_t life, std::uint64_t id) const {
    return static_cast<std::size_t>(mix(static_cast<std::uint64_t>(life) << 32 | host, id)) &
           mask();
  }
  const Stream::End& end_at(std::uint32_t place) const {
    return streams_[(place - 1) / 2].ends[(place - 1) % 2];
  }
  void enter(std::uint32_t index, std::uint32_t end) {
    if (++ends_ * 2 > places_.size()) {
      std::vector<std::uint32_t> old(places_.empty() ? 16 : places_.size() * 2);
      old.swap(places_);
      for (const std::uint32_t place : old) {
        if (place != 0) put(place);
      }
    }
    put(index * 2 + end + 1);
  }
  void put(std::uint32_t place) {
    const Stream::End& at = end_at(place);
    std::size_t i = home(at.host, at.life, at.id);
    while (places_[i] != 0) i = next(i);
    places_[i] = place;
  }

  std::vector<Stream> streams_;
  std::vector<std::uint32_t> unused_;  // a heap, the lowest first
  // Open ends by who knows them: place in streams_ * 2 + end + 1; at most half full.
  std::vector<std::uint32_t> places_;
  std::size_t ends_ = 0;
  std::uint32_t live_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint32_t serial_ = 0;
};

}  // namespace quorumlab::world
