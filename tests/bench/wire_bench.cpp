// What gossip's bytes cost: the messages that an idle cluster sends every second, the packets of a
// busy one, and each layer that may be put on them. Real message sizes, warm buffers.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/gossip/lzw.h"
#include "core/gossip/packet.h"
#include "tests/bench/workload.h"

namespace quorumlab::bench {
namespace {

using namespace gossip;

const Address kAddress = Address::v4(0x7f000001, 24001);

Ping ping() { return {300, "node1", kAddress, "node2"}; }
Alive alive(ByteView meta) { return {1, "node1", kAddress, meta, {}}; }

// Two tags, as in the captures.
Bytes meta() {
  Bytes out;
  const std::vector<Tag> tags{{"ver", "2"}, {"role", "lb"}};
  encode_tags(tags, out);
  return out;
}

// Four alive messages and a user event: what gossip sends after a join.
Bytes compound() {
  const Bytes tags = meta();
  Bytes one, event, out;
  encode(alive(tags), one);
  begin_user_message(event);
  encode(UserEvent{1, "deploy-app", as_bytes("v1.2.3"), true}, event);
  make_compound(std::vector<ByteView>{one, one, one, one, event}, out);
  return out;
}

// Runs `work` and says how many bytes it handles each time, and how often it allocates.
template <class Work>
void measure(benchmark::State& state, std::size_t bytes, Work&& work) {
  work();
  const std::uint64_t before = allocations().calls;
  work();
  state.counters["allocations"] = static_cast<double>(allocations().calls - before);
  state.counters["bytes"] = static_cast<double>(bytes);
  for (auto _ : state) work();
}

template <class Message>
void encoding(benchmark::State& state, const Message& message) {
  Bytes out;
  encode(message, out);
  measure(state, out.size(), [&] {
    out.clear();
    encode(message, out);
    benchmark::DoNotOptimize(out.data());
  });
}

template <class Message>
void decoding(benchmark::State& state, const Message& message) {
  Bytes bytes;
  encode(message, bytes);
  Message read;
  measure(state, bytes.size(), [&] {
    benchmark::DoNotOptimize(decode(ByteView(bytes).subspan(1), read));
    benchmark::DoNotOptimize(read);
  });
}

void wire_encode_ping(benchmark::State& state) { encoding(state, ping()); }
void wire_decode_ping(benchmark::State& state) { decoding(state, ping()); }
void wire_encode_alive(benchmark::State& state) {
  const Bytes tags = meta();
  encoding(state, alive(tags));
}
void wire_decode_alive(benchmark::State& state) {
  const Bytes tags = meta();
  decoding(state, alive(tags));
}
void wire_encode_ack(benchmark::State& state) {
  Bytes payload, out;
  measure(state, 150, [&] {
    payload.clear();
    out.clear();
    encode_ack_payload(Coordinate{}, payload);
    encode(Ack{7, payload}, out);
    benchmark::DoNotOptimize(out.data());
  });
}
void wire_decode_ack(benchmark::State& state) {
  Bytes payload, out;
  encode_ack_payload(Coordinate{}, payload);
  encode(Ack{7, payload}, out);
  Coordinate coordinate;
  measure(state, out.size(), [&] {
    Ack ack;
    benchmark::DoNotOptimize(decode(ByteView(out).subspan(1), ack));
    benchmark::DoNotOptimize(decode_ack_payload(ack.payload, coordinate));
    benchmark::DoNotOptimize(coordinate);
  });
}

// Layers chosen by the argument: 0 CRC alone, 1 compressed, 2 encrypted.
struct Layers {
  explicit Layers(benchmark::State& state) {
    settings.compress = state.range(0) == 1;
    if (state.range(0) == 2) settings.keys = keys;
  }
  std::vector<Bytes> keys{Bytes(32, 7)};
  WireSettings settings;
};

void wire_make_packet(benchmark::State& state) {
  const Layers layers(state);
  const Bytes message = compound();
  Bytes out;
  measure(state, message.size(), [&] {
    out.clear();
    make_packet(message, layers.settings, true, {}, out);
    benchmark::DoNotOptimize(out.data());
  });
}
void wire_read_packet(benchmark::State& state) {
  const Layers layers(state);
  const Bytes message = compound();
  Bytes packet;
  make_packet(message, layers.settings, true, {}, packet);
  PacketReader reader;
  measure(state, message.size(),
          [&] { benchmark::DoNotOptimize(reader.read(packet, layers.settings).size()); });
}
// What every single message pays.
void wire_read_bare_ping(benchmark::State& state) {
  Bytes packet;
  encode(ping(), packet);
  PacketReader reader;
  Ping read;
  measure(state, packet.size(), [&] {
    for (const Part& part : reader.read(packet, {})) {
      benchmark::DoNotOptimize(decode(part.body(), read));
    }
    benchmark::DoNotOptimize(read);
  });
}

BENCHMARK(wire_encode_ping);
BENCHMARK(wire_decode_ping);
BENCHMARK(wire_encode_ack);
BENCHMARK(wire_decode_ack);
BENCHMARK(wire_encode_alive);
BENCHMARK(wire_decode_alive);
BENCHMARK(wire_read_bare_ping);
BENCHMARK(wire_make_packet)->Arg(0)->Arg(1)->Arg(2);
BENCHMARK(wire_read_packet)->Arg(0)->Arg(1)->Arg(2);

}  // namespace
}  // namespace quorumlab::bench
