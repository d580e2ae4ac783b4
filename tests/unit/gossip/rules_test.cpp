// Each rule of memberlist's half does something: with it off, a small story ends differently.
#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

// Runs the story with the rule on and off and hands both results out.
template <class Story>
auto with_and_without(Rule rule, Story&& story) {
  const auto with = story([](Config&) {});
  const auto without = story([rule](Config& c) { c.rules.set(rule, false); });
  return std::pair(with, without);
}

using Tweak = std::function<void(Config&)>;

template <class Message>
void tell(Cluster& c, std::uint32_t to, const Message& message) {
  Bytes bytes;
  encode(message, bytes);
  c.packet(to, NodeId{2}, bytes);
}
void tell_alive(Cluster& c, std::uint32_t to, std::string_view name, std::uint32_t incarnation,
                std::uint32_t host = 50) {
  Alive m;
  m.incarnation = incarnation;
  m.node = name;
  m.address = AddressPlan{}.address(NodeId{host});
  tell(c, to, m);
}
const Member& of(Cluster& c, std::string_view name) { return c[1].member(c.names.find(name)); }

Cluster alone(const Tweak& tweak) {
  Cluster c(1, tweak);
  c.start(1);
  return c;
}
Cluster five(const Tweak& tweak, std::uint64_t seed = 3) {
  Cluster c(
      5,
      [&](Config& config) {
        config.push_pull_interval = {};
        tweak(config);
      },
      seed);
  c.start_all();
  c.run_for(seconds(5));
  return c;
}

TEST_CASE("precedence rules") {
  const auto resurrect = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell_alive(c, 1, "x", 2);
    tell(c, 1, Suspect{2, "x", "b"});
    tell_alive(c, 1, "x", 2);
    return of(c, "x").state;
  };
  CHECK(with_and_without(Rule::alive_needs_higher_incarnation, resurrect) ==
        std::pair(State::suspect, State::alive));

  const auto rise = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell_alive(c, 1, "x", 2);
    tell(c, 1, Dead{2, "x", "x"});
    tell_alive(c, 1, "x", 1);
    return of(c, "x").state;
  };
  CHECK(with_and_without(Rule::left_needs_newer_alive, rise) ==
        std::pair(State::left, State::alive));

  const auto stale = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell_alive(c, 1, "x", 5);
    tell(c, 1, Dead{3, "x", "b"});
    return of(c, "x").state;
  };
  CHECK(with_and_without(Rule::accusation_needs_current_incarnation, stale) ==
        std::pair(State::alive, State::dead));

  const auto by_itself = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell_alive(c, 1, "x", 1);
    tell(c, 1, Dead{1, "x", "x"});
    return of(c, "x").state;
  };
  CHECK(with_and_without(Rule::dead_by_itself_is_left, by_itself) ==
        std::pair(State::left, State::dead));

  const auto own_death = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell(c, 1, Dead{1, "node1", "b"});
    return of(c, "node1").state;
  };
  CHECK(with_and_without(Rule::dead_of_self_is_refuted, own_death) ==
        std::pair(State::alive, State::dead));

  const auto refutation = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell(c, 1, Suspect{4, "node1", "b"});
    return c[1].incarnation();
  };
  CHECK(with_and_without(Rule::refute_with_higher_incarnation, refutation) == std::pair(5u, 1u));

  const auto takeover = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell_alive(c, 1, "x", 1, 50);
    tell_alive(c, 1, "x", 2, 51);
    return static_cast<int>(c.names.record(of(c, "x").record).address.ip[3]);
  };
  CHECK(with_and_without(Rule::name_belongs_to_its_address, takeover) == std::pair(50, 51));

  // Refuted at once; the forgotten timer would still go off before a new suspicion's.
  const auto timed_out = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    for (const char* name : {"p", "q", "r"}) tell_alive(c, 1, name, 1, 60);
    tell_alive(c, 1, "x", 1);
    tell(c, 1, Suspect{1, "x", "p"});
    tell(c, 1, Suspect{1, "x", "q"});
    tell_alive(c, 1, "x", 2);
    c.run_for(seconds(12));
    return of(c, "x").state == State::dead;
  };
  CHECK(with_and_without(Rule::suspicion_ends_with_alive, timed_out) == std::pair(false, true));
}

