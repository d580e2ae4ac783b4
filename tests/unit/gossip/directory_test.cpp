// Names, records and addresses; the profiles and what configurations are refused.
#include "core/gossip/directory.h"

#include "core/gossip/config.h"
#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

TEST_CASE("a name has one number for ever, and what was never named has none") {
  Directory d;
  CHECK_FALSE(d.find("x"));
  std::vector<PeerId> ids;
  for (int i = 0; i < 5000; ++i) ids.push_back(d.intern("node" + std::to_string(i)));
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "node" + std::to_string(i);
    CHECK(ids[static_cast<std::size_t>(i)] == PeerId{static_cast<std::uint32_t>(i)});
    CHECK(d.find(name) == ids[static_cast<std::size_t>(i)]);
    CHECK(d.name(ids[static_cast<std::size_t>(i)]) == name);
  }
  CHECK(d.size() == 5000);
  CHECK(d.intern("") == PeerId{5000});
  d.clear();
  CHECK_FALSE(d.find("node1"));
  CHECK(d.intern("node1") == PeerId{0});
}

TEST_CASE("records are the same only if all of them is") {
  Directory d;
  const PeerId one = d.intern("one"), two = d.intern("two");
  const std::array<std::uint8_t, 6> v{1, 5, 2, 2, 5, 5};
  std::array<std::uint8_t, 6> w = v;
  w[2] = 3;
  const auto at = [](std::uint32_t host) { return AddressPlan{}.address(NodeId{host}); };
  const RecordId first = d.intern(one, at(1), as_bytes("a"), v);
  CHECK(d.intern(one, at(1), as_bytes("a"), v) == first);
  CHECK(d.intern(two, at(1), as_bytes("a"), v) != first);
  CHECK(d.intern(one, at(2), as_bytes("a"), v) != first);
  CHECK(d.intern(one, at(1), as_bytes("b"), v) != first);
  CHECK(d.intern(one, at(1), as_bytes("a"), w) != first);
  for (std::uint32_t i = 0; i < 1000; ++i) d.intern(one, at(i), as_bytes("c"), v);
  CHECK(d.intern(one, at(1), as_bytes("a"), v) == first);
  CHECK(d.records() == 5 + 1000);
  CHECK(as_text(d.record(first).meta) == "a");
  CHECK(d.record(first).peer == one);
}

TEST_CASE("addresses: from the wire, as text, and to hosts and back") {
  const Bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9};
  CHECK(Address::from_bytes(mapped, 7946) == AddressPlan{}.address(NodeId{9}));
  CHECK(Address::from_bytes(Bytes{10, 0, 0, 9}, 7946).text() == "10.0.0.9:7946");
  CHECK(Address::from_bytes(Bytes{1, 2, 3}, 1).size == 0);
  CHECK(Address::from_bytes({}, 1).size == 0);
  const auto v6 = [](std::initializer_list<std::pair<std::size_t, std::uint8_t>> set) {
    Bytes b(16, 0);
    for (const auto& [i, v] : set) b[i] = v;
    return Address::from_bytes(b, 80);
  };
  CHECK(v6({}).ip_text() == "::");
  CHECK(v6({{15, 1}}).text() == "[::1]:80");
  CHECK(v6({{0, 0x20}, {1, 1}, {15, 0x0a}}).ip_text() == "2001::a");
  CHECK(v6({{0, 0xfe}, {1, 0x80}, {5, 1}, {15, 2}}).ip_text() == "fe80:0:1::2");
  CHECK(v6({{1, 1}, {5, 1}, {9, 1}, {13, 1}}).ip_text() == "1:0:1:0:1:0:1:0");

  AddressPlan network;
  AddressPlan machine;
  machine.first = 0x7f000001;
  machine.port = 24000;
  machine.by_port = true;
  for (const AddressPlan& plan : {network, machine}) {
    for (const std::uint32_t host : {1u, 2u, 255u, 256u, 10'000u}) {
      CHECK(plan.host(plan.address(NodeId{host})) == NodeId{host});
    }
    CHECK(plan.host(Address::v4(1, 1)) == kNobody);
    CHECK(plan.host({}) == kNobody);
  }
  CHECK(machine.address(NodeId{2}).text() == "127.0.0.1:24002");
}

Config sound() {
  Config c;
  c.id = {1};
  c.name = "node1";
  return c;
}

TEST_CASE("the profiles are serf's") {
  CHECK(Config::lan().gossip_interval == milliseconds(200));
  CHECK(Config::wan().probe_interval == seconds(5));
  CHECK(Config::wan().suspicion_mult == 6);
  CHECK(Config::wan().gossip_nodes == 4);
  CHECK(Config::local().retransmit_mult == 2);
  CHECK(Config::local().indirect_checks == 1);
  for (Config c : {Config::lan(), Config::wan(), Config::local()}) {
    c.id = {1};
    c.name = "n";
    CHECK(c.validate().has_value());
  }
}

TEST_CASE("a configuration that cannot work is refused by the name of its field") {
  const auto refused = [](auto&& change) {
    Config c = sound();
    change(c);
    const auto result = c.validate();
    return result ? std::string("fine") : result.error().where;
  };
  CHECK(refused([](Config&) {}) == "fine");
  CHECK(refused([](Config& c) { c.id = {}; }) == "id");
  CHECK(refused([](Config& c) { c.name = ""; }) == "name");
  CHECK(refused([](Config& c) { c.name = std::string(129, 'x'); }) == "name");
  CHECK(refused([](Config& c) { c.probe_interval = {}; }) == "probe_interval");
  CHECK(refused([](Config& c) { c.probe_timeout = seconds(2); }) == "probe_timeout");
  CHECK(refused([](Config& c) { c.gossip_interval = milliseconds(-5); }) == "gossip_interval");
  CHECK(refused([](Config& c) { c.push_pull_interval = milliseconds(-1); }) ==
        "push_pull_interval");
  CHECK(refused([](Config& c) { c.retransmit_mult = 0; }) == "retransmit_mult");
  CHECK(refused([](Config& c) { c.suspicion_mult = 18; }) == "suspicion_mult");
  CHECK(refused([](Config& c) { c.awareness_max_multiplier = 0; }) == "awareness_max_multiplier");
  CHECK(refused([](Config& c) { c.udp_buffer_size = 65'508; }) == "udp_buffer_size");
  CHECK(refused([](Config& c) { c.label = std::string(256, 'x'); }) == "label");
  CHECK(refused([](Config& c) { c.keys = {Bytes(15)}; }) == "keys");
  CHECK(refused([](Config& c) { c.keys = {Bytes(24)}; }) == "fine");
  CHECK(refused([](Config& c) { c.tags = {{"a", std::string(600, 'x')}}; }) == "tags");
  CHECK(refused([](Config& c) { c.tags = {{"b", ""}, {"a", ""}}; }) == "tags");
  CHECK(refused([](Config& c) { c.user_event_size_limit = 9217; }) == "user_event_size_limit");
}

}  // namespace
}  // namespace quorumlab::gossip
