// What the codecs of memberlist's and of serf's messages share. For the .cpp files of this folder.
#pragma once

#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/msgpack.h"

namespace quorumlab::gossip {

// A message that says nothing of its versions.
inline constexpr Vsn kNoVsn{{}, 0};

// Only the address; the port has a field of its own.
inline void write_ip(msgpack::Writer& w, const Address& a) {
  if (a.size == 0) return w.nil();
  w.raw(a.ip_bytes());
}

inline void read_ip(msgpack::Reader& in, Address& a) {
  const ByteView ip = in.raw();
  a.ip = {};
  a.size = 0;
  if (ip.empty()) return;
  if (ip.size() != 4 && ip.size() != 16) return in.fail(WireError::bad_address);
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool mapped = ip.size() == 16 && std::equal(kMapped.begin(), kMapped.end(), ip.begin());
  const ByteView kept = mapped ? ip.subspan(12) : ip;
  std::copy(kept.begin(), kept.end(), a.ip.begin());
  a.size = static_cast<std::uint8_t>(kept.size());
}

inline void write_vsn(msgpack::Writer& w, const Vsn& vsn) { w.raw({vsn.bytes.data(), vsn.size}); }

inline void read_vsn(msgpack::Reader& in, Vsn& vsn) {
  const ByteView bytes = in.raw();
  vsn = kNoVsn;
  vsn.size = static_cast<std::uint8_t>(std::min(bytes.size(), vsn.bytes.size()));
  std::copy_n(bytes.begin(), vsn.size, vsn.bytes.begin());
}

inline void read_fields(msgpack::Reader& in, PushPullHeader& header) {
  msgpack::read_map(in, [&](std::string_view key) {
    if (msgpack::is(key, "Join")) return header.join = in.boolean(), true;
    if (msgpack::is(key, "Nodes")) return header.nodes = in.i64(), true;
    if (msgpack::is(key, "UserStateLen")) return header.user_state_len = in.i64(), true;
    return false;
  });
}

inline void read_fields(msgpack::Reader& in, UserMessageHeader& header) {
  msgpack::read_map(in, [&](std::string_view key) {
    if (msgpack::is(key, "UserMsgLen")) return header.user_msg_len = in.i64(), true;
    return false;
  });
}

inline WireError check(const PushPullHeader& header) {
  if (header.nodes < 0 || header.user_state_len < 0) return WireError::out_of_range;
  return header.nodes > kMaxPushStateNodes || header.user_state_len > kMaxPushStateBytes
             ? WireError::too_large
             : WireError::none;
}

inline WireError check(const UserMessageHeader& header) {
  if (header.user_msg_len < 0) return WireError::out_of_range;
  return header.user_msg_len > kMaxUserMessageBytes ? WireError::too_large : WireError::none;
}

}  // namespace quorumlab::gossip
