"""A cluster to explore: time, acts, copies, and what can be read of it."""

import copy
import datetime
import pickle

import pytest

import quorumlab
from quorumlab import Cluster, ExpectationFailed, ScenarioError


def test_it_elects_a_leader_and_shows_a_picture():
    sim = Cluster(nodes=5, seed=42)
    assert sim.leader is None
    assert all(server.running for server in sim)
    sim.run(until="became_leader")
    assert sim.leader.role == "leader" and sim.leader.term == 1
    assert sim.quorum and sim.quorum.have == 5 and sim.quorum.need == 3
    assert sim._repr_svg_().startswith("<svg") and "script" not in sim._repr_svg_()
    assert set(sim._repr_mimebundle_()) == {"text/plain", "image/svg+xml"}


def test_the_digest_is_the_command_lines(tool, tmp_path):
    sim = Cluster(nodes=5, seed=42, loss="5%", always=["election-safety"])
    sim.run_for("1s")
    sim.put("x", 1)
    sim.crash("@leader")
    with sim.partition(["@random"], ["@others"]):
        sim.run_for(datetime.timedelta(milliseconds=700))
        sim.write(y=2)
    sim.restart("@last-crashed")
    sim.run_for("1s")
    path = sim.to_scenario("explored").save(tmp_path / "explored.scenario.json")
    assert tool("run", path, "--quiet").split()[-1] == sim.digest
    assert sim.to_scenario().run().digest == sim.digest


def test_an_act_at_the_very_start():
    sim = Cluster(nodes=3, seed=5)
    sim.crash("n2")
    sim.run_for("1s")
    assert sim.to_scenario().run().digest == sim.digest


def test_time():
    sim = Cluster(nodes=3, seed=1)
    assert sim.now == 0.0 and sim.run(until="150ms").now_ns == 150_000_000
    assert sim.run_for(0.5).now_ns == 650_000_000
    assert sim.run_for(datetime.timedelta(milliseconds=1)).now_ns == 651_000_000
    before = sim.events_handled
    assert sim.peek() >= sim.now
    sim.step()
    assert sim.events_handled == before + 1
    sim.run(max_events=10)
    assert sim.events_handled == before + 11
    sim.run(until={"leader": "exists"})
    assert sim.holds(leader="exists", quorum="available")
    assert sim.run(until=lambda s: s.now > 2).now > 2
    with pytest.raises(ScenarioError):
        sim.run(until="1s")
    with pytest.raises(ExpectationFailed):
        sim.run(until="snapshot_installed", within="100ms")
    with pytest.raises(TypeError):
        sim.run()


def test_forks_share_the_past_and_nothing_else():
    sim = Cluster(nodes=5, seed=3).run_for("1s")
    other, digest = sim.fork(), sim.digest
    other.crash("@leader")
    other.run_for("1s")
    assert sim.digest == digest and sim.now == 1.0
    assert copy.copy(sim).run_for("1s").digest == sim.run_for("1s").digest
    assert other.digest != sim.digest


def test_snapshots_seeking_and_pickles():
    sim = Cluster(nodes=5, seed=3).run_for("1s")
    sim.put("a", 1)
    there = sim.snapshot()
    digest, now = sim.digest, sim.now_ns
    sim.crash("@leader")
    sim.run_for("1s")
    later, when = sim.digest, sim.now_ns
    assert sim.restore(there).digest == digest and sim.now_ns == now
    sim.crash("@leader")
    assert sim.run_for("1s").digest == later
    other = pickle.loads(pickle.dumps(sim))
    assert (other.digest, other.now_ns, other.events_handled) == (later, when, sim.events_handled)
    assert other.run_for("1s").digest == sim.fork().run_for("1s").digest
    assert Cluster.from_dict(sim.to_dict()).digest == later
    sim.seek("1s")
    assert sim.now == 1.0 and sim.digest == Cluster(nodes=5, seed=3).run_for("1s").digest
    sim.step(), sim.step(), sim.step()
    halfway = pickle.loads(pickle.dumps(sim))
    assert (halfway.digest, halfway.events_handled) == (sim.digest, sim.events_handled)
    assert sim.reset().digest == Cluster(nodes=5, seed=3).digest
    assert sim.reset(4).seed == 4


