// Messages of a protocol of one's own, in words.
#include "sim/trace/own_message.h"

#include <functional>

#include "sim/trace/words.h"
#include "tests/catch.h"

namespace quorumlab::trace {
namespace {

Bytes message(const std::function<void(ByteWriter&)>& value) {
  Bytes bytes;
  ByteWriter writer(bytes);
  value(writer);
  Bytes out;
  ByteWriter(out).u32(own_checksum(bytes));
  ByteWriter(out).raw(bytes);
  return out;
}

void put(ByteWriter& w, ValueTag tag) { w.u8(static_cast<std::uint8_t>(tag)); }
void text(ByteWriter& w, std::string_view t) {
  put(w, ValueTag::text);
  w.sized(t);
}
void integer(ByteWriter& w, std::int64_t n) {
  put(w, ValueTag::integer);
  w.varint(static_cast<std::uint64_t>(n) << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

const auto kCopy = [](ByteWriter& w) {
  put(w, ValueTag::map);
  w.varint(2);
  text(w, "type");
  text(w, "Copy");
  text(w, "n");
  integer(w, -3);
};

TEST_CASE("a message is called by its class, its type, or its first text") {
  CHECK(own_message_name(message(kCopy)) == "Copy");
  CHECK(own_message_name(message([](ByteWriter& w) { text(w, "ping"); })) == "ping");
  CHECK(own_message_name(message([](ByteWriter& w) {
          put(w, ValueTag::tuple);
          w.varint(2);
          text(w, "vote");
          integer(w, 1);
        })) == "vote");
  CHECK(own_message_name(message([](ByteWriter& w) {
          put(w, ValueTag::object);
          w.sized("Append");
          w.varint(0);
        })) == "Append");
  CHECK(own_message_name(message([](ByteWriter& w) { integer(w, 7); })) == "message");
}

TEST_CASE("a message says what stands in it, and not too much") {
  CHECK(message_words(kOwnMessage, message(kCopy)) == "{'type': 'Copy', 'n': -3}");
  CHECK(own_message_words(message([](ByteWriter& w) {
          put(w, ValueTag::object);
          w.sized("Append");
          w.varint(2);
          w.sized("term");
          integer(w, 3);
          w.sized("entries");
          put(w, ValueTag::list);
          w.varint(3);
          put(w, ValueTag::none);
          put(w, ValueTag::yes);
          put(w, ValueTag::real);
          w.u64(0x3ff8000000000000);
        })) == "Append(term=3, entries=[None, True, 1.5])");
  const std::string words = own_message_words(message([](ByteWriter& w) {
    put(w, ValueTag::list);
    w.varint(1000);
    for (int i = 0; i < 1000; ++i) text(w, "something");
  }));
  CHECK(words.size() < 250);
  CHECK(words.ends_with("..."));
}

TEST_CASE("what was damaged, cut or never a message has no value") {
  Bytes bytes = message(kCopy);
  CHECK_FALSE(own_value(bytes).empty());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes damaged = bytes;
    damaged[i] ^= 1;
    CHECK(own_value(damaged).empty());
    CHECK(own_message_name(damaged) == "message");
    CHECK(own_value(ByteView(bytes).first(i)).empty());
  }
  // Bytes that claim more than there is end.
  CHECK(own_message_words(message([](ByteWriter& w) {
          put(w, ValueTag::list);
          w.varint(UINT64_MAX);
        })).size() < 300);
  CHECK(own_message_words(message([](ByteWriter& w) {
          for (int i = 0; i < 5000; ++i) {
            put(w, ValueTag::list);
            w.varint(1);
          }
        })).size() < 300);
}

}  // namespace
}  // namespace quorumlab::trace
