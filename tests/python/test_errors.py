"""Bad input: one clear exception with the place, and the simulation still usable. Ctrl-C and threads."""

import os
import pickle
import signal
import threading
import time

import pytest

import quorumlab
from quorumlab import Cluster, ExpectationFailed, InvariantViolation, NodeError, Scenario, ScenarioError


@pytest.mark.parametrize("call, place", [
    (lambda s: s.crash("n9"), "/crash"),
    (lambda s: s.crash("@ledaer"), "/crash"),
    (lambda s: s.crash(7), "/crash"),
    (lambda s: s.crash(None), ""),
    (lambda s: s.crash(), "/crash"),
    (lambda s: s.run_for("-1s"), ""),
    (lambda s: s.run_for(-0.5), ""),
    (lambda s: s.run_for("soon"), ""),
    (lambda s: s.run_for(float("nan")), ""),
    (lambda s: s.run_for(1e300), ""),
    (lambda s: s.run_for(10**30), ""),
    (lambda s: s.expect(), ""),
    (lambda s: s.query(by="n1", name="x"), "/query"),
    (lambda s: s.run_for([1]), ""),
    (lambda s: s.run(until="became_leder"), ""),
    (lambda s: s.run(until={"leeder": "exists"}), "/leeder"),
    (lambda s: s.run(max_events=-1), ""),
    (lambda s: s.stall("n1", for_=-1), "/stall/for"),
    (lambda s: s.stall("n1"), "/stall"),
    (lambda s: s.link("n1", "n2", loss=1.5), "/link/loss"),
    (lambda s: s.link("n1", "n2", los=0.5), "/link"),
    (lambda s: setattr(s.link("n1", "n2"), "los", 1), ""),
    (lambda s: s.write("x"), "/write"),
    (lambda s: s.write("", 1), "/write/key"),
    (lambda s: s.write("x", object()), ""),
    (lambda s: s.write("x", float("inf")), ""),
    (lambda s: s.partition(["n1"], ["n1"]), "/partition"),
    (lambda s: s.put("x", 1, client="n1"), "/write/client"),
    (lambda s: s.do(crsh="n1"), "/crsh"),
    (lambda s: s.do(crash="n1", kill="n2"), ""),
    (lambda s: s.restore(3), ""),
    (lambda s: s.on("nothing"), ""),
    (lambda s: s.render("gif"), ""),
    (lambda s: s.reset("x"), ""),
    (lambda s: s.seek(-1), ""),
])
def test_mistakes_say_where_and_change_nothing(call, place):
    sim = Cluster(nodes=3, seed=1).run_for("1s")
    digest, now = sim.digest, sim.now_ns
    with pytest.raises(ScenarioError) as caught:
        call(sim)
    assert caught.value.pointer.startswith(place) and str(caught.value), caught.value
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, quorumlab.Error)
    assert (sim.digest, sim.now_ns) == (digest, now)
    assert sim.run_for("1s").digest == Cluster(nodes=3, seed=1).run_for("2s").digest


def test_hints():
    sim = Cluster(nodes=3, seed=1)
    with pytest.raises(ScenarioError) as caught:
        sim.do(crsh="n1")
    assert caught.value.hint == "crash"
    with pytest.raises(AttributeError, match='did you mean "crash"'):
        sim.crsh("n1")
    with pytest.raises(ScenarioError, match='did you mean "heartbeat"'):
        Cluster(nodes=3, hartbeat=1)
    with pytest.raises(KeyError):
        sim["n9"]
    with pytest.raises(TypeError):
        sim.crash(node="n1")
    for wrong in ({"nodes": 0}, {"nodes": "many"}, {"nodes": 3, "raft": False}, {"nodes": 3, "loss": 2},
                  {"nodes": 3, "seed": -1}, {"nodes": 3, "seed": 1.5}, {"nodes": 3, "always": ["safety"]},
                  {"nodes": 3, "election_timeout": "fast"}, {"nodes": ["a", "a"]}):
        with pytest.raises(ScenarioError):
            Cluster(**wrong)


