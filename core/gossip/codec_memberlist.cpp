// memberlist's messages. Fields stand in the order in which the Go codec writes them: alphabetical.
#include "core/gossip/codec.h"
#include "core/gossip/codec_parts.h"

namespace quorumlab::gossip {

using namespace msgpack;

namespace {

// Suspect and dead messages have the same fields.
template <class Message>
void encode_accusation(MessageType type, const Message& m, Bytes& out) {
  Writer w(out, 48 + bound(m.from) + bound(m.node));
  w.byte(static_cast<std::uint8_t>(type));
  w.map(3);
  w.key("From");
  w.text(m.from);
  w.key("Incarnation");
  w.integer(m.incarnation);
  w.key("Node");
  w.text(m.node);
}

template <class Message>
WireError decode_accusation(ByteView body, Message& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "From")) return m.from = in.text(), true;
    if (is(key, "Incarnation")) return m.incarnation = in.u32(), true;
    if (is(key, "Node")) return m.node = in.text(), true;
    return false;
  });
  return in.error();
}

// Who asks: left out field by field where there is nothing to say.
int source_fields(const Address& source, std::string_view node) {
  return (source.size != 0) + (source.port != 0) + !node.empty();
}

void write_source(Writer& w, const Address& source, std::string_view node) {
  if (source.size != 0) {
    w.key("SourceAddr");
    w.raw(source.ip_bytes());
  }
  if (!node.empty()) {
    w.key("SourceNode");
    w.text(node);
  }
  if (source.port != 0) {
    w.key("SourcePort");
    w.integer(source.port);
  }
}

template <class Message>
bool read_source(Reader& in, std::string_view key, Message& m) {
  if (is(key, "SourceAddr")) return read_ip(in, m.source), true;
  if (is(key, "SourceNode")) return m.source_node = in.text(), true;
  if (is(key, "SourcePort")) return m.source.port = in.u16(), true;
  return false;
}

}  // namespace

void encode(const Ping& m, Bytes& out) {
  Writer w(out, 96 + bound(m.node) + bound(m.source_node));
  w.byte(static_cast<std::uint8_t>(MessageType::ping));
  w.map(2 + static_cast<std::size_t>(source_fields(m.source, m.source_node)));
  w.key("Node");
  w.text(m.node);
  w.key("SeqNo");
  w.integer(m.seq_no);
  write_source(w, m.source, m.source_node);
}

namespace {

// With all its fields and an IPv4 address, as every node sends it.
bool decode_usual(ByteView body, Ping& m) {
  UsualReader in(body);
  ByteView node, ip, source_node;
  std::uint32_t port = 0;
  in.literal("\x85\xa4" "Node").raw(node).literal("\xa5SeqNo").integer(m.seq_no);
  in.literal("\xaaSourceAddr\xa4").bytes(4, ip).literal("\xaaSourceNode").raw(source_node);
  in.literal("\xaaSourcePort").integer(port);
  if (!in.ok() || port > UINT16_MAX) return false;
  m.node = as_text(node);
  m.source = {};
  std::memcpy(m.source.ip.data(), ip.data(), 4);
  m.source.size = 4;
  m.source.port = static_cast<std::uint16_t>(port);
  m.source_node = as_text(source_node);
  return true;
}

bool decode_usual(ByteView body, Ack& m) {
  UsualReader in(body);
  in.literal("\x82\xa7Payload").raw(m.payload).literal("\xa5SeqNo").integer(m.seq_no);
  return in.ok();
}

}  // namespace

WireError decode(ByteView body, Ping& m) {
  if (decode_usual(body, m)) [[likely]] return WireError::none;
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Node")) return m.node = in.text(), true;
    if (is(key, "SeqNo")) return m.seq_no = in.u32(), true;
    return read_source(in, key, m);
  });
  return in.error();
}

void encode(const IndirectPing& m, Bytes& out) {
  Writer w(out, 144 + bound(m.node) + bound(m.source_node));
  w.byte(static_cast<std::uint8_t>(MessageType::indirect_ping));
  w.map(5 + static_cast<std::size_t>(source_fields(m.source, m.source_node)));
  w.key("Nack");
  w.boolean(m.nack);
  w.key("Node");
  w.text(m.node);
  w.key("Port");
  w.integer(m.target.port);
  w.key("SeqNo");
  w.integer(m.seq_no);
  write_source(w, m.source, m.source_node);
  w.key("Target");
  write_ip(w, m.target);
}

