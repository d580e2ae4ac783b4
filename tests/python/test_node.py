"""Nodes of one's own, in Python: they get the world's network, faults, checkers, fuzzing and pictures."""

import dataclasses
import functools
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import typing

import pytest

import quorumlab
from quorumlab import Cluster, InvariantViolation, Node, NodeError, Scenario, ScenarioError, fuzz


class Backup(Node):
    """A primary that answers before anybody else has the value."""

    def on_start(self):
        self.data = self.disk or {}
        self.status = "primary" if self.id == "n1" else "backup"

    def on_message(self, sender, message):
        self.data[message["key"]] = message["value"]
        self.persist(self.data)

    def on_request(self, request):
        if self.id != "n1":
            return self.refuse(request, "n1")
        if request.verb == "read":
            return self.reply(request, self.data.get(request.key))
        self.data[request.key] = request.value
        for peer in self.peers:
            self.send(peer, {"type": "Copy", "key": request.key, "value": request.value})
        self.reply(request)


def test_it_takes_the_place_of_raft():
    sim = Cluster(node=Backup, nodes=3, seed=3)
    assert sim.put("x", 1).ok and sim.get("x").value == "1"
    sim.run_for("1s")
    assert sim["n2"].node.data == {"x": "1"}
    assert sim.leader.name == "n1" and sim["n1"].is_leader and sim["n2"].role == "backup"
    words = [str(event) for event in sim.trace]
    assert any("n1 is primary now" in w for w in words)
    assert any("n1 sends n2 {'type': 'Copy', 'key': 'x', 'value': '1'}" in w for w in words)
    assert any("n2 gets Copy of n1" in w for w in words)


def test_fuzzing_finds_the_lost_write():
    campaign = fuzz(20, node=Backup)
    assert not campaign and not campaign.worthless
    failure = campaign.failures[0]
    assert failure.checker == "linearizability" and f"first={failure.seed}, node=Backup" in failure.replay_command
    run = failure.scenario().run()
    assert run.digest == failure.digest and run.verdict == "invariant violated"
    assert "No\norder of these" in run.account or "order" in run.account
    error = failure.error()
    assert isinstance(error, InvariantViolation) and error.event is not None and error.seed == failure.seed


def test_forks_and_time_travel():
    sim = Cluster(node=Backup, nodes=3, seed=3)
    sim.put("x", 1)
    sim.run_for("100ms")
    fork = sim.fork()
    assert fork.digest == sim.digest and fork["n1"].node is not sim["n1"].node
    fork.put("y", 2)
    fork.run_for("100ms")
    assert fork["n2"].node.data == {"x": "1", "y": "2"} and sim["n2"].node.data == {"x": "1"}
    sim.put("y", 2)
    sim.run_for("100ms")
    assert fork.digest == sim.digest
    assert sim.seek("1ms")["n1"].node.data == {}
    again = pickle.loads(pickle.dumps(fork))
    assert again.digest == fork.digest and again["n2"].node.data == fork["n2"].node.data


class Bad(Backup):
    def on_message(self, sender, message):
        if self.id == "n2":
            self.count = {}["nothing"]


def test_a_node_that_raises():
    sim = Cluster(node=Bad, nodes=3, seed=3)
    sim.put("x", 1)
    with pytest.raises(NodeError, match=r"n2's on_message raised KeyError: 'nothing' \(at 0\.0\d+ s, seed 3\)") as caught:
        sim.run_for("1s")
    error = caught.value
    assert (error.node, error.handler, error.seed) == ("n2", "on_message", 3) and error.time == pytest.approx(sim.now)
    assert isinstance(error.__cause__, KeyError)
    assert error.__cause__.__traceback__.tb_frame.f_code.co_name == "on_message"
    assert not sim["n2"].running and sim["n2"].node is None
    assert pickle.loads(pickle.dumps(error)).node == "n2"
    sim.restart("n2")
    assert sim["n2"].running and sim.get("x").value == "1"
    campaign = fuzz(3, node=Bad)
    assert not campaign and "raised KeyError" in campaign.failures[0].reason
    with pytest.raises(NodeError):
        campaign.check()


