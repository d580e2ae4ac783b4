// The lock by gossip alone: what it takes from serf's list of members, and what not.
#include "core/recipes/app.h"

#include "core/node/agent.h"
#include "core/node/request.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::recipes;

namespace {

struct Worker2 {
  App app;
  Effects out;
  Now now;

  Worker2() {
    AppConfig config;
    config.kind = AppConfig::Kind::gossip_lock;
    config.id = NodeId{4};
    config.name = "worker2";
    config.servers = {NodeId{2}};
    config.after = {"web1"};
    app.reset(config, Random(1));
    step({});
  }
  void step(const Event& event) {
    out.clear();
    app.step(now, event, out);
  }
  // The agent answers its last question.
  void hears(std::string_view list) {
    if (out.asks.empty()) {
      now.monotonic = out.wake_at;
      Event due;
      due.kind = Event::Kind::deadline_reached;
      step(due);
    }
    REQUIRE_FALSE(out.asks.empty());
    const auto request = decode_request(out.view(out.asks.back().bytes));
    REQUIRE(request.has_value());
    const auto command = decode_agent_command(request->value);
    REQUIRE(command.has_value());
    CHECK(command->kind == AgentCommand::Kind::members);
    AgentAnswer answer;
    answer.text = as_bytes(list);
    Bytes bytes;
    encode(answer, bytes);
    Event event;
    event.kind = Event::Kind::answered;
    event.peer = NodeId{2};
    event.id = out.asks.back().id;
    event.bytes = bytes;
    step(event);
  }
};

}  // namespace

TEST_CASE("a lock by gossip is taken when those before are gone") {
  Worker2 worker;
  for (const char* nobody_gone : {"", "web1 alive\nweb2 alive\n", "web1 leaving\n", "web2 alive\n", "web11 failed\n",
                                  "web1\n", "xweb1 failed\n"}) {
    INFO(nobody_gone);
    worker.hears(nobody_gone);
    CHECK_FALSE(worker.app.holds());
  }
  worker.hears("web2 alive\nweb1 failed\n");
  CHECK(worker.app.holds());
  REQUIRE(worker.out.notes.size() == 1);
  CHECK(worker.out.notes[0].fact == Fact::holds);
  worker.hears("web1 left");
  CHECK(worker.app.holds());
  CHECK(worker.out.notes.empty());
  worker.hears("web1 alive\n");
  CHECK_FALSE(worker.app.holds());
  REQUIRE(worker.out.notes.size() == 1);
  CHECK(worker.out.notes[0].fact == Fact::lets_go);
}

TEST_CASE("a lock by gossip learns nothing from an agent that does not answer") {
  Worker2 worker;
  worker.hears("web1 failed\n");
  REQUIRE(worker.app.holds());
  worker.now.monotonic = worker.out.wake_at;
  Event due;
  due.kind = Event::Kind::deadline_reached;
  worker.step(due);
  Event refused;
  refused.kind = Event::Kind::ask_failed;
  refused.id = worker.out.asks.back().id;
  worker.step(refused);
  CHECK(worker.app.holds());
}
