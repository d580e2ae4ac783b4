// msgpack's values one by one: the smallest forms on both sides of each limit, and where a value
// ends.
#include "core/gossip/msgpack.h"

#include "tests/catch.h"
#include "tests/unit/gossip/hex.h"

using namespace quorumlab;
using namespace quorumlab::gossip;
using namespace quorumlab::gossip::msgpack;

namespace {

template <class Write>
std::string written(Write&& write) {
  Bytes out;
  {
    Writer w(out, 100'000);
    write(w);
  }
  return to_hex(ByteView(out).first(std::min<std::size_t>(out.size(), 12)));
}

}  // namespace

TEST_CASE("integers take their smallest unsigned form") {
  const auto of = [](std::uint64_t v) { return written([v](Writer& w) { w.integer(v); }); };
  CHECK(of(0) == "00");
  CHECK(of(127) == "7f");
  CHECK(of(128) == "cc80");
  CHECK(of(255) == "ccff");
  CHECK(of(256) == "cd0100");
  CHECK(of(65'535) == "cdffff");
  CHECK(of(65'536) == "ce00010000");
  CHECK(of(UINT32_MAX) == "ceffffffff");
  CHECK(of(std::uint64_t{1} << 32) == "cf0000000100000000");
  CHECK(of(UINT64_MAX) == "cfffffffffffffffff");
  const auto signed_of = [](std::int64_t v) {
    return written([v](Writer& w) { w.signed_integer(v); });
  };
  CHECK(signed_of(589) == "cd024d");  // as serf 0.9.4 writes the length of the user state
  CHECK(signed_of(3'200'000'000) == "cebebc2000");
  CHECK(signed_of(-1) == "ff");
  CHECK(signed_of(-32) == "e0");
  CHECK(signed_of(-33) == "d0df");
  CHECK(signed_of(-129) == "d1ff7f");
  CHECK(signed_of(-32'769) == "d2ffff7fff");
  CHECK(signed_of(INT64_MIN) == "d38000000000000000");
  for (int bits = 0; bits < 63; ++bits) {
    for (const std::int64_t off : {-1, 0, 1}) {
      for (const std::int64_t sign : {-1, 1}) {
        const auto v = sign * (std::int64_t{1} << bits >> 1) + off;
        Bytes out;
        { Writer(out, 9).signed_integer(v); }
        Reader in(out);
        CHECK(in.i64() == v);
        CHECK(in.rest().empty());
      }
    }
  }
}

TEST_CASE("texts are raw, and never str8 or bin but where that is asked for") {
  const auto of = [](std::size_t n) {
    const std::string text(n, 'x');
    return written([&](Writer& w) { w.text(text); }).substr(0, 10);
  };
  CHECK(of(0) == "a0");
  CHECK(of(1) == "a178");
  CHECK(of(31) == "bf78787878");
  CHECK(of(32) == "da00207878");
  CHECK(of(255) == "da00ff7878");
  CHECK(of(65'535) == "daffff7878");
  CHECK(of(65'536) == "db00010000");
  const auto today = [](std::size_t n, bool bytes) {
    const std::string v(n, 'x');
    return written([&](Writer& w) { bytes ? w.bin(as_bytes(v)) : w.str(v); }).substr(0, 10);
  };
  CHECK(today(31, false) == "bf78787878");
  CHECK(today(32, false) == "d920787878");
  CHECK(today(255, false) == "d9ff787878");
  CHECK(today(256, false) == "da01007878");
  CHECK(today(0, true) == "c400");
  CHECK(today(255, true) == "c4ff787878");
  CHECK(today(256, true) == "c501007878");
  CHECK(today(65'536, true) == "c600010000");
  CHECK(written([](Writer& w) { w.bin({}); }) == "c0");
  CHECK(written([](Writer& w) { w.raw({}); }) == "c0");
  CHECK(written([](Writer& w) { w.map(15); }) == "8f");
  CHECK(written([](Writer& w) { w.map(16); }) == "de0010");
  CHECK(written([](Writer& w) { w.array(512); }) == "dc0200");
  CHECK(written([](Writer& w) { w.array(65'536); }) == "dd00010000");
}

TEST_CASE("the scanner finds the end of every kind of value, whatever the pieces") {
  const char* const values[] = {"00",
                                "7f",
                                "e0",
                                "ff",
                                "c0",
                                "c2",
                                "c3",
                                "cc80",
                                "cd0100",
                                "ce00010000",
                                "cf0000000100000000",
                                "d080",
                                "d18000",
                                "d280000000",
                                "d38000000000000000",
                                "ca3f800000",
                                "cb3ff8000000000000",
                                "a0",
                                "a3616263",
                                "d903616263",
                                "da0003616263",
                                "db00000003616263",
                                "c403616263",
                                "c50003616263",
                                "c600000003616263",
                                "d401ff",
                                "d501ffff",
                                "d601ffffffff",
                                "d701ffffffffffffffff",
                                "d801ffffffffffffffffffffffffffffffff",
                                "c70301616263",
                                "c8000301616263",
                                "c90000000301616263",
                                "90",
                                "9301a1619101",
                                "dc0002c0c0",
                                "dd00000001c0",
                                "80",
                                "82a16101a16290",
                                "de0001a16180",
                                "df0000000101c0",
                                "9190",
                                "81a16181a16281a163c0"};
  for (const char* value : values) {
    CAPTURE(value);
    Bytes bytes = from_hex(value);
    const std::size_t size = bytes.size();
    bytes.push_back(0xc1);  // not looked at
    Scanner whole;
    std::size_t consumed = 0;
    CHECK(whole.scan(bytes, consumed) == Scanner::Progress::done);
    CHECK(consumed == size);
    // A byte more each time; bytes that were consumed are not shown again.
    Scanner slow;
    std::size_t at = 0;
    for (std::size_t shown = 0; shown < size; ++shown) {
      CHECK(slow.scan(ByteView(bytes).subspan(at, shown - at), consumed) ==
            Scanner::Progress::need_more);
      at += consumed;
    }
    CHECK(slow.scan(ByteView(bytes).subspan(at), consumed) == Scanner::Progress::done);
    CHECK(at + consumed == size);
    // The reader skips the same, and not half of it.
    Reader reader(bytes);
    reader.skip();
    CHECK(reader.ok());
    CHECK(reader.rest().size() == 1);
    for (std::size_t cut = 0; cut < size; ++cut) {
      Reader half(ByteView(bytes).first(cut));
      half.skip();
      CHECK(half.error() == WireError::truncated);
    }
  }
  std::size_t consumed = 0;
  CHECK(Scanner().scan(from_hex("92c0c1"), consumed) == Scanner::Progress::bad);
}

TEST_CASE("after an error everything reads as zero") {
  const Bytes bytes = from_hex("c10182a3616263");
  Reader in(bytes);
  CHECK(in.u64() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.text().empty());
  CHECK(in.map() == 0);
  CHECK(in.array() == 0);
  CHECK_FALSE(in.boolean());
  CHECK_FALSE(in.nil());
  CHECK(in.i64() == 0);
  in.skip();
  CHECK(in.error() == WireError::wrong_type);  // the first one
  CHECK(in.rest().empty());
}