def caught_in(handler, **more):
    """What running a node with this handler raises."""
    class Wrong(Node):
        def on_request(self, request):
            handler(self, request)
    sim = Cluster(node=Wrong, nodes=2, seed=1, **more)
    with pytest.raises(NodeError) as caught:
        sim.put("x", 1)
    assert sim.run_for("1ms").now > 0  # it can be used further
    return caught.value


@pytest.mark.parametrize("act, words", [
    (lambda n, r: n.send("n9", 1), r"send: there is no node 'n9'; there are n1 n2"),
    (lambda n, r: n.send("n2", {"a": [1, {2, 3}]}), r"message\['a'\]\[1\]: a set has no order.*sorted"),
    (lambda n, r: n.send("n2", r), r"message: a Request is answered where it came"),
    (lambda n, r: n.send("n2", object()), r"expected None, bool, int.*got object"),
    (lambda n, r: n.persist({"f": print}), r"persist\['f'\]: expected None"),
    (lambda n, r: n.set_timer("t", -1), r"set_timer: expected a duration of 0 or more, got -1"),
    (lambda n, r: n.set_timer("t", -0.5), r"set_timer: expected a delay of 0 or more, got -0.5"),
    (lambda n, r: n.set_timer("t", "soon"), r"set_timer: expected a delay like"),
    (lambda n, r: n.set_timer(3, 1), r"set_timer: expected a name"),
    (lambda n, r: (n.reply(r), n.reply(r)), r"was answered before"),
    (lambda n, r: n.reply(7), r"expected a Request, got 7"),
    (lambda n, r: n.reply(r, 7), r"reply: expected a text or None, got 7"),
    (lambda n, r: n.refuse(r, "n7"), r"refuse: there is no node 'n7'"),
    (lambda n, r: setattr(n, "status", 3), r"status: expected a text, got 3"),
])
def test_misuse_is_told_where_it_happens(act, words):
    import re

    error = caught_in(act)
    assert re.search(words, str(error.__cause__)), error.__cause__
    assert error.handler == "on_request" and error.__cause__.__traceback__ is not None


def test_what_is_no_node():
    class Few(Node):
        def on_message(self, message):
            pass

    class Later(Node):
        async def on_timer(self, name):
            pass

    class Greedy(Node):
        def __init__(self, quorum):
            self.quorum = quorum

    for wrong, words in [(3, "derived from quorumlab.Node"), (dict, "derived from quorumlab.Node"),
                         (Few, r"Few\.on_message must take \(self, sender, message\)"), (Later, "plain method"),
                         (Greedy, "cannot be called so"), ("nowhere:Thing", 'there is no "nowhere:Thing"')]:
        with pytest.raises(ScenarioError, match=words):
            Cluster(node=wrong)
        with pytest.raises(ScenarioError, match=words):
            fuzz(1, node=wrong)
    assert Cluster(node=functools.partial(Greedy, quorum=2), nodes=1)["n1"].node.quorum == 2
    with pytest.raises(ScenarioError, match="in place of the engines"):
        Cluster(node=Backup, kv=True)
    with pytest.raises(RuntimeError, match="in no cluster"):
        Node().send("n1", 1)
    sim = Cluster(node=Backup, nodes=2)
    with pytest.raises(RuntimeError, match="in its handlers only"):
        sim["n1"].node.send("n2", 1)


@dataclasses.dataclass
class Point:
    x: int
    more: list


class Pair(typing.NamedTuple):
    left: int
    right: str


