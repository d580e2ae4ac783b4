// What push/pulls say of members, kept as bytes. A member's state is encoded once for each record
// that it ever had; afterwards it is written by copying those bytes and read by comparing with them,
// incarnation and state apart. Ten thousand nodes tell each other of ten thousand members, and
// hardly ever anything new.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/prefetch.h"
#include "core/gossip/message.h"

namespace quorumlab::gossip {

class KnownStates {
 public:
  // A state of a push/pull, and which of those that were added it is about; size 0: none of them.
  struct Found {
    std::size_t size = 0;
    std::uint32_t number = 0;
    std::uint32_t incarnation = 0;
    std::uint8_t state = 0;
  };

  void clear();
  // They are numbered from 0. Incarnation and state of `node` do not matter.
  void add(const PushNodeState& node);

  // How many bytes write() takes at most; 0: it cannot, the state has to be encoded.
  std::size_t room(std::uint32_t number, std::uint8_t state) const {
    return texts_[number].size != 0 && state < 0x80 ? texts_[number].size + kLongerIncarnation : 0;
  }
  // Writes what encode() would, and answers where it ends. REQUIRES: as many bytes as room() says.
  std::uint8_t* write(std::uint32_t number, std::uint32_t incarnation, std::uint8_t state,
                      std::uint8_t* at) const;
  // Whether `bytes` begin with a state that was added. May miss one, which then has to be decoded.
  Found recognise(ByteView bytes) const;
  // Says that write() for this one comes soon.
  void prefetch(std::uint32_t number) const {
    const std::uint8_t* text = bytes_.data() + texts_[number].offset;
    prefetch_line(text);
    prefetch_line(text + 64);
  }

 private:
  static constexpr std::size_t kLongerIncarnation = 4;
  struct Text {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct Guess {
    Text text;
    std::uint32_t number = 0;
  };
  void guess(std::uint32_t number);

  Bytes bytes_;
  std::vector<Text> texts_;  // by number
  // By the last bits of the address, which comes first in a state: the one added last. A power of two.
  std::vector<Guess> guesses_;
};

}  // namespace quorumlab::gossip