WireError decode(ByteView body, IndirectPing& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Nack")) return m.nack = in.boolean(), true;
    if (is(key, "Node")) return m.node = in.text(), true;
    if (is(key, "Port")) return m.target.port = in.u16(), true;
    if (is(key, "SeqNo")) return m.seq_no = in.u32(), true;
    if (is(key, "Target")) return read_ip(in, m.target), true;
    return read_source(in, key, m);
  });
  return in.error();
}

void encode(const Ack& m, Bytes& out) {
  Writer w(out, 32 + bound(m.payload));
  w.byte(static_cast<std::uint8_t>(MessageType::ack));
  w.map(2);
  w.key("Payload");
  w.raw(m.payload);
  w.key("SeqNo");
  w.integer(m.seq_no);
}

WireError decode(ByteView body, Ack& m) {
  if (decode_usual(body, m)) [[likely]] return WireError::none;
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Payload")) return m.payload = in.raw(), true;
    if (is(key, "SeqNo")) return m.seq_no = in.u32(), true;
    return false;
  });
  return in.error();
}

void encode(const Nack& m, Bytes& out) {
  Writer w(out, 24);
  w.byte(static_cast<std::uint8_t>(MessageType::nack));
  w.map(1);
  w.key("SeqNo");
  w.integer(m.seq_no);
}

WireError decode(ByteView body, Nack& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "SeqNo")) return m.seq_no = in.u32(), true;
    return false;
  });
  return in.error();
}

void encode(const Suspect& m, Bytes& out) { encode_accusation(MessageType::suspect, m, out); }
void encode(const Dead& m, Bytes& out) { encode_accusation(MessageType::dead, m, out); }
WireError decode(ByteView body, Suspect& m) { return decode_accusation(body, m); }
WireError decode(ByteView body, Dead& m) { return decode_accusation(body, m); }

void encode(const Alive& m, Bytes& out) {
  Writer w(out, 96 + bound(m.meta) + bound(m.node));
  w.byte(static_cast<std::uint8_t>(MessageType::alive));
  w.map(6);
  w.key("Addr");
  write_ip(w, m.address);
  w.key("Incarnation");
  w.integer(m.incarnation);
  w.key("Meta");
  w.raw(m.meta);
  w.key("Node");
  w.text(m.node);
  w.key("Port");
  w.integer(m.address.port);
  w.key("Vsn");
  write_vsn(w, m.vsn);
}

WireError decode(ByteView body, Alive& m) {
  m = {};
  m.vsn = kNoVsn;
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Addr")) return read_ip(in, m.address), true;
    if (is(key, "Incarnation")) return m.incarnation = in.u32(), true;
    if (is(key, "Meta")) return m.meta = in.raw(), true;
    if (is(key, "Node")) return m.node = in.text(), true;
    if (is(key, "Port")) return m.address.port = in.u16(), true;
    if (is(key, "Vsn")) return read_vsn(in, m.vsn), true;
    return false;
  });
  return in.error();
}

void encode(const ErrorResponse& m, Bytes& out) {
  Writer w(out, 16 + bound(m.error));
  w.byte(static_cast<std::uint8_t>(MessageType::error));
  w.map(1);
  w.key("Error");
  w.text(m.error);
}

WireError decode(ByteView body, ErrorResponse& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Error")) return m.error = in.text(), true;
    return false;
  });
  return in.error();
}

// ---- push/pull ---------------------------------------------------------------------------------

void encode(const PushPullHeader& m, Bytes& out) {
  Writer w(out, 64);
  w.byte(static_cast<std::uint8_t>(MessageType::push_pull));
  w.map(3);
  w.key("Join");
  w.boolean(m.join);
  w.key("Nodes");
  w.signed_integer(m.nodes);
  w.key("UserStateLen");
  w.signed_integer(m.user_state_len);
}

void encode(const PushNodeState& m, Bytes& out) {
  Writer w(out, 104 + bound(m.meta) + bound(m.name));
  w.map(7);
  w.key("Addr");
  write_ip(w, m.address);
  w.key("Incarnation");
  w.integer(m.incarnation);
  w.key("Meta");
  w.raw(m.meta);
  w.key("Name");
  w.text(m.name);
  w.key("Port");
  w.integer(m.address.port);
  w.key("State");
  w.integer(m.state);
  w.key("Vsn");
  write_vsn(w, m.vsn);
}

PushPullReader::PushPullReader(ByteView body) {
  Reader in(body);
  read_fields(in, header_);
  error_ = in.error();
  rest_ = in.rest();
  if (error_ == WireError::none) error_ = check(header_);
  // A node state takes a byte at least.
  if (error_ == WireError::none &&
      static_cast<std::size_t>(header_.nodes) + static_cast<std::size_t>(header_.user_state_len) >
          rest_.size()) {
    error_ = WireError::truncated;
  }
  if (error_ != WireError::none) header_ = {};
}