def test_files_with_mistakes_tell_all_of_them(tmp_path):
    path = tmp_path / "bad.scenario.json"
    path.write_text('{\n  "cluster": {"nodes": 3},\n  "timeline": [\n    {"crsh": "n1"},\n    {"at": "soon", "kill": "n7"}\n  ]\n}\n')
    with pytest.raises(ScenarioError) as caught:
        quorumlab.load(path)
    error = caught.value
    assert len(error.problems) == 3 and error.file == str(path)
    assert (error.line, error.pointer, error.hint) == (4, "/timeline/0/crsh", "crash")
    assert [p.pointer for p in error.problems[1:]] == ["/timeline/1/at", "/timeline/1/kill"]
    with pytest.raises(ScenarioError, match='did you mean "quorum"'):
        quorumlab.load("qorum")
    sc = Scenario("a", nodes=3)
    sc.at("1s").crash("n1")
    sc.at("0.5s").crash("n2")
    with pytest.raises(ScenarioError, match="^step 2, at: 500ms lies before"):  # known only with all steps at hand
        sc.run()
    assert "mistake" in repr(sc)


def test_whom_nobody_fits():
    sim = Cluster(nodes=3, seed=1)
    with pytest.raises(ExpectationFailed, match="leader"):
        sim.crash("@leader")
    with pytest.raises(ExpectationFailed, match="seed 1"):
        sim.expect(leader="exists")
    with pytest.raises(ExpectationFailed):
        sim.wait_until(quorum="unavailable", within="100ms")
    with pytest.raises(ScenarioError, match="no leader"):
        sim.crash(sim.leader)
    assert sim.run_for("1s").leader


def test_a_violation_is_told_once_and_the_cluster_goes_on():
    seeds = iter(range(1, 400))
    error = None
    while error is None:
        sim = Cluster(nodes=5, seed=next(seeds), rules_off=["one_vote_per_term"], election_timeout=["150ms", "155ms"],
                      pre_vote=False, check_quorum=False)
        try:
            sim.run_for("2s")
        except InvariantViolation as caught:
            error = caught
    assert error.checker in ("election_safety", "vote_safety") and error.seed == sim.seed
    assert error.event == error.trace[error.event.id - 1] and error.event.time_ns == error.details["time_ns"]
    assert error.replay_command.startswith("quorumlab run ") and "replay: " in str(error)
    again = error.scenario.run()
    assert again.verdict == "invariant violated" and again.violation["time_ns"] == error.event.time_ns
    now = sim.now
    assert sim.run_for("1s").now == pytest.approx(now + 1) and sim.violation["checker"] == error.checker
    assert sim.fork().run_for("1s")


def test_ctrl_c_answers_within_half_a_second():
    sim = Cluster(nodes=5, seed=1)
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        sim.run_for("10000h")
    assert time.perf_counter() - begun < 0.5 + 0.5
    assert sim.run_for("1s").leader and sim.fork().run_for("1s").digest == sim.run_for("1s").digest

    sc = Scenario("long", nodes=5)
    sc.after("10000h").crash("n1")
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        sc.run(trace=False)
    assert time.perf_counter() - begun < 0.5 + 0.5


def test_others_run_while_it_does():
    """The interpreter's lock is let go: another thread counts on while a cluster runs."""
    sim = Cluster(nodes=5, seed=1, trace=False)
    counted, over = [0], threading.Event()

    def count():
        while not over.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    begun = time.perf_counter()
    sim.run_for("20000s")
    took = time.perf_counter() - begun
    over.set()
    thread.join()
    assert counted[0] > 10_000 * took


def test_one_cluster_in_many_threads():
    sim = Cluster(nodes=5, seed=1)
    errors = []

    def use():
        try:
            for _ in range(20):
                sim.run_for("100ms")
                sim.quorum, sim.leader, len(sim.trace), sim.to_frame()
        except Exception as error:  # told below, where the test can fail
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors and sim.run(until="10s").digest == Cluster(nodes=5, seed=1).run(until="10s").digest


