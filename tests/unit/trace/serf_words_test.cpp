// Where serf's agent logs a line, ours reads the same (serf.md 8.1 and the recordings); what we add stands
// behind it in brackets.
#include <string>
#include <vector>

#include "sim/trace/file.h"
#include "sim/trace/words.h"
#include "tests/catch.h"

namespace quorumlab::trace {
namespace {

struct Told {
  std::vector<std::string> names{"one", "two", "copy"};
  Trace trace;

  Told() {
    Record started;
    started.kind = static_cast<std::uint16_t>(WorldFact::process_started);
    started.node = 3;
    started.b = trace.text("two");  // the copy's agent
    trace.append(started);
    trace.name_agent(3, started.b);
  }
  std::string operator()(Fact fact, std::uint32_t peer, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0,
                         Reason reason = Reason::none) const {
    Record r;
    r.kind = static_cast<std::uint16_t>(fact);
    r.reason = static_cast<std::uint16_t>(reason);
    r.node = 1;
    r.peer = peer;
    r.a = a;
    r.b = b;
    r.c = c;
    return words(r, {names, &trace});
  }
};

TEST_CASE("lines of the agent's log as serf writes them") {
  Told told;
  constexpr std::uint64_t kIp = (10ull << 24 | 2) << 8;
  CHECK(told(Fact::serf_member_event, 2, 0, 0, kIp | 1) == "one: [INFO] serf: EventMemberJoin: two 10.0.0.2");
  CHECK(told(Fact::serf_member_event, 2, 1, 4, kIp | 3, Reason::forced) ==
        "one: [INFO] serf: EventMemberLeave (forced): two 10.0.0.2");
  CHECK(told(Fact::serf_member_event, 2, 3, 1, kIp | 1) == "one: [INFO] serf: EventMemberUpdate: two");
  CHECK(told(Fact::serf_member_event, 2, 4, 3, kIp, Reason::pruned) == "one: [INFO] serf: EventMemberReap: two");
  CHECK(told(Fact::probe_failed, 3) == "one: [INFO] memberlist: Suspect two has failed, no acks received");
  CHECK(told(Fact::suspicion_timed_out, 2, 1, 2) ==
        "one: [INFO] memberlist: Marking two as failed, suspect timeout reached (2 peer confirmations)");
  CHECK(told(Fact::refuted, 2, 5, 4, 3) ==
        "one: [WARN] memberlist: Refuting a suspect message (from: two) [its incarnation is now 5]");
  const std::uint64_t claim = told.trace.text("meta:([255 128] VS [255 128]), vsn:([1 5 2 2 5 5] VS [1 5 2 2 5 5])");
  CHECK(told(Fact::refuted, 0, 5, 4, 4 | claim << 8) ==
        "one: [WARN] memberlist: Refuting an alive message for 'one' (10.0.0.1:7946) meta:([255 128] VS [255 128]), "
        "vsn:([1 5 2 2 5 5] VS [1 5 2 2 5 5]) [its incarnation is now 5]");
  CHECK(told(Fact::address_conflict, 2, 3, 0) ==
        "one: [ERR] memberlist: Conflicting address for two. Mine: 10.0.0.2:7946 Theirs: 10.0.0.3:7946 Old state: 0");
  CHECK(told(Fact::name_conflict, 3, 2, 0) ==
        "one: [WARN] serf: Name conflict for 'two' both 10.0.0.3:7946 and 10.0.0.2:7946 are claiming");
  CHECK(told(Fact::name_conflict, 1, 2, 1) ==
        "one: [ERR] serf: Node name conflicts with another node at 10.0.0.2:7946. Names must be unique! "
        "(Resolution enabled: true)");
  CHECK(told(Fact::name_conflict, 1, 2, 2).ends_with("(Resolution enabled: false)"));
  CHECK(told(Fact::conflict_resolved, 0, 0, 3, 0) ==
        "one: [WARN] serf: minority in name conflict resolution, quitting [0 / 3]");
  CHECK(told(Fact::reconnect_attempted, 2, 1) == "one: [INFO] serf: attempting reconnect to two 10.0.0.2:7946");
  CHECK(told(Fact::rejoin_attempted, 3) ==
        "one: [INFO] serf: Attempting re-join to previously known node: two: 10.0.0.3:7946");
  CHECK(told(Fact::join_ended, 2, 1, 1, 0) == "one: [INFO] serf: Re-joined to previously known node: two: 10.0.0.2:7946");
  CHECK(told(Fact::join_began, 2, 0b10, 0, 1) == "one: [INFO] agent: joining: [10.0.0.2:7946] replay: false");
  CHECK(told(Fact::join_began, 3, 0b110, 1, 3) ==
        "one: [INFO] agent: joining: [10.0.0.3:7946 10.0.0.2:7946] replay: true [and 1 more]");
  CHECK(told(Fact::join_ended, 0, 1, 0, 1) == "one: [INFO] agent: joined: 1 nodes");
  CHECK(told(Fact::leave_started, 0, 7) == "one: [INFO] agent: requesting graceful leave from Serf");
}

TEST_CASE("an agent's name goes with the trace into a file and out again") {
  const Told told;
  Bytes bytes;
  encode_file({}, told.trace, bytes);
  const auto file = decode_file(bytes, "memory");
  REQUIRE(file.has_value());
  CHECK(file->trace.agent_name(3) == "two");
  CHECK(file->trace.agent_name(2).empty());
  Trace cleared = told.trace;
  cleared.clear();
  CHECK(cleared.agent_name(3).empty());
}

TEST_CASE("what came from outside does not steer a terminal") {
  CHECK(printable("a\x1b[31m\tb\nc\x7f\xc2\x85 \xc3\xa9") == "a\\x1b[31m\\tb\\nc\\x7f\\u0085 \xc3\xa9");
  CHECK(printable("a\tb\n\r", true) == "a\tb\n\\x0d");
}

}  // namespace
}  // namespace quorumlab::trace