TEST_CASE("suspicion: it comes first, it shrinks, accusers must differ, only news is passed on") {
  const auto first = [](const Tweak& tweak) {
    Cluster c = five(tweak);
    const Instant killed = c.now();
    c.kill(5);
    c.run_for(seconds(12));
    const TimedNote* suspect = c.find(1, Fact::member_suspect, killed);
    return suspect != nullptr;
  };
  CHECK(with_and_without(Rule::suspect_before_dead, first) == std::pair(true, false));

  const auto timeout = [](const Tweak& tweak) {
    Cluster c = five(tweak);
    const Instant killed = c.now();
    c.kill(5);
    c.run_for(seconds(12));
    return c.find(1, Fact::member_suspect, killed)->note.c / 1'000'000'000;
  };
  CHECK(with_and_without(Rule::suspicion_timeout_shrinks, timeout) ==
        std::pair<std::uint64_t, std::uint64_t>(24, 4));

  const auto same_accuser = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    for (const char* name : {"x", "p", "q", "r"}) tell_alive(c, 1, name, 1);
    for (int i = 0; i < 5; ++i) tell(c, 1, Suspect{1, "x", "p"});
    return c.count(1, Fact::suspicion_confirmed);
  };
  CHECK(with_and_without(Rule::confirmations_must_differ, same_accuser) ==
        std::pair<std::size_t, std::size_t>(0, 2));

  const auto echoed = [](const Tweak& tweak) {
    Cluster c = five(tweak);
    const Instant begin = c.now();
    c.kill(5);
    std::size_t suspects = 0;
    c.deliver = [&](NodeId, NodeId, ByteView bytes) {
      PacketReader reader;
      for (const Part& part : reader.read(bytes, {})) suspects += part.type == MessageType::suspect;
      return true;
    };
    c.run_until(begin + seconds(5));
    return suspects;
  };
  const auto [with, without] = with_and_without(Rule::rebroadcast_only_news, echoed);
  CHECK(without > 2 * with);
}

TEST_CASE("probing: helpers, streams, nacks, names, turns, health") {
  const auto asked = [](const Tweak& tweak) {
    Cluster c = five(tweak);
    const Instant killed = c.now();
    c.kill(5);
    c.run_for(seconds(6));
    const TimedNote* note = c.find(1, Fact::probe_indirect, killed);
    return std::pair(note->note.b > 0, note->note.c);
  };
  CHECK_FALSE(with_and_without(Rule::indirect_probe, asked).second.first);
  CHECK(with_and_without(Rule::indirect_probe, asked).first.first);
  CHECK(with_and_without(Rule::tcp_fallback_probe, asked).first.second == 1);
  CHECK(with_and_without(Rule::tcp_fallback_probe, asked).second.second == 0);

  const auto nacks = [](const Tweak& tweak) {
    Cluster c = five(tweak);
    std::size_t seen = 0;
    c.deliver = [&](NodeId, NodeId, ByteView bytes) {
      PacketReader reader;
      for (const Part& part : reader.read(bytes, {})) seen += part.type == MessageType::nack;
      return true;
    };
    c.kill(5);
    c.run_for(seconds(6));
    return seen > 0;
  };
  CHECK(with_and_without(Rule::nack, nacks) == std::pair(true, false));

  const auto other_name = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    Ping ping;
    ping.node = "somebody else";
    tell(c, 1, ping);
    return c.host(1).packets_out;
  };
  CHECK(with_and_without(Rule::ping_only_for_own_name, other_name) ==
        std::pair<std::uint64_t, std::uint64_t>(0, 1));

  const auto longest_gap = [](const Tweak& tweak) {
    Cluster c = five(tweak);
    c.run_for(seconds(300));
    Duration longest{};
    Instant last{};
    for (const TimedNote& n : c.host(1).notes) {
      if (n.note.fact != Fact::probe_started || n.note.peer != NodeId{5}) continue;
      if (last.ns != 0) longest = std::max(longest, n.at - last);
      last = n.at;
    }
    return longest <= seconds(7);
  };
  CHECK(with_and_without(Rule::probe_round_robin, longest_gap) == std::pair(true, false));

  const auto lasted = [](const Tweak& tweak) {
    Cluster c = five([&](Config& config) {
      tweak(config);
      config.tcp_pings = false;
    });
    tell(c, 1, Suspect{1, "node1", "node2"});
    c.deliver = [](NodeId from, NodeId, ByteView) { return from != NodeId{1}; };
    const Instant cut = c.now();
    c.run_for(seconds(5));
    return c.find(1, Fact::probe_failed, cut)->at - c.find(1, Fact::probe_started, cut)->at;
  };
  const auto scaled = with_and_without(Rule::awareness_scales_probe, lasted);
  CHECK(scaled.first == seconds(2));
  CHECK(scaled.second == seconds(1));

  const auto warned = [](const Tweak& tweak) {
    Cluster c = five([&](Config& config) {
      tweak(config);
      config.rules.set(Rule::piggyback, false);
    });
    std::size_t told = 0;
    c.deliver = [&](NodeId, NodeId to, ByteView bytes) {
      if (to != NodeId{5}) return true;
      PacketReader reader;
      for (const Part& part : reader.read(bytes, {})) {
        Suspect suspect;
        if (part.type == MessageType::ping && reader.read(bytes, {}).size() > 1) ++told;
      }
      return false;
    };
    c.pause(5);
    c.run_for(seconds(8));
    return told > 0;
  };
  CHECK(with_and_without(Rule::buddy_system, warned) == std::pair(true, false));
}

