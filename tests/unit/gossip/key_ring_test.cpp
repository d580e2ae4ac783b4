// The key ring: serf.md 3.10.
#include "core/gossip/key_ring.h"

#include <string>

#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

Bytes key(std::uint8_t fill, std::size_t size = 16) { return Bytes(size, fill); }
std::string order(const KeyRing& ring) {
  std::string text;
  for (const Bytes& k : ring.keys()) text += static_cast<char>(k[0]);
  return text;
}

TEST_CASE("keys are installed, made primary and removed") {
  const Rules rules;
  KeyRing ring;
  const Bytes first[] = {key('a')};
  ring.reset({});
  CHECK_FALSE(ring.enabled());
  ring.reset(first);
  CHECK(ring.enabled());
  CHECK(ring.add(key('b', 24)) == KeyResult::ok);
  CHECK(ring.add(key('c', 32)) == KeyResult::ok);
  CHECK(ring.add(key('b', 24)) == KeyResult::ok);
  CHECK(order(ring) == "abc");
  CHECK(ring.add(key('d', 17)) == KeyResult::wrong_size);
  CHECK(ring.add(key('d', 0)) == KeyResult::wrong_size);
  CHECK(ring.use(key('c', 32)) == KeyResult::ok);
  CHECK(order(ring) == "cab");
  CHECK(ring.use(key('c', 16)) == KeyResult::unknown);
  CHECK(ring.remove(key('c', 32), rules) == KeyResult::is_primary);
  CHECK(ring.remove(key('a'), rules) == KeyResult::ok);
  CHECK(ring.remove(key('z'), rules) == KeyResult::ok);
  CHECK(order(ring) == "cb");
  CHECK(ring.primary().size() == 32);
}

TEST_CASE("without the rule the primary key goes") {
  Rules rules;
  rules.set(Rule::primary_key_stays, false);
  KeyRing ring;
  const Bytes keys[] = {key('a'), key('b')};
  ring.reset(keys);
  CHECK(ring.remove(key('a'), rules) == KeyResult::ok);
  CHECK(order(ring) == "b");
}

TEST_CASE("a keyring file is read as it was written, and nothing else is") {
  KeyRing ring;
  const Bytes keys[] = {key('b', 24), key('a')};
  ring.reset(keys);
  Bytes file;
  ring.append_file(file);
  CHECK(std::string(as_text(file)) ==
        "[\n  \"YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJi\",\n  \"YWFhYWFhYWFhYWFhYWFhYQ==\"\n]");
  KeyRing other;
  REQUIRE(other.read_file(file));
  CHECK(order(other) == "ba");
  CHECK(other.read_file(as_bytes(" [\"YWFhYWFhYWFhYWFhYWFhYQ==\"]\n")));
  for (const std::string_view bad :
       {"", "[]", "[", "{}", "[\"YWFhYWFhYWFhYWFhYWFhYQ==\"", "[\"YWFhYWFhYWFhYWFhYWFhYQ==\",]",
        "[\"YWFh\"]", "[\"YWFhYWFhYWFhYWFhYWFhYQ\"]", "[1]", "[\"YWFhYWFhYWFhYWFhYWFhYQ==\"] x"}) {
    INFO(bad);
    CHECK_FALSE(other.read_file(as_bytes(bad)));
  }
  CHECK(order(other) == "a");
}

TEST_CASE("base64") {
  const auto base64 = [](std::string_view text) {
    Bytes out;
    append_base64(as_bytes(text), out);
    return std::string(as_text(out));
  };
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe") == "//4=");
}

}  // namespace
}  // namespace quorumlab::gossip