@pytest.mark.parametrize("call, hint", [
    (lambda: Cluster(nodes=3, rules_off="one_vote"), "one_vote_per_term"),
    (lambda: Cluster(nodes=3, rules_off=["vote_twice"]), "persist_vote_before_reply"),
    (lambda: Cluster(nodes=3, rules_off="foo"), 'quorumlab.rules("raft") lists them'),
    (lambda: Cluster(nodes=3, rules_off="alive_needs_higher_incarnation"), 'gossip={"rules_off"'),
    (lambda: Cluster(nodes=3).rules_off("one_vote"), "one_vote_per_term"),
    (lambda: quorumlab.fuzz(1, rules_off="one_vote"), "one_vote_per_term"),
    (lambda: Cluster(nodes=3, always="election"), "election_safety"),
    (lambda: Scenario("a", nodes=3, always=["foo"]), "quorumlab.checkers() lists them"),
    (lambda: Cluster(nodes=3).run(until="elected"), "leader_elected"),
    (lambda: Cluster(nodes=3).run(until="xyz"), "quorumlab.kinds() lists them"),
    (lambda: Cluster(nodes=3).trace.filter(kind=3), "became_leader"),
    (lambda: quorumlab.sweep("quorum", seeds=1, measure="leader_time"), "leader_term"),
])
def test_words_that_there_are_not_bring_the_nearest(call, hint):
    with pytest.raises(ScenarioError) as caught:
        call()
    assert hint in str(caught.value) and str(caught.value).count("\n") == 0


def test_one_text_is_a_list_of_one_and_lists_are_listed():
    assert Cluster(nodes=3, always="election_safety").to_scenario().to_dict()["always"] == ["election_safety"]
    names = [checker.name for checker in quorumlab.checkers()]
    assert len(names) == len(set(names)) and list(Cluster(nodes=3).checks) == names and all(c.promise for c in quorumlab.checkers())
    assert Cluster(nodes=3, rules_off=quorumlab.rules("raft")[:2], always=quorumlab.checkers()[:2])
    kinds = {kind.name: kind for kind in quorumlab.kinds()}
    trace = Cluster(nodes=3, seed=1).run_for("2s").trace
    assert {event.kind for event in trace} <= set(kinds) and all(kind.example for kind in kinds.values())
    assert len(trace.filter(kind=kinds["vote_granted"].groups[0])) >= len(trace.filter(kind=kinds["vote_granted"].name)) > 0


class Raises(quorumlab.Node):
    def on_start(self):
        self.set_timer("t", "500ms")

    def on_timer(self, name):
        if self.id == "n2":
            raise ValueError("mine")


class RaisesAtOnce(quorumlab.Node):
    def on_start(self):
        raise ValueError("mine")


def at_1s():
    return Cluster(nodes=3, seed=1).run_for("1s")


@pytest.mark.parametrize("call, verdict", [
    (lambda: Cluster(nodes=3, seed=1).crash("@leader"), "expectation failed"),
    (lambda: at_1s().expect(leader="none"), "expectation failed"),
    (lambda: at_1s().wait_until(quorum="unavailable", within="100ms"), "expectation failed"),
    (lambda: at_1s().run(until="election_started", within="100ms"), "held"),
    (lambda: at_1s().run(until=lambda s: False, within="100ms"), "held"),
    (lambda: at_1s().write("x", 1, within="1ms").operations[0].check(), "held"),
    (lambda: Cluster(nodes=3, seed=1, node=Raises).run_for("1s"), NodeError),
    (lambda: Cluster(nodes=3, seed=1, node=Raises, trace=False).run_for("1s"), NodeError),
    (lambda: list(Cluster(nodes=3, seed=1, node=Raises).events("1s")), NodeError),
    (lambda: Cluster(nodes=3, seed=1, node=RaisesAtOnce), NodeError),
    (lambda: Scenario("a", nodes=3, seed=1).expect(leader="exists") and None, None),
])
def test_every_failure_can_be_seen_again(call, verdict):
    if verdict is None:
        sc = Scenario("a", nodes=3, seed=1)
        sc.at("1s").expect(leader="none")
        call, verdict = lambda: sc.run(check=True), "expectation failed"
    with pytest.raises(quorumlab.Error) as caught:
        call()
    error = caught.value
    assert error.seed == 1 and error.replay_command.startswith("quorumlab run ") and "\nreplay: " in str(error)
    assert (error.event is None) == (error.trace is None) and (error.trace is None or error.event in list(error.trace))
    if verdict is NodeError:
        with pytest.raises(NodeError, match="mine") as again:
            error.scenario.run()
        assert (again.value.node, again.value.time) == (error.node, error.time) and again.value.replay_command
    else:
        assert error.scenario.run().verdict == verdict
    told = pickle.loads(pickle.dumps(error))
    assert (type(told), str(told), told.event, told.replay_command) == (type(error), str(error), error.event, error.replay_command)


