// Streams: putting the layers on, and taking them off while the bytes come in.
#include "core/gossip/stream.h"

#include <array>
#include <cstring>

#include "core/base/assert.h"
#include "core/gossip/codec_parts.h"

namespace quorumlab::gossip {

using namespace msgpack;

namespace {

constexpr std::size_t kFrameHeaderBytes = 5;  // type byte, length
constexpr std::size_t kKeptBytes = 1 << 16;

// What is authenticated beside an encrypted frame: its header and the label.
class FrameAad {
 public:
  FrameAad(const std::uint8_t* header, std::string_view label)
      : size_(kFrameHeaderBytes + label.size()) {
    ASSERT(label.size() <= kMaxLabelBytes, "a label's length has 8 bits");
    std::memcpy(bytes_.data(), header, kFrameHeaderBytes);
    if (!label.empty()) std::memcpy(bytes_.data() + kFrameHeaderBytes, label.data(), label.size());
  }
  ByteView view() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::uint8_t, kFrameHeaderBytes + kMaxLabelBytes> bytes_;
  std::size_t size_;
};

}  // namespace

void make_stream(ByteView message, const WireSettings& settings, StreamSide side,
                 const Nonce& nonce, Bytes& out) {
  if (side == StreamSide::dialled && !settings.label.empty()) {
    out.push_back(static_cast<std::uint8_t>(MessageType::has_label));
    out.push_back(static_cast<std::uint8_t>(settings.label.size()));
    const ByteView label = as_bytes(settings.label);
    out.insert(out.end(), label.begin(), label.end());
  }
  const bool encrypted = !settings.keys.empty() && settings.verify_outgoing;
  const std::size_t frame = out.size();
  if (encrypted) out.resize(frame + kFrameHeaderBytes);
  const std::size_t inner = out.size();
  if (settings.compress) {
    make_compressed(message, out);
  } else {
    out.insert(out.end(), message.begin(), message.end());
  }
  if (!encrypted) return;
  const std::size_t size = sealed_size(settings.encryption_version, out.size() - inner);
  std::uint8_t* const header = out.data() + frame;
  header[0] = static_cast<std::uint8_t>(MessageType::encrypt);
  for (std::size_t i = 0; i < 4; ++i) {
    header[1 + i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
  }
  const FrameAad aad(header, settings.label);
  seal(settings.encryption_version, settings.keys.front(), nonce, aad.view(), inner, out);
}

// ---- one message -------------------------------------------------------------------------------

MessageScanner::Progress MessageScanner::fail(WireError error) {
  error_ = error;
  return Progress::error;
}

// The first value of a push/pull or of a user message says how much follows.
MessageScanner::Progress MessageScanner::read_header(ByteView bytes) {
  Reader in(bytes.subspan(1));
  WireError error = WireError::none;
  if (static_cast<MessageType>(bytes[0]) == MessageType::push_pull) {
    PushPullHeader header;
    read_fields(in, header);
    error = in.ok() ? check(header) : in.error();
    nodes_left_ = header.nodes;
    tail_bytes_ = header.user_state_len;
  } else {
    UserMessageHeader header;
    read_fields(in, header);
    error = in.ok() ? check(header) : in.error();
    tail_bytes_ = header.user_msg_len;
  }
  return error == WireError::none ? Progress::need_more : fail(error);
}

MessageScanner::Progress MessageScanner::scan(ByteView bytes, const KnownStates* known) {
  for (;;) {
    switch (stage_) {
      case Stage::type: {
        if (bytes.empty()) return Progress::need_more;
        const auto type = static_cast<MessageType>(bytes[0]);
        if (type != MessageType::ping && type != MessageType::ack && type != MessageType::error &&
            type != MessageType::push_pull && type != MessageType::user) {
          return fail(WireError::unsupported_type);
        }
        scanned_ = 1;
        stage_ = Stage::first;
        break;
      }
      case Stage::first:
      case Stage::nodes: {
        if (stage_ == Stage::nodes && nodes_left_ == 0) {
          stage_ = Stage::tail;
          break;
        }
        std::size_t consumed = 0;
        if (stage_ == Stage::nodes && !value_.begun()) {
          const ByteView rest = bytes.subspan(scanned_);
          PushNodeState node;
          std::size_t size = known != nullptr ? known->recognise(rest).size : 0;
          if (size == 0) size = read_usual_node(rest, node);
          if (size != 0) {
            scanned_ += size;
            --nodes_left_;
            break;
          }
        }
        const Scanner::Progress progress = value_.scan(bytes.subspan(scanned_), consumed);
        scanned_ += consumed;
        if (progress == Scanner::Progress::bad) return fail(WireError::wrong_type);
        if (progress == Scanner::Progress::need_more) return Progress::need_more;
        value_ = {};
        if (stage_ == Stage::nodes) {
          --nodes_left_;
          break;
        }
        const auto type = static_cast<MessageType>(bytes[0]);
        if (type != MessageType::push_pull && type != MessageType::user) return Progress::message;
        if (read_header(bytes.first(scanned_)) == Progress::error) return Progress::error;
        stage_ = Stage::nodes;
        break;
      }
      case Stage::tail: {
        const auto tail = static_cast<std::size_t>(tail_bytes_);
        if (bytes.size() - scanned_ < tail) return Progress::need_more;
        scanned_ += tail;
        tail_bytes_ = 0;
        return Progress::message;
      }
    }
  }
}

// ---- the stream --------------------------------------------------------------------------------

void StreamReader::reset(StreamSide side) {
  side_ = side;
  stage_ = Stage::label;
  where_ = Where::buffer;
  error_ = WireError::none;
  for (Bytes* held : {&buffer_, &plain_, &inflated_}) {
    if (held->capacity() > kKeptBytes) Bytes().swap(*held);
    held->clear();
  }
  fed_ = {};
  begin_ = scanned_ = 0;
  map_ = {};
  scanner_ = {};
}

ByteView StreamReader::held_in(Where where) const {
  return where == Where::buffer ? came() : ByteView(where == Where::plain ? plain_ : inflated_);
}

Part StreamReader::message() const {
  ASSERT(stage_ == Stage::done, "a message is taken once it is whole");
  const ByteView held = held_in(where_);
  const ByteView bytes = held.subspan(where_ == Where::buffer ? begin_ : 0, scanner_.scanned());
  return {static_cast<MessageType>(bytes[0]), bytes};
}

StreamReader::Progress StreamReader::fail(WireError error) {
  stage_ = Stage::failed;
  error_ = error;
  return Progress::error;
}

StreamReader::Progress StreamReader::feed(ByteView bytes, const WireSettings& settings) {
  if (stage_ == Stage::done) return Progress::message;
  if (stage_ == Stage::failed) return Progress::error;
  if (buffer_.empty()) {
    fed_ = bytes;
  } else {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
  Progress progress = Progress::need_more;
  for (;;) {
    const Stage before = stage_;
    switch (stage_) {
      case Stage::label:
        progress = read_label(settings);
        break;
      case Stage::type:
        progress = read_type(settings);
        break;
      case Stage::frame:
        progress = read_frame(settings);
        break;
      case Stage::compressed:
        progress = read_compressed(settings);
        break;
      case Stage::message:
        progress = read_message(settings);
        break;
      case Stage::done:
      case Stage::failed:
        break;
    }
    if (progress != Progress::need_more) return progress;
    if (stage_ == before) break;
  }
  if (came().size() - begin_ > settings.max_decompressed_bytes) return fail(WireError::too_large);
  // The rest is still to come, and these bytes will be gone by then.
  if (buffer_.empty()) buffer_.assign(fed_.begin(), fed_.end());
  fed_ = {};
  return Progress::need_more;
}

StreamReader::Progress StreamReader::read_label(const WireSettings& settings) {
  std::string_view label;
  if (side_ == StreamSide::dialled) {
    if (came().empty()) return Progress::need_more;
    if (came()[0] == static_cast<std::uint8_t>(MessageType::has_label)) {
      if (came().size() < 2) return Progress::need_more;
      const std::size_t size = came()[1];
      if (size == 0) return fail(WireError::bad_label);
      if (came().size() < 2 + size) return Progress::need_more;
      begin_ = 2 + size;
      label = as_text(came().subspan(2, size));
    }
    if (settings.skip_inbound_label_check ? !label.empty() : label != settings.label) {
      return fail(WireError::other_label);
    }
  }
  stage_ = Stage::type;
  return Progress::need_more;
}

StreamReader::Progress StreamReader::read_type(const WireSettings& settings) {
  if (came().size() == begin_) return Progress::need_more;
  const auto type = static_cast<MessageType>(came()[begin_]);
  if (type == MessageType::encrypt) {
    if (settings.keys.empty()) return fail(WireError::encrypted);
    stage_ = Stage::frame;
  } else if (!settings.keys.empty() && settings.verify_incoming) {
    return fail(WireError::not_encrypted);
  } else {
    stage_ = type == MessageType::compress ? Stage::compressed : Stage::message;
  }
  return Progress::need_more;
}

StreamReader::Progress StreamReader::read_frame(const WireSettings& settings) {
  const ByteView frame = came().subspan(begin_);
  if (frame.size() < kFrameHeaderBytes) return Progress::need_more;
  std::size_t size = 0;
  for (std::size_t i = 1; i < kFrameHeaderBytes; ++i) size = size << 8 | frame[i];
  if (size > static_cast<std::size_t>(kMaxPushStateBytes)) return fail(WireError::too_large);
  if (frame.size() - kFrameHeaderBytes < size) return Progress::need_more;
  const FrameAad aad(frame.data(), settings.label);
  const WireError error =
      open(frame.subspan(kFrameHeaderBytes, size), settings.keys, aad.view(), plain_);
  if (error != WireError::none) return fail(error);
  if (plain_.empty()) return fail(WireError::empty);
  if (static_cast<MessageType>(plain_[0]) == MessageType::compress) {
    return inflate(ByteView(plain_).subspan(1), settings);
  }
  return read_whole(Where::plain, settings);
}

StreamReader::Progress StreamReader::read_compressed(const WireSettings& settings) {
  const ByteView body = came().subspan(begin_ + 1);
  std::size_t consumed = 0;
  const Scanner::Progress progress = map_.scan(body.subspan(scanned_), consumed);
  scanned_ += consumed;
  if (progress == Scanner::Progress::bad) return fail(WireError::wrong_type);
  if (progress == Scanner::Progress::need_more) return Progress::need_more;
  return inflate(body.first(scanned_), settings);
}

StreamReader::Progress StreamReader::inflate(ByteView body, const WireSettings& settings) {
  inflated_.clear();
  const WireError error = decompress(body, settings.max_decompressed_bytes, inflated_);
  if (error != WireError::none) return fail(error);
  if (inflated_.empty()) return fail(WireError::empty);
  return read_whole(Where::inflated, settings);
}

StreamReader::Progress StreamReader::read_whole(Where where, const WireSettings& settings) {
  where_ = where;
  const Progress progress = scanner_.scan(held_in(where), settings.known);
  if (progress == Progress::error) return fail(scanner_.error());
  if (progress == Progress::need_more) return fail(WireError::truncated);
  stage_ = Stage::done;
  return progress;
}

StreamReader::Progress StreamReader::read_message(const WireSettings& settings) {
  const Progress progress = scanner_.scan(came().subspan(begin_), settings.known);
  if (progress == Progress::error) return fail(scanner_.error());
  if (progress == Progress::message) stage_ = Stage::done;
  return progress;
}

}  // namespace quorumlab::gossip
