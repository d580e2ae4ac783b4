// Once its buffers have grown, the wire layer allocates nothing, with and without compression.
#include <vector>

#include "core/gossip/stream.h"
#include "tests/catch.h"
#include "tests/unit/gossip/allocations.h"
#include "tests/unit/gossip/hex.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

namespace {

// All that a node says and hears in a second or so, in buffers that live on.
struct Exchange {
  Bytes ping, alive, query, state, compound, packet, push_pull, stream;
  std::vector<ByteView> parts;
  PacketReader packets;
  StreamReader streams;
  Query read_query;
  PushPullState read_state;
  std::uint64_t read = 0;

  void run(const WireSettings& settings, const Query& asked, const PushPullState& kept) {
    for (Bytes* b : {&ping, &alive, &query, &state, &compound, &packet, &push_pull, &stream}) {
      b->clear();
    }
    encode(Ping{7, "node-with-a-name", Address::v4(0x7f000001, 7946), "another-node"}, ping);
    encode(Alive{1, "node-with-a-name", Address::v4(0x7f000001, 7946), as_bytes("web"), {}}, alive);
    begin_user_message(query);
    encode(asked, query);
    parts.assign({ByteView(ping), ByteView(alive), ByteView(query), ByteView(alive)});
    make_compound(parts, compound);
    make_packet(compound, settings, true, {}, packet);
    for (const Part& part : packets.read(packet, settings)) {
      Ping p;
      Alive a;
      if (part.type == MessageType::ping) read += decode(part.body(), p) == WireError::none;
      if (part.type == MessageType::alive) read += decode(part.body(), a) == WireError::none;
      if (part.type == MessageType::user) {
        read += decode(part.body().subspan(1), read_query) == WireError::none;
      }
    }
    encode(kept, state);
    encode(PushPullHeader{1, static_cast<std::int64_t>(state.size()), false}, push_pull);
    encode(PushNodeState{"node", Address::v4(0x7f000001, 7946), {}, 1, 0, {}}, push_pull);
    push_pull.insert(push_pull.end(), state.begin(), state.end());
    make_stream(push_pull, settings, StreamSide::dialled, {}, stream);
    streams.reset(StreamSide::dialled);
    if (streams.feed(stream, settings) != StreamReader::Progress::message) return;
    PushPullReader reader(streams.message().body());
    PushNodeState node;
    while (reader.next(node)) ++read;
    read += decode(reader.user_state().subspan(1), read_state) == WireError::none;
  }
};

}  // namespace

TEST_CASE("a warm wire allocates nothing") {
  Query asked;
  asked.name = "load";
  Bytes filter;
  encode_filter({FilterType::node, {"a", "b"}, {}, {}}, filter);
  asked.filters.assign(3, filter);
  PushPullState kept;
  for (int i = 0; i < 20; ++i) kept.status_ltimes.push_back({"node", 5});
  kept.left_members.assign(3, "gone");
  kept.events.push_back({7, 0, 1, 7});
  kept.event_items.push_back({"deploy", as_bytes("v1")});
  WireSettings settings;
  settings.label = "blue";
  settings.compress = GENERATE(false, true);
  Exchange exchange;
  for (int i = 0; i < 3; ++i) exchange.run(settings, asked, kept);
  REQUIRE(exchange.read == 3 * 6);
  const std::uint64_t before = allocations();
  for (int i = 0; i < 100; ++i) exchange.run(settings, asked, kept);
  const std::uint64_t after = allocations();
  CHECK(after == before);
  CHECK(exchange.read == 103 * 6);
}
