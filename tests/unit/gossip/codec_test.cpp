// Messages: what is written is read, in the old dialect and in today's, with fields in any order
// and with fields that we do not know; nothing that is cut short is taken for whole.
#include <rapidcheck.h>

#include <algorithm>

#include "core/gossip/msgpack.h"
#include "tests/catch.h"
#include "tests/unit/gossip/hex.h"
#include "tests/unit/gossip/samples.h"
#include "tests/unit/gossip/transcode.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

namespace {

// Writes a value as another encoder might: other tags for integers and lengths, str8 and bin,
// fields shuffled and unknown ones among them. Reads only what our own Writer writes.
class OtherDialect {
 public:
  explicit OtherDialect(ByteView old) : in_(old) {}

  // A map's keys are texts, so that unknown ones may be added.
  Bytes value() {
    const std::uint8_t tag = in_.peek();
    if (tag >= 0x80 && tag < 0x90) return map();
    if ((tag >= 0x90 && tag < 0xa0) || tag == 0xdc || tag == 0xdd) return array();
    if (tag == 0xde || tag == 0xdf) return map();
    if ((tag >= 0xa0 && tag < 0xc0) || tag == 0xda || tag == 0xdb) return raw(in_.raw());
    if (tag == 0xc0 || tag == 0xc2 || tag == 0xc3 || tag == 0xcb) {
      const ByteView before = in_.rest();
      in_.skip();
      const std::size_t size = before.size() - in_.rest().size();
      return {before.begin(), before.begin() + static_cast<std::ptrdiff_t>(size)};
    }
    return integer(in_.u64());
  }
  ByteView rest() const { return in_.rest(); }

 private:
  static int draw(int n) { return *rc::gen::inRange(0, n); }
  static void big_endian(Bytes& out, std::uint64_t v, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  static void append(Bytes& out, const Bytes& more) {
    out.insert(out.end(), more.begin(), more.end());
  }
  static Bytes head(std::uint8_t fix, std::uint64_t fix_limit, std::vector<std::uint8_t> tags,
                    std::uint64_t n) {
    Bytes out;
    const int width = draw(4);
    if (width == 0 && n < fix_limit) {
      out.push_back(static_cast<std::uint8_t>(fix | n));
    } else if (width <= 1 && tags.size() == 3 && n <= 0xff) {
      out.push_back(tags[2]);
      big_endian(out, n, 1);
    } else if (width <= 2 && n <= 0xffff) {
      out.push_back(tags[0]);
      big_endian(out, n, 2);
    } else {
      out.push_back(tags[1]);
      big_endian(out, n, 4);
    }
    return out;
  }
  Bytes raw(ByteView text) {
    Bytes out = draw(2) == 0 ? head(0xa0, 32, {0xda, 0xdb, 0xd9}, text.size())
                             : head(0, 0, {0xc5, 0xc6, 0xc4}, text.size());
    out.insert(out.end(), text.begin(), text.end());
    return out;
  }
  static Bytes integer(std::uint64_t v) {
    Bytes out;
    const int width = draw(4);
    const bool as_signed = draw(2) == 0;
    for (int i = width; i < 4; ++i) {
      const int bytes = 1 << i;
      const std::uint64_t limit =
          (as_signed ? std::uint64_t{1} << (8 * bytes - 1) : std::uint64_t{1} << (4 * bytes)) - 1;
      const std::uint64_t most = as_signed ? limit : limit << (4 * bytes) | limit;
      if (v > most) continue;
      out.push_back(static_cast<std::uint8_t>((as_signed ? 0xd0 : 0xcc) + i));
      big_endian(out, v, bytes);
      return out;
    }
    out.push_back(0xcf);
    big_endian(out, v, 8);
    return out;
  }
  Bytes array() {
    ++depth_;
    const std::uint32_t count = in_.array();
    Bytes out = head(0x90, 16, {0xdc, 0xdd}, count);
    for (std::uint32_t i = 0; i < count; ++i) append(out, value());
    --depth_;
    return out;
  }
  Bytes map() {
    std::vector<Bytes> pairs(in_.map());
    ++depth_;
    for (Bytes& pair : pairs) {
      pair = raw(in_.raw());
      append(pair, value());
    }
    --depth_;
    if (depth_ == 0) {  // the maps within may be those of tags and times, where every key counts
      for (int i = draw(3); i != 0; --i) {
        static const char* const strangers[] = {"01",
                                                "a0",
                                                "90",
                                                "81a161c0",
                                                "c70405aabbccdd",
                                                "d8",
                                                "cb3ff8000000000000",
                                                "ca3f800000",
                                                "dc0002c2c3"};
        Bytes pair = raw(as_bytes(std::string_view("Stranger")));
        Bytes stranger = from_hex(strangers[draw(9)]);
        if (stranger == Bytes{0xd8}) stranger.resize(18);
        append(pair, stranger);
        pairs.push_back(pair);
      }
      for (std::size_t i = pairs.size(); i > 1; --i) {
        std::swap(pairs[i - 1], pairs[static_cast<std::size_t>(draw(static_cast<int>(i)))]);
      }
    }
    Bytes out = head(0x80, 16, {0xde, 0xdf}, pairs.size());
    for (const Bytes& pair : pairs) append(out, pair);
    return out;
  }
  msgpack::Reader in_;
  int depth_ = 0;
};

// The same message in another dialect; what follows its first value is kept.
Bytes translate(const Bytes& message) {
  OtherDialect other(ByteView(message).subspan(1));
  Bytes out{message[0]};
  const Bytes value = other.value();
  out.insert(out.end(), value.begin(), value.end());
  out.insert(out.end(), other.rest().begin(), other.rest().end());
  return out;
}

Part part_of(const Bytes& message) { return {static_cast<MessageType>(message[0]), message}; }

}  // namespace

TEST_CASE("what is written is read and written the same") {
  CHECK(rc::check("memberlist", [] {
    const Bytes message =
        samples::memberlist_message(*rc::gen::inRange(0, samples::kMemberlistKinds));
    Bytes again;
    RC_ASSERT(transcode(part_of(message), false, again) == WireError::none);
    RC_ASSERT(again == message);
  }));
  CHECK(rc::check("serf", [] {
    const Bytes message = samples::serf_message(*rc::gen::inRange(0, samples::kSerfKinds));
    Bytes again;
    RC_ASSERT(transcode_serf(message, again) == WireError::none);
    RC_ASSERT(again == message);
  }));
  CHECK(rc::check("push/pull", [] {
    const Bytes message = samples::push_pull();
    Bytes again;
    RC_ASSERT(transcode(part_of(message), true, again) == WireError::none);
    RC_ASSERT(again == message);
  }));
}

TEST_CASE("every dialect of msgpack is read") {
  CHECK(rc::check("memberlist", [] {
    const Bytes message =
        samples::memberlist_message(*rc::gen::inRange(0, samples::kMemberlistKinds));
    Bytes again;
    RC_ASSERT(transcode(part_of(translate(message)), false, again) == WireError::none);
    RC_ASSERT(again == message);
  }));
  CHECK(rc::check("serf", [] {
    const Bytes message = samples::serf_message(*rc::gen::inRange(0, samples::kSerfKinds));
    Bytes again;
    RC_ASSERT(transcode_serf(translate(message), again) == WireError::none);
    RC_ASSERT(again == message);
  }));
}

TEST_CASE("a message that is cut short is never taken for whole") {
  CHECK(rc::check("cut anywhere", [] {
    const bool serf = samples::coin();
    const Bytes message =
        serf ? samples::serf_message(*rc::gen::inRange(0, 9))  // a relay's end is its message's
             : samples::memberlist_message(*rc::gen::inRange(0, samples::kMemberlistKinds));
    const auto size =
        static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(message.size())));
    // A copy of exactly that size, so that a sanitizer sees a step too far.
    const Bytes cut(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
    Bytes again;
    RC_ASSERT((serf ? transcode_serf(cut, again) : transcode(part_of(cut), false, again)) ==
              WireError::truncated);
  }));
}

