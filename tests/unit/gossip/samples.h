// Random messages of every kind, encoded: RapidCheck generates them, the properties read them.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "core/gossip/codec.h"

namespace quorumlab::gossip::samples {

// Numbers of every length, small ones as often as large ones.
inline std::uint64_t number(int bits) {
  const int width = *rc::gen::inRange(0, bits + 1);
  const std::uint64_t any = *rc::gen::arbitrary<std::uint64_t>();
  return width == 0 ? 0 : any >> (64 - width);
}
inline std::uint32_t u32() { return static_cast<std::uint32_t>(number(32)); }
inline std::uint16_t u16() { return static_cast<std::uint16_t>(number(16)); }
inline bool coin() { return *rc::gen::arbitrary<bool>(); }

// What the views of a message point to.
class Keep {
 public:
  // Lengths on both sides of the limits of fixraw, str8 and raw16.
  std::string_view text() { return as_text(store(length())); }
  ByteView bytes() {
    if (*rc::gen::inRange(0, 4) == 0) return {};  // nil
    return store(length());
  }
  ByteView store(Bytes bytes) {
    if (bytes.capacity() == 0) bytes.reserve(1);  // empty, not nil
    return kept_.emplace_back(std::move(bytes));
  }

 private:
  static Bytes length() {
    const int kind = *rc::gen::inRange(0, 10);
    const auto size = static_cast<std::size_t>(kind < 7    ? *rc::gen::inRange(0, 33)
                                               : kind == 7 ? *rc::gen::inRange(30, 300)
                                               : kind == 8 ? *rc::gen::inRange(250, 600)
                                                           : *rc::gen::inRange(65'530, 65'540));
    Bytes out(size);
    std::uint64_t x = *rc::gen::arbitrary<std::uint64_t>();
    for (std::uint8_t& b : out) {
      x = x * 6364136223846793005u + 1442695040888963407u;
      b = static_cast<std::uint8_t>(x >> 56);
    }
    return out;
  }
  std::vector<Bytes> kept_;
};

inline Address address() {
  Address a;
  const int kind = *rc::gen::inRange(0, 4);
  a.size = kind == 0 ? 0 : kind == 1 ? 16 : 4;
  for (std::size_t i = 0; i < a.size; ++i) a.ip[i] = static_cast<std::uint8_t>(number(8) | 1);
  a.port = u16();
  return a;
}
inline Vsn vsn() {
  Vsn v;
  for (std::uint8_t& b : v.bytes) b = static_cast<std::uint8_t>(number(8));
  v.size = static_cast<std::uint8_t>(*rc::gen::inRange(0, 7));
  for (std::size_t i = v.size; i < v.bytes.size(); ++i) v.bytes[i] = 0;
  return v;
}
inline std::size_t few() { return static_cast<std::size_t>(*rc::gen::inRange(0, 20)); }

// A node's meta.
inline ByteView tags(Keep& keep) {
  std::vector<Tag> list(few());
  for (Tag& tag : list) tag = {keep.text(), keep.text()};
  Bytes out;
  encode_tags(list, out);
  return keep.store(out);
}

inline ByteView filter(Keep& keep) {
  Filter f;
  f.type = coin() ? FilterType::node : FilterType::tag;
  for (std::size_t i = few(); i != 0; --i) f.nodes.push_back(keep.text());
  f.tag = keep.text();
  f.expr = keep.text();
  Bytes out;
  encode_filter(f, out);
  return keep.store(out);
}

inline constexpr int kMemberlistKinds = 8;
// With the type byte, as in a packet or, error alone, on a stream.
inline Bytes memberlist_message(int kind) {
  Keep keep;
  Bytes out;
  switch (kind) {
    case 0:
      encode(Ping{u32(), keep.text(), address(), keep.text()}, out);
      break;
    case 1:
      encode(IndirectPing{u32(), address(), keep.text(), coin(), address(), keep.text()}, out);
      break;
    case 2: {
      Ack ack{u32(), {}};
      Bytes payload;
      if (coin()) {
        Coordinate c;
        for (double& v : c.vec) v = static_cast<double>(u32()) / 1e9;
        c.height = static_cast<double>(u32()) / 1e9;
        encode_ack_payload(c, payload);
        ack.payload = payload;
      }
      encode(ack, out);
      break;
    }
    case 3:
      encode(Suspect{u32(), keep.text(), keep.text()}, out);
      break;
    case 4:
      encode(Alive{u32(), keep.text(), address(), tags(keep), vsn()}, out);
      break;
    case 5:
      encode(Dead{u32(), keep.text(), keep.text()}, out);
      break;
    case 6:
      encode(Nack{u32()}, out);
      break;
    default:
      encode(ErrorResponse{keep.text()}, out);
      break;
  }
  return out;
}

inline PushPullState push_pull_state(Keep& keep) {
  PushPullState s;
  s.ltime = number(64);
  s.event_ltime = number(64);
  s.query_ltime = number(64);
  for (std::size_t i = few(); i != 0; --i) s.status_ltimes.push_back({keep.text(), number(64)});
  for (std::size_t i = few(); i != 0; --i) s.left_members.push_back(keep.text());
  s.event_slots = static_cast<std::uint32_t>(*rc::gen::inRange(0, 600));
  for (std::uint32_t slot = 0; slot < s.event_slots; ++slot) {
    if (*rc::gen::inRange(0, 50) != 0) continue;
    const auto first = static_cast<std::uint32_t>(s.event_items.size());
    const auto count = static_cast<std::uint32_t>(*rc::gen::inRange(0, 4));
    s.events.push_back({slot, first, count, number(64)});
    for (std::uint32_t i = 0; i < count; ++i) s.event_items.push_back({keep.text(), keep.bytes()});
  }
  return s;
}

inline constexpr int kSerfKinds = 10;
// From the serf type byte on; the kinds are the type bytes.
inline Bytes serf_message(int kind) {
  Keep keep;
  Bytes out;
  switch (static_cast<SerfType>(kind)) {
    case SerfType::leave:
      encode(LeaveIntent{number(64), keep.text(), coin()}, out);
      break;
    case SerfType::join:
      encode(JoinIntent{number(64), keep.text()}, out);
      break;
    case SerfType::push_pull:
      encode(push_pull_state(keep), out);
      break;
    case SerfType::user_event:
      encode(UserEvent{number(64), keep.text(), keep.bytes(), coin()}, out);
      break;
    case SerfType::query: {
      Query q{number(64), u32(), address(), keep.text(), {},
              u32(),      0,     {},        keep.text(), keep.bytes()};
      for (std::size_t i = few() / 5; i != 0; --i) q.filters.push_back(filter(keep));
      q.relay_factor = static_cast<std::uint8_t>(number(8));
      q.timeout = {static_cast<std::int64_t>(number(64))};
      encode(q, out);
      break;
    }
    case SerfType::query_response:
      encode(QueryResponse{number(64), u32(), keep.text(), u32(), keep.bytes()}, out);
      break;
    case SerfType::conflict_response: {
      ConflictResponse response;
      if (coin()) {
        MemberRecord& m = response.member.emplace();
        m.name = keep.text();
        m.address = address();
        for (std::size_t i = few(); i != 0; --i) m.tags.push_back({keep.text(), keep.text()});
        m.status = static_cast<std::uint8_t>(number(8));
        m.vsn = vsn();
      }
      encode(response, out);
      break;
    }
    case SerfType::key_request:
      encode(KeyRequest{keep.bytes()}, out);
      break;
    case SerfType::key_response: {
      KeyResponse r{coin(), keep.text(), {}, keep.text()};
      for (std::size_t i = few(); i != 0; --i) r.keys.push_back(keep.text());
      encode(r, out);
      break;
    }
    case SerfType::relay: {
      const Bytes inner = serf_message(*rc::gen::inRange(0, 9));
      encode(Relay{address(), keep.text(), keep.text(), inner}, out);
      break;
    }
  }
  return out;
}

// A whole push/pull with its type byte.
inline Bytes push_pull() {
  Keep keep;
  Bytes state, out;
  encode(push_pull_state(keep), state);
  const std::size_t nodes = few();
  encode(PushPullHeader{static_cast<std::int64_t>(nodes), static_cast<std::int64_t>(state.size()),
                        coin()},
         out);
  for (std::size_t i = 0; i < nodes; ++i) {
    encode(PushNodeState{keep.text(), address(), tags(keep), u32(),
                         static_cast<std::uint8_t>(number(8)), vsn()},
           out);
  }
  out.insert(out.end(), state.begin(), state.end());
  return out;
}

// A user message as it goes by stream.
inline Bytes user_stream() {
  const Bytes inner = serf_message(*rc::gen::inRange(0, kSerfKinds));
  Bytes out;
  encode(UserMessageHeader{static_cast<std::int64_t>(inner.size())}, out);
  out.insert(out.end(), inner.begin(), inner.end());
  return out;
}

}  // namespace quorumlab::gossip::samples