def test_faults_are_undone_by_context_managers():
    sim = Cluster(nodes=5, seed=42).run_for("1s")
    leader = sim.leader
    with sim.crash(leader):
        assert leader.role == "down" and sim["n2"].running
        sim.run_for("1s")
    assert leader.running
    with sim.partition(["n1"], ["n2", "n3", "n4", "n5"]):
        assert len(sim.quorum.sides) == 2 and len(sim.quorum.side) == 4
    assert len(sim.quorum.sides) == 1
    with sim.partition(["n1"], ["n2", "n3", "n4", "n5"]):
        with sim.partition(["n2"], ["n3", "n4", "n5"]), sim.cut(from_="n3", to="n4", both=True):
            assert len(sim.quorum.sides) == 4
        assert sim.quorum.sides == [["n1"], ["n2", "n3", "n4", "n5"]]
    with sim.crash("@follower", "@follower") as act:
        assert len(act.hosts) == 2 and [h.name for h in sim if not h.running] == sorted(act.hosts)
    assert all(h.running for h in sim)
    with sim.pause("n1"):
        assert sim["n1"].paused
    with sim.link("n1", "n2", loss=0.5, latency=["10ms", 0.02]):
        sim.run_for("100ms")
    sim.link("n1", "n2").loss = 0.3
    with sim.rules_off("vote_only_up_to_date"), sim.disk("n1", full=True), sim.clog(from_="n1", to="n2"):
        sim.run_for("100ms")
    assert sim.to_scenario().run().digest == sim.digest


def test_what_can_be_read():
    sim = Cluster(nodes=["a", "b", "c"], seed=2, clients=2).run_for("1s")
    operation = sim.put("x", "hello", client="c2").check()
    assert operation.outcome == "accepted" and operation.latency > 0 and operation.server in sim.names
    sim.run_for("200ms")
    server = sim["a"]
    assert [e.value for e in server.log if e.kind == "write"] == ["hello"]
    assert server.kv == {"x": "hello"} and sim.kv["x"] == "hello" and sim.kv.index("x") == operation.index
    assert server.term == server["term"] and server.commit_index >= 2 and server.leader == sim.leader.name
    assert server.voted_for in sim.names
    assert "a" in sim and sim["a"] == sim.nodes[0] and len(sim) == 3 and sim.hosts == ["a", "b", "c", "c1", "c2"]
    assert sim["c1"].kind == "client"
    assert sim.get("x").value == "hello" and sim.get("nothing").outcome == "not-found"
    assert sim.delete("x").ok and sim.get("x").outcome == "not-found"
    assert sim.checks["election_safety"] > 0
    sim.crash("@majority")
    assert not sim.quorum and sim.put("y", 1).outcome == "timed-out"
    frame = sim.to_frame()
    assert list(frame.index) == ["a", "b", "c"] and frame["running"].sum() == 1


def test_hooks_may_act():
    sim, heard = Cluster(nodes=5, seed=1), []

    @sim.on("leader_elected")
    def hear(event):
        heard.append(event)
        if len(heard) == 1:
            sim.crash(event.node)
            with pytest.raises(RuntimeError):
                sim.run_for("1s")

    sim.run_for("3s")
    assert len(heard) == 2 and sim[heard[0].node].role == "down" and sim.leader.name == heard[1].node
    assert sim.to_scenario().run().digest == sim.digest
    sim.off(hear)
    sim.crash("@leader")
    assert len(heard) == 2