class Mirror(Node):
    """What comes over the wire is what was sent."""

    VALUES = [None, True, False, 0, -1, 2**63 - 1, -2**63, 2**200, -2**70, 1.5, float("inf"), "", "é\0", b"\0\xff", [], (), {},
              [1, [2, (3,)]], {"a": 1, 2: [None]}, {(1, "b"): 2.5}, Point(1, [Point(2, [])]), Pair(1, "b"), Point(1, [Point(2, [])])]

    def on_start(self):
        self.got = []
        if self.id == "n1":
            for value in self.VALUES:
                self.send("n2", value)
            self.persist(self.VALUES)

    def on_message(self, sender, message):
        assert sender == "n1"
        self.got.append(message)


def test_values_arrive_as_they_were():
    sim = Cluster(node=Mirror, nodes=2, seed=1, latency="1ms").run_for("1s")
    got = sim["n2"].node.got
    assert [repr(v) for v in got] == [repr(v) for v in Mirror.VALUES]
    assert got[-1].more[0] is not Mirror.VALUES[-1].more[0]
    sim.crash("n1")
    sim.restart("n1")
    assert sim["n1"].node.disk == Mirror.VALUES
    assert any("Point(x=1, more=[Point(x=2, more=[])])" in str(e) for e in sim.trace)


class Order(Node):
    """Timers, and what leaves before and after a write is durable."""

    def on_start(self):
        self.seen = []
        self.heard = []
        if self.id == "n1":
            self.send("n2", "before")
            self.persist("kept")
            self.send("n2", "after")
            self.send("n2", "at once", at_once=True)
            for name, delay in (("c", 0.03), ("a", "10ms"), ("b", 0.02), ("gone", 0.01), ("a", "15ms")):
                self.set_timer(name, delay)
            assert self.cancel_timer("gone") and not self.cancel_timer("never")

    def on_timer(self, name):
        self.seen.append((name, round(self.now, 6)))

    def on_message(self, sender, message):
        self.heard.append((message, round(self.now, 6)))

    def on_durable(self):
        self.seen.append(("durable", round(self.now, 6)))


def test_timers_and_promises():
    sim = Cluster(node=Order, nodes=2, seed=1, latency="1ms", disk={"latency": "5ms"}).run_for("1s")
    assert sim["n1"].node.seen == [("durable", 0.005), ("a", 0.015), ("b", 0.02), ("c", 0.03)]
    assert sim["n2"].node.heard == [("before", 0.001), ("at once", 0.001), ("after", 0.006)]
    sim = Cluster(node=Order, nodes=2, seed=1, latency="1ms", disk={"latency": "5ms"})
    sim.run_for("2ms")
    sim.crash("n1")
    sim.run_for("1s")
    assert [m for m, _ in sim["n2"].node.heard] == ["before", "at once"]
    sim.restart("n1")
    assert sim["n1"].node.disk in (None, "kept")  # all of it or nothing


def test_a_damaged_message_does_not_arrive():
    sim = Cluster(node=Mirror, nodes=2, seed=1, network={"corrupt": 0.5}).run_for("1s")
    got = sim["n2"].node.got
    assert 0 < len(got) < len(Mirror.VALUES)
    assert all(any(repr(v) == repr(w) for w in Mirror.VALUES) for v in got)
    assert any(e.kind == "packet_corrupt" for e in sim.trace)


class Split(Backup):
    @quorumlab.invariant
    def all_have_the_same(nodes):
        assert all(node.data == nodes[0].data for node in nodes), "somebody is behind"


def one_has_it(nodes):
    return not any(node.data for node in nodes)


