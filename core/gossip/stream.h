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

// Finds the end of one message of a stream, which may still be on its way. Types: ping, ack,
// push_pull, user, error.
class MessageScanner {
 public:
  enum class Progress : std::uint8_t { need_more, message, error };
  // `bytes` begin with the type byte and hold all that came so far; each call may show more of
  // them. States that are `known` (null: none) are passed over faster.
  Progress scan(ByteView bytes, const KnownStates* known = nullptr);
  // Bytes looked at; after `message`, its size with the type byte.
  std::size_t scanned() const { return scanned_; }
  WireError error() const { return error_; }

 private:
  enum class Stage : std::uint8_t { type, first, nodes, tail };
  Progress fail(WireError error);
  Progress read_header(ByteView bytes);
  Stage stage_ = Stage::type;
  WireError error_ = WireError::none;
  msgpack::Scanner value_;
  std::size_t scanned_ = 0;
  std::int64_t nodes_left_ = 0;
  std::int64_t tail_bytes_ = 0;
};

// Reads one message from a stream. A value: an engine that is copied takes half-read streams along.
class StreamReader {
 public:
  using Progress = MessageScanner::Progress;

  // `side`: who writes what is fed here.
  explicit StreamReader(StreamSide side = StreamSide::dialled) : side_(side) {}
  // Begins again with the next stream; buffers are kept unless they are large.
  void reset(StreamSide side);

  // Takes more bytes. After `message` or `error` nothing more is taken until reset(). `settings`
  // must be the same for all bytes of a stream.
  Progress feed(ByteView bytes, const WireSettings& settings);
  // REQUIRES: feed() returned `message`. Points into the reader or into the bytes
  // that were fed last, which must still be there; for a push/pull see
  // PushPullReader, for a user message decode_user_stream.
  Part message() const;
  // REQUIRES: feed() returned `error`.
  WireError error() const { return error_; }
  // Bytes held. Before decryption at most kMaxPushStateBytes, else at most
  // settings.max_decompressed_bytes and what came with one feed(), in each of three buffers.
  std::size_t buffered() const { return buffer_.size() + plain_.size() + inflated_.size(); }

 private:
  enum class Stage : std::uint8_t { label, type, frame, compressed, message, done, failed };
  enum class Where : std::uint8_t { buffer, plain, inflated };

  Progress fail(WireError error);
  Progress read_label(const WireSettings& settings);
  Progress read_type(const WireSettings& settings);
  Progress read_frame(const WireSettings& settings);
  Progress read_compressed(const WireSettings& settings);
  Progress read_message(const WireSettings& settings);
  Progress inflate(ByteView body, const WireSettings& settings);
  Progress read_whole(Where where, const WireSettings& settings);
  ByteView held_in(Where where) const;
  ByteView came() const { return buffer_.empty() ? fed_ : ByteView(buffer_); }

  StreamSide side_;
  Stage stage_ = Stage::label;
  Where where_ = Where::buffer;  // not a pointer: the buffers move when this is copied
  WireError error_ = WireError::none;
  ByteView fed_;             // what came, during feed() and until its message was taken
  Bytes buffer_;             // what came, if it came in pieces
  Bytes plain_;              // decrypted
  Bytes inflated_;           // decompressed
  std::size_t begin_ = 0;    // where the type byte stands in buffer_
  std::size_t scanned_ = 0;  // of a compressed message's map
  msgpack::Scanner map_;
  MessageScanner scanner_;
};

}  // namespace quorumlab::gossip
