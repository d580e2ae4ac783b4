// The layers of a stream. One message goes each way: after a label header (from the side that
// dialled only) it is plain, compressed, or encrypted behind a header with its length. The reader
// is fed bytes as they come and says when its message is whole.
#pragma once

#include "core/gossip/msgpack.h"
#include "core/gossip/packet.h"

namespace quorumlab::gossip {

// Who wrote the bytes.
enum class StreamSide : std::uint8_t {
  dialled,   // opened the stream: a label header comes first, if there is a label
  accepted,  // answers on it: no label header
};

// Appends the bytes that carry `message` (type byte included): always compressed if that is on,
// even if larger, as memberlist does; encrypted if a key is set. `message` must not point into
// `out`.
void make_stream(ByteView message, const WireSettings& settings, StreamSide side,
                 const Nonce& nonce, Bytes& out);

// Reads one message from a stream. Types: ping, ack, push_pull, user, error.
class StreamReader {
 public:
  enum class Progress : std::uint8_t { need_more, message, error };

  // `side`: who writes what is fed here.
  explicit StreamReader(StreamSide side = StreamSide::dialled) : side_(side) {}
  // Begins again with the next stream; buffers are kept.
  void reset(StreamSide side);

  // Takes more bytes. After `message` or `error` nothing more is taken until reset(). `settings`
  // must be the same for all bytes of a stream.
  Progress feed(ByteView bytes, const WireSettings& settings);
  // REQUIRES: feed() returned `message`. Points into the reader; for a push/pull see
  // PushPullReader, for a user message decode_user_stream.
  Part message() const;
  // REQUIRES: feed() returned `error`.
  WireError error() const { return error_; }
  // Bytes held: bounded by the limits in message.h and settings.max_decompressed_bytes.
  std::size_t buffered() const { return buffer_.size() + plain_.size() + inflated_.size(); }

 private:
  enum class Stage : std::uint8_t {
    label,
    type,
    frame_length,
    frame,
    body,
    nodes,
    tail,
    done,
    failed
  };

  Progress step(const WireSettings& settings);
  Progress fail(WireError error);
  Progress finish(Bytes& whole);
  Progress read_frame(const WireSettings& settings);
  Progress read_whole(ByteView message, const WireSettings& settings, bool compressed);

  StreamSide side_;
  Stage stage_ = Stage::label;
  WireError error_ = WireError::none;
  bool labelled_ = false;
  Bytes buffer_;             // what came, from the first byte not yet consumed on
  Bytes plain_;              // decrypted
  Bytes inflated_;           // decompressed
  std::size_t at_ = 0;       // where the message's type byte stands in buffer_
  std::size_t scanned_ = 0;  // up to where buffer_ was looked at
  msgpack::Scanner scanner_;
  std::int64_t objects_left_ = 0;
  std::size_t tail_bytes_ = 0;
  std::uint8_t whole_in_ = 0;  // which buffer holds the message: they may move when this is copied
};

}  // namespace quorumlab::gossip