def test_invariants():
    for more in (dict(node=Split), dict(node=Backup, invariants=[one_has_it])):
        sim = Cluster(nodes=3, seed=3, **more)
        with pytest.raises(InvariantViolation) as caught:
            sim.put("x", 1)
        error = caught.value
        assert error.checker == ("all_have_the_same" if more["node"] is Split else "one_has_it")
        assert error.seed == 3 and "seed 3" in str(error) and error.event is not None
        assert sim.violation["checker"] == error.checker
        sim.run_for("1s")  # told once
        assert "NOT as expected" in "\n".join(map(str, sim.trace))
        run = error.scenario.run()
        assert run.verdict == "invariant violated" and run.violation["checker"] == error.checker
        with pytest.raises(InvariantViolation):
            run.check()
        campaign = fuzz(3, **more)
        assert len(campaign.failures) == 3
        with pytest.raises(InvariantViolation) as caught:
            campaign.check()
        assert caught.value.checker == error.checker and caught.value.event is not None

    def broken(nodes):
        raise ValueError("no such thing")

    with pytest.raises(NodeError, match="invariant broken raised ValueError"):
        Cluster(node=Backup, nodes=3, seed=3, invariants=[broken])


def test_scenarios(tmp_path):
    sc = Scenario("lost", seed=1, node=Backup, nodes=3)
    sc.write(x=1).expect(write="accepted")
    sc.crash("@leader")
    sc.after("10ms").restart("n1")
    sc.read("x").wait()
    run = sc.run()
    assert run.verdict == "invariant violated" and run.violation["checker"] == "linearizability"
    assert run.digest == pickle.loads(pickle.dumps(sc)).run().digest
    assert '"node": "test_node:Backup"' in sc.to_json()
    tool = os.environ.get("QUORUMLAB_TOOL")
    if tool:
        done = subprocess.run([tool, "run", sc.save(tmp_path / "lost.scenario.json")], capture_output=True, text=True)
        assert done.returncode == 65, done
        assert "is written in Python" in done.stdout + done.stderr


CHANCE = """
import quorumlab
from quorumlab.examples.raft import Raft
class Chance(Raft):
    def on_start(self):
        super().on_start()
        self.words = {"a": 1, "b": 2}
        self.say(str(self.random.random()))
sim = quorumlab.Cluster(node=Chance, nodes=3, seed=5).run_for("1s")
sim.put("x", 1)
print(sim.digest, quorumlab.fuzz(3, node=Chance).digest, sim["n1"].node.random.random())
"""


def test_sweeps():
    sc = Scenario("asked", seed=1, node=Backup, nodes=3)
    sc.write(x=1).wait()
    table = quorumlab.sweep(sc, {"cluster.nodes": [2, 3]}, seeds=5, measure="duration")
    assert list(table["verdict"].unique()) == ["held"] and len(table) == 10
    table = quorumlab.sweep(sc, seeds=3, measure=lambda run: run.events, workers=1)
    assert (table.iloc[:, 1] > 3).all()
    sc = Scenario("raises", seed=1, node=Bad, nodes=3)
    sc.write(x=1)
    sc.after("1s").say("the end")
    with pytest.raises(NodeError, match="n2's on_message raised KeyError"):
        quorumlab.sweep(sc, seeds=3, measure="duration")
    assert len(quorumlab.sweep("quorum", seeds=2, measure="duration")) == 2  # told once


def test_only_raft_can_do_this():
    sim = Cluster(node=Backup, nodes=3, seed=3)
    with pytest.raises(ScenarioError, match="is for Raft; a protocol of one's own runs here"):
        sim.transfer("n2")
    with pytest.raises(ScenarioError, match="asks for what only Raft has"):
        sim.expect(term=1)
    assert sim.holds(leader="n1") and not sim.holds(leader="none")


def test_the_same_in_every_process():
    outputs = {subprocess.run([sys.executable, "-c", CHANCE], capture_output=True, text=True, check=True,
                              env={**os.environ, "PYTHONHASHSEED": str(i)}).stdout for i in (1, 2)}
    assert len(outputs) == 1 and outputs.pop().strip()


