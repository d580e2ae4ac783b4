// Exchanges of whole states: what is merged how, what is refused.
#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

// An engine of one, to which a stream brings the state that a test makes up.
struct Exchange {
  Cluster c;
  explicit Exchange(const std::function<void(Config&)>& tweak = {}) : c(1, tweak) { c.start(1); }

  struct Node {
    std::string name;
    std::uint32_t host, incarnation;
    State state;
    Vsn vsn{};
  };
  void merge(const std::vector<Node>& nodes, bool join = false, std::uint64_t id = 900) {
    Bytes message, stream;
    encode(PushPullHeader{static_cast<std::int64_t>(nodes.size()), 0, join}, message);
    for (const Node& n : nodes) {
      PushNodeState node;
      node.name = n.name;
      node.address = AddressPlan{}.address(NodeId{n.host});
      node.incarnation = n.incarnation;
      node.state = static_cast<std::uint8_t>(n.state);
      node.vsn = n.vsn;
      encode(node, message);
    }
    WireSettings settings;
    settings.compress = false;
    make_stream(message, settings, StreamSide::dialled, {}, stream);
    c.step(1, [&](Engine& e, const Turn& t) {
      e.on_stream_opened(t, id, NodeId{2}, false);
      e.on_stream_bytes(t, id, stream);
    });
  }
  State state(std::string_view name) { return c[1].member(c.names.find(name)).state; }
};

TEST_CASE("the dead of another's list are suspected, who left has left, strangers come in alive") {
  Exchange x;
  x.merge({{"a", 11, 1, State::alive},
           {"b", 12, 1, State::alive},
           {"c", 13, 1, State::alive},
           {"e", 15, 1, State::dead},
           {"f", 16, 1, State::suspect},
           {"g", 17, 1, State::left}});
  CHECK(x.state("a") == State::alive);
  // Of strangers only the living are taken in.
  CHECK(x.state("e") == State::unknown);
  CHECK(x.state("f") == State::unknown);
  CHECK(x.state("g") == State::unknown);
  x.merge({{"a", 11, 1, State::dead}, {"b", 12, 1, State::suspect}, {"c", 13, 1, State::left}},
          false, 901);
  CHECK(x.state("a") == State::suspect);
  CHECK(x.state("b") == State::suspect);
  CHECK(x.state("c") == State::left);
  CHECK(x.c.count(1, Fact::push_pull_done) == 2);
  // The accuser is the one who merged.
  CHECK(x.c.find(1, Fact::member_suspect)->note.b == 1);
}

TEST_CASE("versions that do not go together refuse the whole exchange") {
  Vsn old;
  old.bytes = {1, 1, 1, 2, 5, 5};
  Exchange x;
  x.merge({{"a", 11, 1, State::alive}, {"b", 12, 1, State::alive, old}});
  CHECK(x.state("a") == State::unknown);
  CHECK(x.c.find(1, Fact::push_pull_failed)->note.reason == Reason::incompatible_version);
  Exchange lenient([](Config& c) { c.rules.set(Rule::check_protocol_versions, false); });
  lenient.merge({{"a", 11, 1, State::alive}, {"b", 12, 1, State::alive, old}});
  CHECK(lenient.state("a") == State::alive);
}

TEST_CASE("what is cut short changes nothing") {
  Exchange x;
  Bytes message, stream;
  encode(PushPullHeader{2, 0, false}, message);
  PushNodeState node;
  node.name = "a";
  node.address = AddressPlan{}.address(NodeId{11});
  node.incarnation = 1;
  encode(node, message);
  WireSettings settings;
  settings.compress = false;
  make_stream(message, settings, StreamSide::dialled, {}, stream);
  x.c.step(1, [&](Engine& e, const Turn& t) {
    e.on_stream_opened(t, 5, NodeId{2}, false);
    e.on_stream_bytes(t, 5, stream);
    e.on_stream_closed(t, 5);
  });
  CHECK(x.state("a") == State::unknown);
  CHECK(x.c.find(1, Fact::push_pull_failed)->note.reason == Reason::connection_lost);
}

TEST_CASE("the 128th exchange at once is turned away") {
  Exchange x;
  for (std::uint64_t id = 1; id <= 126; ++id) {
    x.c.step(1, [&](Engine& e, const Turn& t) { e.on_stream_opened(t, id, NodeId{2}, false); });
  }
  x.merge({{"a", 11, 1, State::alive}}, false, 900);
  CHECK(x.state("a") == State::alive);
  x.c.step(1, [&](Engine& e, const Turn& t) { e.on_stream_opened(t, 127, NodeId{2}, false); });
  x.merge({{"b", 12, 1, State::alive}}, false, 901);
  CHECK(x.state("b") == State::unknown);
  CHECK(x.c.find(1, Fact::push_pull_failed)->note.reason == Reason::too_many_exchanges);
  // Those that say nothing are given up after the TCP timeout.
  x.c.run_for(seconds(11));
  x.merge({{"b", 12, 1, State::alive}}, false, 902);
  CHECK(x.state("b") == State::alive);
}

TEST_CASE("states are exchanged at the interval, with anybody alive") {
  Cluster c(3);
  c.start_all();
  c.run_for(seconds(5));
  const Instant begin = c.now();
  c.run_for(seconds(3000));
  std::size_t asked = 0;
  for (const TimedNote& n : c.host(1).notes) {
    asked += n.note.fact == Fact::push_pull_done && n.at >= begin && n.note.c == 1;
  }
  CHECK(asked >= 99);
  CHECK(asked <= 101);
  CHECK(c.count(1, Fact::push_pull_done, begin) > asked + 50);  // and others ask it
}

TEST_CASE("labels and keys: strangers are not understood, and streams say so") {
  for (const bool key : {false, true}) {
    Cluster c(3, [&](Config& config) {
      if (key && config.id.value != 3) config.keys = {Bytes(16, 7)};
      if (!key && config.id.value != 3) config.label = "ours";
    });
    c.start_all();
    c.run_for(seconds(10));
    CHECK(c.state(1, 2) == State::alive);
    CHECK(c.state(2, 1) == State::alive);
    CHECK(c.state(1, 3) == State::unknown);
    CHECK(c.state(3, 1) == State::unknown);
    CHECK(c.count(1, Fact::probe_failed) == 0);
    REQUIRE(c.host(3).answers.size() == 1);
    CHECK(c.host(3).answers[0].count == 0);
  }
}

}  // namespace
}  // namespace quorumlab::gossip::test