TEST_CASE("gossip: piggyback, limit, order, replacement, the dead") {
  const auto sent = [](const Tweak& tweak, auto&& matters) {
    Cluster c = five(tweak);
    std::size_t count = 0;
    const Instant begin = c.now();
    c.deliver = [&](NodeId from, NodeId to, ByteView bytes) {
      PacketReader reader;
      count += matters(from, to, reader.read(bytes, {}));
      return true;
    };
    tell(c, 1, Suspect{1, "node1", "b"});  // to be refuted, and so gossiped about
    c.run_until(begin + seconds(5));
    return count;
  };
  const auto refutations_of_1 = [&](const Tweak& tweak) {
    return sent(tweak, [](NodeId from, NodeId, std::span<const Part> parts) {
      std::size_t n = 0;
      for (const Part& part : parts) n += from == NodeId{1} && part.type == MessageType::alive;
      return n;
    });
  };
  CHECK(with_and_without(Rule::retransmit_limit, refutations_of_1).first == 4);
  CHECK(with_and_without(Rule::retransmit_limit, refutations_of_1).second > 40);

  // Gossip off: only probes can carry the refutation.
  const auto carried = [&](const Tweak& tweak) {
    return refutations_of_1([&](Config& c) {
             tweak(c);
             c.gossip_interval = seconds(3600);
           }) > 0;
  };
  CHECK(with_and_without(Rule::piggyback, carried) == std::pair(true, false));

  const auto to_the_dead = [](const Tweak& tweak) {
    Cluster c = five(tweak);
    c.kill(5);
    c.run_for(seconds(12));
    std::size_t count = 0;
    c.deliver = [&](NodeId, NodeId to, ByteView) {
      count += to == NodeId{5};
      return true;
    };
    for (int i = 0; i < 5; ++i) {
      tell(c, 1, Suspect{c[1].incarnation(), "node1", "b"});
      c.run_for(seconds(1));
    }
    return count > 0;
  };
  CHECK(with_and_without(Rule::gossip_to_the_dead, to_the_dead) == std::pair(true, false));

  // Twice in a row the same member is news: how many messages about it does a packet hold?
  const auto both = [](const Tweak& tweak) {
    Cluster c(2, [&](Config& config) {
      config.push_pull_interval = {};
      tweak(config);
    });
    c.start_all();
    c.run_for(seconds(5));
    std::size_t most = 0;
    c.deliver = [&](NodeId, NodeId, ByteView bytes) {
      PacketReader reader;
      std::size_t n = 0;
      for (const Part& part : reader.read(bytes, {})) n += part.type == MessageType::alive;
      most = std::max(most, n);
      return true;
    };
    tell_alive(c, 1, "x", 1);
    tell_alive(c, 1, "x", 2);
    tell_alive(c, 1, "x", 3);
    c.run_for(milliseconds(300));
    return most;
  };
  CHECK(with_and_without(Rule::newer_message_replaces_older, both) ==
        std::pair<std::size_t, std::size_t>(1, 3));

  // Room for one message: which of two is it, the one sent before or the fresh one?
  const auto fresh_first = [](const Tweak& tweak) {
    Cluster c(2, [&](Config& config) {
      config.push_pull_interval = {};
      config.probe_interval = seconds(600);
      config.gossip_nodes = 1;
      config.udp_buffer_size = 90;
      tweak(config);
    });
    c.start_all();
    c.run_for(seconds(5));
    std::string order;
    c.deliver = [&](NodeId from, NodeId, ByteView bytes) {
      PacketReader reader;
      for (const Part& part : reader.read(bytes, {})) {
        Alive alive;
        if (from != NodeId{1} || part.type != MessageType::alive) continue;
        if (decode(part.body(), alive) == WireError::none) order += alive.node;
      }
      return true;
    };
    tell_alive(c, 1, "x", 1);
    c.run_for(milliseconds(200));
    tell_alive(c, 1, "y", 1);
    c.run_for(milliseconds(200));
    return order;
  };
  CHECK(with_and_without(Rule::fewest_transmits_first, fresh_first) ==
        std::pair<std::string, std::string>("xy", "xx"));
}

