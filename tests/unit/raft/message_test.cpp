// The codec of messages: what is written is read; nothing damaged is.
#include "core/raft/message.h"

#include <rapidcheck.h>

#include "core/raft/engine.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::raft;

namespace {

// Small numbers, and numbers of every length.
std::uint64_t number() {
  const int bits = *rc::gen::inRange(0, 65);
  const std::uint64_t any = *rc::gen::arbitrary<std::uint64_t>();
  return bits == 0 ? 0 : any >> (64 - bits);
}

struct Sample {
  Message message;
  Bytes body;
};

// A message with only the fields that its type carries.
Sample sample() {
  Sample s;
  Message& m = s.message;
  m.type = static_cast<MessageType>(*rc::gen::inRange(1, kMessageTypeCount));
  m.reject = *rc::gen::arbitrary<bool>();
  m.flag = *rc::gen::arbitrary<bool>();
  m.source = {static_cast<std::uint32_t>(number())};
  m.target = {static_cast<std::uint32_t>(number())};
  m.term = {number()};
  const auto body = [&] {
    s.body = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
    m.body = s.body;
  };
  switch (m.type) {
    case MessageType::append_entries:
      m.commit = {number()};
      m.entry_count = static_cast<std::uint32_t>(number());
      body();
      [[fallthrough]];
    case MessageType::request_vote:
    case MessageType::request_pre_vote:
      m.index = {number()};
      m.log_term = {number()};
      break;
    case MessageType::request_vote_response:
    case MessageType::request_pre_vote_response:
      if (m.reject) m.index = {number()}, m.log_term = {number()};
      break;
    case MessageType::append_entries_response:
      m.index = {number()};
      if (m.reject) m.commit = {number()}, m.log_term = {number()};
      break;
    case MessageType::heartbeat:
      m.commit = {number()};
      m.context = number();
      break;
    case MessageType::install_snapshot:
      m.context2 = number();
      body();
      [[fallthrough]];
    case MessageType::install_snapshot_response:
      m.index = {number()};
      m.log_term = {number()};
      m.context = number();
      break;
    case MessageType::propose:
      m.context2 = number();
      body();
      break;
    case MessageType::propose_response:
      m.log_term = {number()};
      m.context2 = number();
      [[fallthrough]];
    case MessageType::read_index_response:
      m.index = {number()};
      [[fallthrough]];
    case MessageType::heartbeat_response:
    case MessageType::read_index:
    case MessageType::transfer_leader:
      m.context = number();
      break;
    case MessageType::timeout_now:
      break;
  }
  return s;
}

bool same(const Message& a, const Message& b) {
  return a.type == b.type && a.reject == b.reject && a.flag == b.flag && a.source == b.source &&
         a.target == b.target && a.term == b.term && a.index == b.index &&
         a.log_term == b.log_term && a.commit == b.commit && a.context == b.context &&
         a.context2 == b.context2 && a.entry_count == b.entry_count &&
         std::equal(a.body.begin(), a.body.end(), b.body.begin(), b.body.end());
}

}  // namespace

TEST_CASE("every message reads back as it was written") {
  CHECK(rc::check([] {
    const Sample s = sample();
    Bytes bytes{1, 2, 3};  // appended behind what is there
    encode(s.message, bytes);
    const std::optional<Message> read = decode(ByteView(bytes).subspan(3));
    RC_ASSERT(read.has_value());
    RC_ASSERT(same(*read, s.message));
    const std::optional<Message> peeked = peek(ByteView(bytes).subspan(3));
    RC_ASSERT(peeked.has_value() && same(*peeked, s.message));
  }));
}

TEST_CASE("a message with any one bit flipped is refused") {
  CHECK(rc::check([] {
    const Sample s = sample();
    Bytes bytes;
    encode(s.message, bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1u << (bit % 8)));
      RC_ASSERT(!decode(bytes).has_value());
      (void)peek(bytes);  // may be read as another, never out of bounds
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1u << (bit % 8)));
    }
  }));
}

TEST_CASE("a message cut short anywhere, or with something behind it, is refused") {
  CHECK(rc::check([] {
    const Sample s = sample();
    Bytes bytes;
    encode(s.message, bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      RC_ASSERT(!decode(ByteView(bytes).first(size)).has_value());
      (void)peek(ByteView(bytes).first(size));
    }
    bytes.push_back(0);
    RC_ASSERT(!decode(bytes).has_value());
  }));
}

TEST_CASE("noise is refused, and read nowhere out of bounds") {
  CHECK(rc::check([](const Bytes& noise) {
    RC_ASSERT(!decode(noise).has_value());
    (void)peek(noise);
    EntryReader entries(LogIndex{1}, noise);
    Entry entry;
    std::size_t count = 0;
    while (entries.next(entry)) ++count;
    RC_ASSERT(count <= noise.size());
    (void)decode_conf_change(noise);
  }));
}

TEST_CASE("a heartbeat is small") {
  Message m;
  m.type = MessageType::heartbeat;
  m.source = {5};
  m.target = {1};
  m.term = {100'000};
  m.commit = {10'000'000};
  m.context = 10'000'000;
  Bytes bytes;
  encode(m, bytes);
  CHECK(bytes.size() <= 24);
}

TEST_CASE("entries read back one after the other, and damage is told") {
  Bytes bytes;
  encode_entry({3}, EntryKind::normal, as_bytes("hello"), bytes);
  encode_entry({3}, EntryKind::noop, {}, bytes);
  encode_entry({300}, EntryKind::config, as_bytes("x"), bytes);
  EntryReader reader(LogIndex{7}, bytes);
  Entry entry;
  REQUIRE(reader.next(entry));
  CHECK(entry.index.value == 7);
  CHECK(as_text(entry.payload) == "hello");
  REQUIRE(reader.next(entry));
  CHECK(entry.kind == EntryKind::noop);
  REQUIRE(reader.next(entry));
  CHECK(entry.index.value == 9);
  CHECK(entry.term.value == 300);
  CHECK_FALSE(reader.next(entry));
  CHECK(reader.ok());
  bytes.pop_back();
  EntryReader cut(LogIndex{7}, bytes);
  while (cut.next(entry)) {
  }
  CHECK_FALSE(cut.ok());
}

TEST_CASE("the chain hash depends on everything before, on term, kind and payload") {
  const std::uint64_t one = chain_hash(0, {1}, EntryKind::normal, as_bytes("a"));
  CHECK(one != chain_hash(1, {1}, EntryKind::normal, as_bytes("a")));
  CHECK(one != chain_hash(0, {2}, EntryKind::normal, as_bytes("a")));
  CHECK(one != chain_hash(0, {1}, EntryKind::config, as_bytes("a")));
  CHECK(one != chain_hash(0, {1}, EntryKind::normal, as_bytes("b")));
  CHECK(one == chain_hash(0, {1}, EntryKind::normal, as_bytes("a")));
}
