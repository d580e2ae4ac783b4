// The codec primitives: what is written is read, and nothing damaged is read past its end.
#include "core/base/bytes.h"

#include "tests/catch.h"

using namespace quorumlab;

TEST_CASE("every variable-length integer reads back, and in one form only") {
  for (int shift = 0; shift < 64; ++shift) {
    for (std::uint64_t around = 0; around < 3; ++around) {
      const std::uint64_t value = (std::uint64_t{1} << shift) - 1 + around;
      Bytes out;
      ByteWriter(out).varint(value);
      ByteReader reader(out);
      CHECK(reader.varint() == value);
      CHECK(reader.finished());
    }
  }
  const Bytes long_zero{0x80, 0x00};
  ByteReader reader(long_zero);
  CHECK(reader.varint() == 0);
  CHECK_FALSE(reader.ok());
}

TEST_CASE("a reader that ran out stays failed and reads zeros") {
  const Bytes short_word{1, 2, 3};
  ByteReader reader(short_word);
  CHECK(reader.u32() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);
  CHECK(reader.raw(1).empty());
}

TEST_CASE("each byte and the length take part in a hash") {
  Bytes bytes(70, 0);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const ByteView view(bytes.data(), size);
    const std::uint64_t plain = hash_bytes(view);
    for (std::size_t at = 0; at < size; ++at) {
      bytes[at] = 1;
      CHECK(hash_bytes(view) != plain);
      bytes[at] = 0;
    }
    if (size > 0) CHECK(hash_bytes(view.first(size - 1)) != plain);
  }
}