def test_processes():
    from concurrent.futures import ProcessPoolExecutor

    from quorumlab.examples.primary_backup import Hasty

    alone = fuzz(12, node=Hasty)
    with ProcessPoolExecutor(2) as executor:
        together = fuzz(12, node=Hasty, executor=executor, chunk=3)
    assert together.digest == alone.digest and [f.seed for f in together.failures] == [f.seed for f in alone.failures]
    assert pickle.loads(pickle.dumps(alone.failures[0])).scenario().run().digest == alone.failures[0].digest


class Endless(Node):
    def on_request(self, request):
        while True:
            pass


class Busy(Node):
    def on_start(self):
        self.set_timer("again", 1e-6)

    def on_timer(self, name):
        self.set_timer("again", 1e-6)


@pytest.mark.parametrize("make", [lambda: Cluster(node=Endless, nodes=1).put("x", 1),
                                  lambda: Cluster(node=Busy, nodes=1, trace=False).run_for("100h"),
                                  lambda: fuzz(10**6, node=Busy, progress=None)])
def test_ctrl_c(make):
    begun = time.monotonic()
    alarm = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    alarm.start()
    with pytest.raises(KeyboardInterrupt):
        make()
    assert time.monotonic() - begun < 0.3 + 0.5
    alarm.join()


def test_primary_and_backups():
    from quorumlab.examples.primary_backup import Careful, Hasty, Unsynced

    for loses in (Hasty, Unsynced):
        campaign = fuzz(20, node=loses)
        assert campaign.failures and all(f.checker == "linearizability" for f in campaign.failures)
    campaign = fuzz(60, node=Careful)
    assert campaign.ok, str(campaign)


def test_raft_holds():
    from concurrent.futures import ProcessPoolExecutor

    from quorumlab.examples.raft import Raft

    with ProcessPoolExecutor(2) as executor:
        three = fuzz(400, node=Raft, executor=executor)
        five = fuzz(range(1000, 1100), node=Raft, nodes=5, executor=executor)
    for campaign in (three, five):
        assert campaign.ok, str(campaign) + campaign.worthless
        assert campaign.faults["crash"] > 50 and campaign.faults["partition"] > 50 and campaign.operations["accepted"] > 5000


def broken_rafts():
    from quorumlab.examples.raft import Raft

    class WritesNothing(Raft):
        def save(self):
            pass

    class CommitsAlone(Raft):
        def advance(self):
            self.commit = self.last
            self.apply()
            self.answer_reads()

    class CommitsOldTerms(Raft):
        def may_commit(self, place):
            return True

    class VotesForAnybody(Raft):
        def on_ask_vote(self, sender, ask):
            ask.last_term = 10**9
            super().on_ask_vote(sender, ask)

    class ReadsWithoutAsking(Raft):
        def answer_reads(self):
            for _, request in self.reads:
                self.reply(request, self.data.get(request.key))
            self.reads = []

    class WritesTwice(Raft):
        def apply(self):
            self.done.clear()
            super().apply()

    return [WritesNothing, CommitsAlone, CommitsOldTerms, VotesForAnybody, ReadsWithoutAsking, WritesTwice]


@pytest.mark.parametrize("broken", broken_rafts(), ids=lambda c: c.__name__)
def test_a_raft_without_a_rule_is_found(broken):
    for first in range(1, 200, 10):
        if fuzz(10, first=first, node=broken).failures:
            return
    raise AssertionError("nothing was found in 200 seeds")


def test_pictures():
    sim = Cluster(node=Backup, nodes=3, seed=3)
    sim.put("x", 1)
    svg = sim.render("svg")
    assert "Backup: 3 of 3 run" in svg and ">primary<" in svg and ">backup<" in svg and "<polygon" in svg
    assert "Copy" in sim.trace.draw("svg") and "Copy" in sim.trace.to_html()
    assert "★ n1       primary" in str(sim)
    assert sim.to_frame().loc["n2", "state"] == "backup"
    assert sim.quorum and (sim.quorum.have, sim.quorum.need) == (3, 2)
    sim.crash("n2", "n3")
    assert not sim.quorum and sim.quorum.have == 1