TEST_CASE("any bytes are read or refused, and what was read can be written and read") {
  CHECK(rc::check("random bytes behind every type byte", [] {
    Bytes bytes = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
    bytes.insert(bytes.begin(), static_cast<std::uint8_t>(*rc::gen::inRange(0, 14)));
    Bytes once, twice;
    if (transcode(part_of(bytes), true, once) != WireError::none) return;
    RC_ASSERT(transcode(part_of(once), true, twice) == WireError::none);
    RC_ASSERT(once == twice);
  }));
  CHECK(rc::check("one byte changed", [] {
    Bytes message = samples::serf_message(*rc::gen::inRange(0, samples::kSerfKinds));
    message[static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(message.size())))] =
        *rc::gen::arbitrary<std::uint8_t>();
    Bytes once, twice;
    if (transcode_serf(message, once) != WireError::none) return;
    RC_ASSERT(transcode_serf(once, twice) == WireError::none);
    RC_ASSERT(once == twice);
  }));
}

TEST_CASE("an absent value reads as nil, an empty one as empty") {
  Bytes out;
  encode(UserEvent{1, "e", {}, false}, out);
  UserEvent event;
  REQUIRE(decode(ByteView(out).subspan(1), event) == WireError::none);
  CHECK(event.payload.data() == nullptr);
  out.clear();
  encode(UserEvent{1, "e", as_bytes(""), false}, out);
  REQUIRE(decode(ByteView(out).subspan(1), event) == WireError::none);
  CHECK(event.payload.data() != nullptr);
  CHECK(event.payload.empty());
  // No address is nil, too.
  out.clear();
  encode(IndirectPing{}, out);
  CHECK(to_hex(out) == "0185a44e61636bc2a44e6f6465a0a4506f727400a55365714e6f00a6546172676574c0");
  // A field that is missing, and one that is there twice.
  const Bytes twice = from_hex("82a44e616d65a161a44e616d65a162");
  REQUIRE(decode(twice, event) == WireError::none);
  CHECK(event.name == "b");
  CHECK(event.ltime == 0);
}

TEST_CASE("tags and meta") {
  std::vector<Tag> tags;
  CHECK(decode_tags({}, tags) == WireError::none);
  CHECK(tags.empty());
  // Before there were tags, the whole meta was the role.
  CHECK(decode_tags(as_bytes("web"), tags) == WireError::none);
  REQUIRE(tags.size() == 1);
  CHECK(tags[0].name == "role");
  CHECK(tags[0].value == "web");
  CHECK(decode_tags(from_hex("ff80"), tags) == WireError::none);
  CHECK(tags.empty());
  CHECK(decode_tags(from_hex("ff81a161"), tags) == WireError::truncated);
  CHECK(decode_tags(from_hex("ff90"), tags) == WireError::wrong_type);
  const std::vector<std::pair<std::string, std::string>> owned{{"role", "web"}, {"dc", "east"}};
  Bytes out;
  encode_tags(owned, out);
  CHECK(to_hex(out) == "ff82a4726f6c65a3776562a26463a465617374");
}
