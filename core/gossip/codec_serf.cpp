// serf's messages. Fields stand in the order in which the Go codec writes them: alphabetical.
#include "core/gossip/codec.h"
#include "core/gossip/codec_parts.h"

namespace quorumlab::gossip {

using namespace msgpack;

namespace {

// More items than any list on the wire can need. Together with the limits on sizes it bounds what a
// hostile message makes us keep: an item may be a single byte there and is 32 here.
constexpr std::uint32_t kMaxItems = 1 << 20;

std::uint32_t item_count(Reader& in, std::uint32_t count) {
  if (count <= kMaxItems) return count;
  in.fail(WireError::too_large);
  return 0;
}

void write_type(Writer& w, SerfType type) { w.byte(static_cast<std::uint8_t>(type)); }

void read_texts(Reader& in, std::vector<std::string_view>& texts) {
  texts.clear();
  for (std::uint32_t left = item_count(in, in.array()); left != 0 && in.ok(); --left) {
    texts.push_back(in.text());
  }
}

std::size_t texts_bound(std::span<const std::string_view> texts) {
  std::size_t sum = kHeadBound;
  for (const std::string_view text : texts) sum += bound(text);
  return sum;
}

std::size_t tags_bound(std::span<const Tag> tags) {
  std::size_t sum = kHeadBound;
  for (const Tag& tag : tags) sum += bound(tag.name) + bound(tag.value);
  return sum;
}

void write_tags(Writer& w, std::span<const Tag> tags) {
  w.map(tags.size());
  for (const Tag& tag : tags) {
    w.text(tag.name);
    w.text(tag.value);
  }
}

void read_tags(Reader& in, std::vector<Tag>& tags) {
  tags.clear();
  for (std::uint32_t left = item_count(in, in.map()); left != 0 && in.ok(); --left) {
    Tag& tag = tags.emplace_back();
    tag.name = in.text();
    tag.value = in.text();
  }
}

}  // namespace

// ---- intents -----------------------------------------------------------------------------------

void encode(const LeaveIntent& m, Bytes& out) {
  Writer w(out, 40 + bound(m.node));
  write_type(w, SerfType::leave);
  w.map(3);
  w.key("LTime");
  w.integer(m.ltime);
  w.key("Node");
  w.text(m.node);
  w.key("Prune");
  w.boolean(m.prune);
}

WireError decode(ByteView body, LeaveIntent& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "LTime")) return m.ltime = in.u64(), true;
    if (is(key, "Node")) return m.node = in.text(), true;
    if (is(key, "Prune")) return m.prune = in.boolean(), true;
    return false;
  });
  return in.error();
}

void encode(const JoinIntent& m, Bytes& out) {
  Writer w(out, 32 + bound(m.node));
  write_type(w, SerfType::join);
  w.map(2);
  w.key("LTime");
  w.integer(m.ltime);
  w.key("Node");
  w.text(m.node);
}

WireError decode(ByteView body, JoinIntent& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "LTime")) return m.ltime = in.u64(), true;
    if (is(key, "Node")) return m.node = in.text(), true;
    return false;
  });
  return in.error();
}

// ---- user events -------------------------------------------------------------------------------

void encode(const UserEvent& m, Bytes& out) {
  Writer w(out, 48 + bound(m.name) + bound(m.payload));
  write_type(w, SerfType::user_event);
  w.map(4);
  w.key("CC");
  w.boolean(m.cc);
  w.key("LTime");
  w.integer(m.ltime);
  w.key("Name");
  w.text(m.name);
  w.key("Payload");
  w.raw(m.payload);
}

WireError decode(ByteView body, UserEvent& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "CC")) return m.cc = in.boolean(), true;
    if (is(key, "LTime")) return m.ltime = in.u64(), true;
    if (is(key, "Name")) return m.name = in.text(), true;
    if (is(key, "Payload")) return m.payload = in.raw(), true;
    return false;
  });
  return in.error();
}

// ---- queries -----------------------------------------------------------------------------------

void encode(const Query& m, Bytes& out) {
  std::size_t filters = 0;
  for (const ByteView filter : m.filters) filters += bound(filter);
  Writer w(out, 192 + filters + bound(m.name) + bound(m.payload) + bound(m.source_node));
  write_type(w, SerfType::query);
  w.map(11);
  w.key("Addr");
  write_ip(w, m.address);
  w.key("Filters");
  if (m.filters.empty()) {
    w.nil();
  } else {
    w.array(m.filters.size());
    for (const ByteView filter : m.filters) w.raw(filter);
  }
  w.key("Flags");
  w.integer(m.flags);
  w.key("ID");
  w.integer(m.id);
  w.key("LTime");
  w.integer(m.ltime);
  w.key("Name");
  w.text(m.name);
  w.key("Payload");
  w.raw(m.payload);
  w.key("Port");
  w.integer(m.address.port);
  w.key("RelayFactor");
  w.integer(m.relay_factor);
  w.key("SourceNode");
  w.text(m.source_node);
  w.key("Timeout");
  w.signed_integer(m.timeout.ns);
}