std::size_t read_usual_node(ByteView bytes, PushNodeState& m) {
  // Every field's name with the head byte before it; no field is longer than a raw16 of meta.
  constexpr std::size_t kFixed = 96;
  if (bytes.size() < kFixed) return 0;
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  bool fits = true;
  const auto literal = [&]<std::size_t N>(const char(&text)[N]) {
    fits = fits && std::memcmp(at, text, N - 1) == 0;
    at += N - 1;
  };
  const auto integer = [&]() -> std::uint32_t {
    const std::uint8_t tag = *at++;
    if (tag < 0x80) return tag;
    std::uint32_t v = 0;
    const int size = tag == 0xcc ? 1 : tag == 0xcd ? 2 : tag == 0xce ? 4 : 0;
    fits = fits && size != 0;
    for (int i = 0; i < size; ++i) v = v << 8 | *at++;
    return v;
  };
  const auto raw = [&]() -> ByteView {
    std::size_t size = *at++;
    if (size == 0xda) {
      size = static_cast<std::size_t>(at[0]) << 8 | at[1];
      at += 2;
    } else {
      fits = fits && (size & 0xe0) == 0xa0;
      size &= 0x1f;
    }
    if (static_cast<std::size_t>(end - at) < size + kFixed / 2) return fits = false, ByteView();
    const ByteView view(at, size);
    at += size;
    return view;
  };
  literal("\x87\xa4" "Addr\xa4");
  m.address.ip = {};
  m.address.size = 4;
  std::memcpy(m.address.ip.data(), at, 4);
  at += 4;
  literal("\xabIncarnation");
  m.incarnation = integer();
  literal("\xa4Meta");
  if (!fits) return 0;
  m.meta = raw();
  if (!fits) return 0;
  literal("\xa4Name");
  const ByteView name = raw();
  if (!fits) return 0;
  m.name = as_text(name);
  literal("\xa4Port");
  const std::uint32_t port = integer();
  literal("\xa5State");
  const std::uint32_t state = integer();
  literal("\xa3Vsn\xa6");
  if (!fits || port > UINT16_MAX || state > UINT8_MAX) return 0;
  m.address.port = static_cast<std::uint16_t>(port);
  m.state = static_cast<std::uint8_t>(state);
  m.vsn.size = 6;
  std::memcpy(m.vsn.bytes.data(), at, 6);
  return static_cast<std::size_t>(at + 6 - bytes.data());
}

WireError read_node(ByteView bytes, PushNodeState& m, std::size_t& size) {
  size = read_usual_node(bytes, m);
  if (size != 0) return WireError::none;
  m = {};
  m.vsn = kNoVsn;
  Reader in(bytes);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Addr")) return read_ip(in, m.address), true;
    if (is(key, "Incarnation")) return m.incarnation = in.u32(), true;
    if (is(key, "Meta")) return m.meta = in.raw(), true;
    if (is(key, "Name")) return m.name = in.text(), true;
    if (is(key, "Port")) return m.address.port = in.u16(), true;
    if (is(key, "State")) return m.state = in.u8(), true;
    if (is(key, "Vsn")) return read_vsn(in, m.vsn), true;
    return false;
  });
  size = bytes.size() - in.rest().size();
  return in.error();
}

bool PushPullReader::next(PushNodeState& m) {
  if (error_ != WireError::none || read_ == header_.nodes) return false;
  std::size_t size = 0;
  error_ = read_node(rest_, m, size);
  rest_ = rest_.subspan(size);
  if (static_cast<std::size_t>(header_.user_state_len) > rest_.size() &&
      error_ == WireError::none) {
    error_ = WireError::truncated;
  }
  if (error_ != WireError::none) return false;
  ++read_;
  return true;
}

// ---- user messages on a stream -----------------------------------------------------------------

void encode(const UserMessageHeader& m, Bytes& out) {
  Writer w(out, 32);
  w.byte(static_cast<std::uint8_t>(MessageType::user));
  w.map(1);
  w.key("UserMsgLen");
  w.signed_integer(m.user_msg_len);
}

WireError decode_user_stream(ByteView body, ByteView& user) {
  UserMessageHeader header;
  Reader in(body);
  read_fields(in, header);
  user = {};
  if (!in.ok()) return in.error();
  if (const WireError error = check(header); error != WireError::none) return error;
  const auto size = static_cast<std::size_t>(header.user_msg_len);
  if (size > in.rest().size()) return WireError::truncated;
  user = in.rest().first(size);
  return WireError::none;
}

}  // namespace quorumlab::gossip