TEST_CASE("a packet does not hold more messages than its counter can tell") {
  const auto understood = [](const Tweak& tweak) {
    Cluster c(2, [&](Config& config) {
      config.push_pull_interval = {};
      config.probe_interval = seconds(600);
      config.udp_buffer_size = 60'000;
      tweak(config);
    });
    c.start_all();
    c.run_for(seconds(5));
    bool all_read = true;
    c.deliver = [&](NodeId, NodeId, ByteView bytes) {
      PacketReader reader;
      reader.read(bytes, {});
      all_read = all_read && reader.error() == WireError::none;
      return true;
    };
    for (int i = 0; i < 400; ++i) tell_alive(c, 1, "x" + std::to_string(i), 1, 1000);
    c.run_for(seconds(1));
    return all_read;
  };
  CHECK(with_and_without(Rule::compound_fits_its_count, understood) == std::pair(true, false));
}

TEST_CASE("exchanges of states: at all, and what they make of the dead") {
  const auto exchanged = [](const Tweak& tweak) {
    Cluster c(2, tweak);
    c.start_all();
    c.run_for(seconds(200));
    return c.count(1, Fact::push_pull_done) > 2;
  };
  CHECK(with_and_without(Rule::push_pull, exchanged) == std::pair(true, false));

  const auto merged = [](const Tweak& tweak) {
    Cluster c = alone(tweak);
    tell_alive(c, 1, "x", 1);
    Bytes message, stream;
    encode(PushPullHeader{1, 0, false}, message);
    PushNodeState node;
    node.name = "x";
    node.address = AddressPlan{}.address(NodeId{50});
    node.incarnation = 1;
    node.state = 2;
    encode(node, message);
    WireSettings settings;
    settings.compress = false;
    make_stream(message, settings, StreamSide::dialled, {}, stream);
    c.step(1, [&](Engine& e, const Turn& t) {
      e.on_stream_opened(t, 5, NodeId{2}, false);
      e.on_stream_bytes(t, 5, stream);
    });
    return of(c, "x").state;
  };
  CHECK(with_and_without(Rule::dead_in_push_pull_is_suspect, merged) ==
        std::pair(State::suspect, State::dead));
}

}  // namespace
}  // namespace quorumlab::gossip::test