WireError decode(ByteView body, Query& m) {
  std::vector<ByteView> filters = std::move(m.filters);
  filters.clear();
  m = {};
  m.filters = std::move(filters);
  Reader in(body);
  const auto read_filters = [&] {
    m.filters.clear();
    for (std::uint32_t left = item_count(in, in.array()); left != 0 && in.ok(); --left) {
      m.filters.push_back(in.raw());
    }
  };
  read_map(in, [&](std::string_view key) {
    if (is(key, "Addr")) return read_ip(in, m.address), true;
    if (is(key, "Filters")) return read_filters(), true;
    if (is(key, "Flags")) return m.flags = in.u32(), true;
    if (is(key, "ID")) return m.id = in.u32(), true;
    if (is(key, "LTime")) return m.ltime = in.u64(), true;
    if (is(key, "Name")) return m.name = in.text(), true;
    if (is(key, "Payload")) return m.payload = in.raw(), true;
    if (is(key, "Port")) return m.address.port = in.u16(), true;
    if (is(key, "RelayFactor")) return m.relay_factor = in.u8(), true;
    if (is(key, "SourceNode")) return m.source_node = in.text(), true;
    if (is(key, "Timeout")) return m.timeout = {in.i64()}, true;
    return false;
  });
  return in.error();
}

void encode_filter(const Filter& m, Bytes& out) {
  if (m.type == FilterType::node) {
    Writer w(out, 1 + texts_bound(m.nodes));
    w.byte(static_cast<std::uint8_t>(FilterType::node));
    w.array(m.nodes.size());
    for (const std::string_view node : m.nodes) w.text(node);
    return;
  }
  Writer w(out, 24 + bound(m.expr) + bound(m.tag));
  w.byte(static_cast<std::uint8_t>(FilterType::tag));
  w.map(2);
  w.key("Expr");
  w.text(m.expr);
  w.key("Tag");
  w.text(m.tag);
}

WireError decode_filter(ByteView bytes, Filter& m) {
  m.nodes.clear();
  m.tag = m.expr = {};
  if (bytes.empty()) return WireError::empty;
  Reader in(bytes.subspan(1));
  if (bytes[0] == static_cast<std::uint8_t>(FilterType::node)) {
    m.type = FilterType::node;
    read_texts(in, m.nodes);
    return in.error();
  }
  if (bytes[0] != static_cast<std::uint8_t>(FilterType::tag)) return WireError::unsupported_type;
  m.type = FilterType::tag;
  read_map(in, [&](std::string_view key) {
    if (is(key, "Expr")) return m.expr = in.text(), true;
    if (is(key, "Tag")) return m.tag = in.text(), true;
    return false;
  });
  return in.error();
}

void encode(const QueryResponse& m, Bytes& out) {
  Writer w(out, 64 + bound(m.from) + bound(m.payload));
  write_type(w, SerfType::query_response);
  w.map(5);
  w.key("Flags");
  w.integer(m.flags);
  w.key("From");
  w.text(m.from);
  w.key("ID");
  w.integer(m.id);
  w.key("LTime");
  w.integer(m.ltime);
  w.key("Payload");
  w.raw(m.payload);
}

WireError decode(ByteView body, QueryResponse& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Flags")) return m.flags = in.u32(), true;
    if (is(key, "From")) return m.from = in.text(), true;
    if (is(key, "ID")) return m.id = in.u32(), true;
    if (is(key, "LTime")) return m.ltime = in.u64(), true;
    if (is(key, "Payload")) return m.payload = in.raw(), true;
    return false;
  });
  return in.error();
}

void encode(const Relay& m, Bytes& out) {
  Writer w(out, 88 + bound(m.dest_zone) + bound(m.dest_name) + m.message.size());
  write_type(w, SerfType::relay);
  w.map(2);
  w.key("DestAddr");
  w.map(3);
  w.key("IP");
  write_ip(w, m.dest);
  w.key("Port");
  w.integer(m.dest.port);
  w.key("Zone");
  w.text(m.dest_zone);
  w.key("DestName");
  w.text(m.dest_name);
  w.copy(m.message.data(), m.message.size());
}

WireError decode(ByteView body, Relay& m) {
  m = {};
  Reader in(body);
  const auto read_address = [&] {
    read_map(in, [&](std::string_view key) {
      if (is(key, "IP")) return read_ip(in, m.dest), true;
      if (is(key, "Port")) return m.dest.port = in.u16(), true;
      if (is(key, "Zone")) return m.dest_zone = in.text(), true;
      return false;
    });
  };
  read_map(in, [&](std::string_view key) {
    if (is(key, "DestAddr")) return read_address(), true;
    if (is(key, "DestName")) return m.dest_name = in.text(), true;
    return false;
  });
  m.message = in.rest();
  return in.error();
}