def test_hooks_that_raise_leave_it_usable():
    sim = Cluster(nodes=5, seed=1)

    @sim.on("became_leader")
    def fail(event):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        sim.run_for("3s")
    other = Cluster(nodes=5, seed=2).run_for("1s")

    @other.on("act")
    def fail_at_once(event):
        raise KeyError("at once")

    with pytest.raises(KeyError, match="at once"):
        other.crash("@leader")
    other.off(fail_at_once)
    other.run_for("1s")
    assert other.to_scenario().run().digest == other.digest and len([h for h in other if not h.running]) == 1
    with pytest.raises(ZeroDivisionError):
        sim.run(until=lambda s: 1 / 0)
    sim.off(fail)
    assert sim.run_for("3s").leader


def test_the_iterator_of_events():
    sim = Cluster(nodes=3, seed=1)
    kinds = [event.kind for event in sim.events(until="1s", kind="role")]
    assert "became_leader" in kinds and sim.now == 1.0
    assert sim.digest == Cluster(nodes=3, seed=1).run_for("1s").digest


def test_the_etcd_store():
    sim = Cluster(nodes=3, kv=True, seed=3).run_for("3s")
    assert sim.put("message", "hi").ok and sim.get("message").value == "hi"
    assert sim.kv["/message"] == "hi"
    watch = sim.wait("message")
    assert not watch.done
    sim.put("message", "there")
    assert watch.result().value == "there"
    refused = sim.put("message", "x", previous="wrong")
    assert not refused.ok and refused.code == 412
    assert sim.put("brief", 1, ttl=1).ok
    sim.run_for("3s")
    assert sim.get("brief").code == 404
    with sim.lock("job", owner="a") as lock:
        assert lock.held and lock.token > 0
        with pytest.raises(ExpectationFailed):
            sim.lock("job", owner="b", within="500ms").acquire()
    assert sim.lock("job", owner="b").acquire().token > lock.token
    with pytest.raises(ScenarioError):
        Cluster(nodes=3).wait("x")


def test_waiting_for_what_everybody_sees():
    sim = Cluster(nodes=3, raft=False, gossip={"start_join": "n1"}, seed=1)
    assert not sim.holds(sees={"alive": 99}) and not sim.holds(sees={"alive": 3})
    sim.wait_until(sees={"alive": 3}, within="5s")
    assert sim.now > 0


def test_agents():
    sim = Cluster(nodes=4, raft=False, gossip={"start_join": "n1"}, seed=1).run_for("10s")
    assert set(sim["n1"].members) == {"n1", "n2", "n3", "n4"}
    assert sim["n2"].members["n3"].status == "alive"
    query = sim.query(by="n1", name="uptime", timeout=2).operations[0].result()
    assert query.acks == 4 and query.responses == 0
    sim.kill("n4")
    sim.wait_until(seen={"members": "n4", "as": "failed"}, within="60s")
    assert sim["n1"].members["n4"].status == "failed"
    sim.run_for("40s")  # memberlist has dropped it, serf has not
    assert sim["n1"].members["n4"].status == "failed" and sim.holds(sees={"alive": 3, "failed": 1})
    assert sim.leader is None and "serf" in sim.render("svg")


def test_seeds():
    a, b = Cluster(nodes=3), Cluster(nodes=3)
    assert a.seed != b.seed and str(a.seed) in repr(a)
    assert Cluster(nodes=3, seed=a.seed).run_for("1s").digest == a.run_for("1s").digest
    import random

    random.seed(1)
    state = random.getstate()
    Cluster(nodes=3, seed=1).run_for("1s")
    assert random.getstate() == state


def test_without_a_trace_all_else_is_the_same():
    with_, without = Cluster(nodes=3, seed=9), Cluster(nodes=3, seed=9, trace=False)
    assert with_.run_for("2s").digest == without.run_for("2s").digest
    with pytest.raises(ScenarioError):
        without.trace
    with pytest.raises(ScenarioError):
        without.on("became_leader")


def test_build_info():
    info = quorumlab.build_info()
    assert info["digest_version"] >= 1 and info["version"] == quorumlab.__version__