def test_a_failure_on_the_command_line(tool, tmp_path):
    with pytest.raises(ExpectationFailed) as caught:
        at_1s().expect(leader="none")
    caught.value.scenario.save(tmp_path / "cluster.scenario.json")
    words = caught.value.replay_command.split()
    assert "expectation failed" in tool("run", tmp_path / words[2], *words[3:], codes=(1,))


def test_invariants_need_nodes_of_ones_own():
    for call in (Cluster, lambda **given: Scenario("a", **given),
                 lambda invariants, **_: Scenario.from_json(Scenario("a", nodes=3).to_json(), invariants=invariants)):
        for wrong in ([lambda nodes: False], [3]):
            with pytest.raises(ScenarioError, match="invariants are for nodes of one's own"):
                call(nodes=3, invariants=wrong)


class Misspelt(quorumlab.Node):
    def on_mesage(self, sender, message):
        pass


class Generator(quorumlab.Node):
    def on_start(self):
        yield


class HelpsItself(quorumlab.Node):
    def on_messages(self, messages):
        pass

    def on_message(self, sender, message):
        self.on_messages([message])

    def on_request_vote(self, message):
        pass


@pytest.mark.parametrize("call, words", [
    (lambda s: Cluster(nodes=3, trace="no"), "trace: expected True or False, got 'no'"),
    (lambda s: Scenario("a", nodes=3).run(trace="no"), "trace: expected True or False"),
    (lambda s: s.player(height=-3), "height: expected a whole number"),
    (lambda s: s.link("n1", "n9").loss, 'link: there is no node "n9"'),
    (lambda s: Cluster(node=Misspelt), 'on_mesage would never be called; did you mean "on_message"'),
    (lambda s: Cluster(node=Generator), "with yield in it"),
    (lambda s: s.trace["1s"], r"trace\['1s':\]\[0\] the first of it"),
    (lambda s: s.trace.filter(kind=3), "kind: expected a name"),
    (lambda s: s.trace.explain("x"), "expected an event, or its number"),
    (lambda s: s.trace.draw("svg", most=-1), "most: expected a whole number of 1 or more"),
    (lambda s: s.trace.draw("gif"), "there are svg, html"),
    (lambda s: s.trace.column("words"), "there are time, time_ns"),
    (lambda s: quorumlab.sweep("wan-1-failed", {"cluster.nodes": []}, seeds=2), '"cluster.nodes" has no values'),
    (lambda s: quorumlab.sweep("wan-1-failed", {"cluster.nodes": 3}, seeds=2), "expected a list of values"),
    (lambda s: quorumlab.sweep("wan-1-failed", [3], seeds=2), "expected names and their values"),
    (lambda s: quorumlab.sweep("wan-1-failed", seeds=2, measure=3), "measure: expected a name"),
    (lambda s: quorumlab.sweep("wan-1-failed", seeds=range(7, 9), measure=lambda run: 1 / 0), "raised ZeroDivisionError.*seed [78]"),
    (lambda s: s.join("n1", "n2"), "needs gossip=True"),
    (lambda s: Scenario("a", nodes=3).join("n1", "n2"), "needs gossip=True"),
])
def test_nothing_wrong_is_taken_in_silence(call, words):
    sim = Cluster(nodes=3, seed=1).run_for("1s")
    with pytest.raises(ScenarioError, match=words):
        call(sim)


def test_what_is_near_a_mistake_and_none():
    assert Cluster(node=HelpsItself, nodes=3).run_for("1s") and repr(Cluster(nodes=3).link("n1", "n2", both=True)) == \
        "<Link n1 and n2: nothing set here>"
    with pytest.raises(AttributeError, match="it has latency, loss"):
        Cluster(nodes=3).link("n1", "n2").los