// ---- name conflicts and keys -------------------------------------------------------------------

void encode(const ConflictResponse& m, Bytes& out) {
  if (!m.member) {
    out.push_back(static_cast<std::uint8_t>(SerfType::conflict_response));
    out.push_back(0xc0);
    return;
  }
  const MemberRecord& member = *m.member;
  Writer w(out, 192 + bound(member.name) + tags_bound(member.tags));
  write_type(w, SerfType::conflict_response);
  w.map(11);
  w.key("Addr");
  write_ip(w, member.address);
  w.key("DelegateCur");
  w.integer(member.vsn.delegate_cur());
  w.key("DelegateMax");
  w.integer(member.vsn.delegate_max());
  w.key("DelegateMin");
  w.integer(member.vsn.delegate_min());
  w.key("Name");
  w.text(member.name);
  w.key("Port");
  w.integer(member.address.port);
  w.key("ProtocolCur");
  w.integer(member.vsn.protocol_cur());
  w.key("ProtocolMax");
  w.integer(member.vsn.protocol_max());
  w.key("ProtocolMin");
  w.integer(member.vsn.protocol_min());
  w.key("Status");
  w.integer(member.status);
  w.key("Tags");
  write_tags(w, member.tags);
}

WireError decode(ByteView body, ConflictResponse& m) {
  Reader in(body);
  if (in.nil()) {
    m.member.reset();
    return WireError::none;
  }
  if (!m.member) m.member.emplace();
  MemberRecord& member = *m.member;
  std::vector<Tag> tags = std::move(member.tags);
  tags.clear();
  member = {};
  member.tags = std::move(tags);
  member.vsn.bytes = {};
  const auto version = [&](std::size_t i) {
    member.vsn.bytes[i] = in.u8();
    return true;
  };
  read_map(in, [&](std::string_view key) {
    if (is(key, "Addr")) return read_ip(in, member.address), true;
    if (is(key, "DelegateCur")) return version(5);
    if (is(key, "DelegateMax")) return version(4);
    if (is(key, "DelegateMin")) return version(3);
    if (is(key, "Name")) return member.name = in.text(), true;
    if (is(key, "Port")) return member.address.port = in.u16(), true;
    if (is(key, "ProtocolCur")) return version(2);
    if (is(key, "ProtocolMax")) return version(1);
    if (is(key, "ProtocolMin")) return version(0);
    if (is(key, "Status")) return member.status = in.u8(), true;
    if (is(key, "Tags")) return read_tags(in, member.tags), true;
    return false;
  });
  return in.error();
}

void encode(const KeyRequest& m, Bytes& out) {
  Writer w(out, 16 + bound(m.key));
  write_type(w, SerfType::key_request);
  w.map(1);
  w.key("Key");
  w.raw(m.key);
}

WireError decode(ByteView body, KeyRequest& m) {
  m = {};
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Key")) return m.key = in.raw(), true;
    return false;
  });
  return in.error();
}

void encode(const KeyResponse& m, Bytes& out) {
  Writer w(out, 48 + texts_bound(m.keys) + bound(m.message) + bound(m.primary_key));
  write_type(w, SerfType::key_response);
  w.map(4);
  w.key("Keys");
  if (m.keys.empty()) {
    w.nil();
  } else {
    w.array(m.keys.size());
    for (const std::string_view key : m.keys) w.text(key);
  }
  w.key("Message");
  w.text(m.message);
  w.key("PrimaryKey");
  w.text(m.primary_key);
  w.key("Result");
  w.boolean(m.result);
}

WireError decode(ByteView body, KeyResponse& m) {
  m.result = false;
  m.message = m.primary_key = {};
  m.keys.clear();
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Keys")) return read_texts(in, m.keys), true;
    if (is(key, "Message")) return m.message = in.text(), true;
    if (is(key, "PrimaryKey")) return m.primary_key = in.text(), true;
    if (is(key, "Result")) return m.result = in.boolean(), true;
    return false;
  });
  return in.error();
}

// ---- push/pull ---------------------------------------------------------------------------------

void encode(const PushPullState& m, Bytes& out) {
  std::size_t size = 128 + m.event_slots + texts_bound(m.left_members);
  for (const BufferedEvents& slot : m.events) {
    size += 32;
    for (std::uint32_t i = 0; i < slot.count; ++i) {
      const BufferedEvent& event = m.event_items[slot.first + i];
      size += 16 + bound(event.name) + bound(event.payload);
    }
  }
  for (const StatusLTime& status : m.status_ltimes) size += bound(status.name) + kIntegerBound;
  Writer w(out, size);
  write_type(w, SerfType::push_pull);
  w.map(6);
  w.key("EventLTime");
  w.integer(m.event_ltime);
  w.key("Events");
  w.array(m.event_slots);
  std::uint32_t at = 0;
  for (const BufferedEvents& slot : m.events) {
    for (; at < slot.slot; ++at) w.nil();
    ++at;
    w.map(2);
    w.key("Events");
    w.array(slot.count);
    for (std::uint32_t i = 0; i < slot.count; ++i) {
      const BufferedEvent& event = m.event_items[slot.first + i];
      w.map(2);
      w.key("Name");
      w.text(event.name);
      w.key("Payload");
      w.raw(event.payload);
    }
    w.key("LTime");
    w.integer(slot.ltime);
  }
  for (; at < m.event_slots; ++at) w.nil();
  w.key("LTime");
  w.integer(m.ltime);
  w.key("LeftMembers");
  w.array(m.left_members.size());
  for (const std::string_view name : m.left_members) w.text(name);
  w.key("QueryLTime");
  w.integer(m.query_ltime);
  w.key("StatusLTimes");
  w.map(m.status_ltimes.size());
  for (const StatusLTime& status : m.status_ltimes) {
    w.text(status.name);
    w.integer(status.ltime);
  }
}

namespace {

void read_slot(Reader& in, std::uint32_t number, PushPullState& m) {
  BufferedEvents& slot = m.events.emplace_back();
  slot.slot = number;
  slot.first = static_cast<std::uint32_t>(m.event_items.size());
  const auto read_events = [&] {
    m.event_items.resize(slot.first);
    slot.count = in.array();
    if (slot.count > kMaxItems - slot.first) in.fail(WireError::too_large);
    for (std::uint32_t left = slot.count; left != 0 && in.ok(); --left) {
      BufferedEvent& event = m.event_items.emplace_back();
      read_map(in, [&](std::string_view key) {
        if (is(key, "Name")) return event.name = in.text(), true;
        if (is(key, "Payload")) return event.payload = in.raw(), true;
        return false;
      });
    }
  };
  read_map(in, [&](std::string_view key) {
    if (is(key, "Events")) return read_events(), true;
    if (is(key, "LTime")) return slot.ltime = in.u64(), true;
    return false;
  });
}

void read_ring(Reader& in, PushPullState& m) {
  m.events.clear();
  m.event_items.clear();
  m.event_slots = item_count(in, in.array());
  for (std::uint32_t slot = 0; slot < m.event_slots && in.ok(); ++slot) {
    if (!in.nil()) read_slot(in, slot, m);
  }
}

void read_status_ltimes(Reader& in, PushPullState& m) {
  m.status_ltimes.clear();
  for (std::uint32_t left = item_count(in, in.map()); left != 0 && in.ok(); --left) {
    StatusLTime& status = m.status_ltimes.emplace_back();
    status.name = in.text();
    status.ltime = in.u64();
  }
}

}  // namespace

WireError decode(ByteView body, PushPullState& m) {
  m.clear();
  m.event_slots = 0;
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "EventLTime")) return m.event_ltime = in.u64(), true;
    if (is(key, "Events")) return read_ring(in, m), true;
    if (is(key, "LTime")) return m.ltime = in.u64(), true;
    if (is(key, "LeftMembers")) return read_texts(in, m.left_members), true;
    if (is(key, "QueryLTime")) return m.query_ltime = in.u64(), true;
    if (is(key, "StatusLTimes")) return read_status_ltimes(in, m), true;
    return false;
  });
  return in.error();
}

// ---- tags --------------------------------------------------------------------------------------

namespace {
constexpr std::uint8_t kTagsMark = 255;
}

void encode_tags(std::span<const Tag> tags, Bytes& out) {
  Writer w(out, 1 + tags_bound(tags));
  w.byte(kTagsMark);
  write_tags(w, tags);
}

void encode_tags(std::span<const std::pair<std::string, std::string>> tags, Bytes& out) {
  std::size_t size = 1 + kHeadBound;
  for (const auto& [name, value] : tags) size += bound(as_bytes(name)) + bound(as_bytes(value));
  Writer w(out, size);
  w.byte(kTagsMark);
  w.map(tags.size());
  for (const auto& [name, value] : tags) {
    w.text(name);
    w.text(value);
  }
}

WireError decode_tags(ByteView meta, std::vector<Tag>& tags) {
  tags.clear();
  if (meta.empty()) return WireError::none;
  if (meta[0] != kTagsMark) {
    tags.push_back({"role", as_text(meta)});
    return WireError::none;
  }
  Reader in(meta.subspan(1));
  read_tags(in, tags);
  return in.error();
}

}  // namespace quorumlab::gossip
