"""Going back: what broke before breaks again and is told again, what was undone or forgotten is not undone twice."""

import functools
import pickle

import pytest

import quorumlab
from quorumlab import Cluster, InvariantViolation, NodeError, ScenarioError


def broken():
    """Two votes of one server, at 0.203 s."""
    sim = Cluster(nodes=3, seed=0, rules_off=["one_vote_per_term"])
    start = sim.snapshot()
    with pytest.raises(InvariantViolation):
        sim.run_for("3s")
    return sim, start


def breaks(sim):
    with pytest.raises(InvariantViolation) as caught:
        sim.run_for("3s")
    assert caught.value.checker == "vote_safety" and sim.now == pytest.approx(0.203196, abs=1e-6)
    assert sim.run_for("1s").now == pytest.approx(1.203196, abs=1e-6)  # told once, then it goes on
    return True


def test_a_violation_is_told_again_after_going_back():
    sim, start = broken()
    at_violation = sim.snapshot()
    sim.run_for("1s")
    assert breaks(sim.seek("0s")) and breaks(sim.restore(start)) and breaks(sim.reset())
    assert breaks(sim.fork().seek("0.1s")) and breaks(sim.fork().restore(start))
    # Back to after it: nothing new.
    assert sim.seek("1s").now == 1 and sim.run_for("1s").now == 2
    assert sim.restore(at_violation).run_for("1s").now == pytest.approx(1.203196, abs=1e-6)


def test_what_was_done_after_a_violation_is_done_again_at_its_time():
    sim, _ = broken()
    sim.run(until="1s").crash("n1")
    sim.run_for("1s")
    digest = sim.digest
    assert pickle.loads(pickle.dumps(sim)).digest == digest
    sim.run_for("1s").seek("2s")
    assert sim.now == 2 and sim.digest == digest and not sim["n1"].running
    assert pickle.loads(pickle.dumps(sim)).run_for("1s").now == 3  # told before it was pickled


def test_going_back_over_a_node_that_raised():
    class Late(quorumlab.Node):
        def on_start(self):
            self.set_timer("t", "500ms")

        def on_timer(self, name):
            if self.id == "n2":
                raise KeyError("mine")

    sim = Cluster(nodes=3, seed=1, node=Late)
    with pytest.raises(NodeError):
        sim.run_for("2s")
    sim.run(until="2s")
    assert sim.seek("1s").now == 1 and not sim["n2"].running
    with pytest.raises(NodeError):
        sim.seek("0.1s").run_for("1s")


class Waits(quorumlab.Node):
    def __init__(self, seconds):
        self.seconds = seconds

    def on_start(self):
        self.set_timer("t", self.seconds)


def test_snapshots_of_others_are_refused():
    sim, other = Cluster(nodes=3, seed=5).run_for("1s"), Cluster(nodes=5, seed=1).run_for("2s")
    digest = sim.digest
    with pytest.raises(ScenarioError, match="another cluster"):
        sim.restore(other.snapshot())
    assert sim.digest == digest and sim.now == 1
    # The same settings with another seed are the same cluster after reset(seed).
    assert sim.restore(Cluster(nodes=3, seed=6).run_for("2s").snapshot()).seed == 6
    assert sim.to_scenario().run().digest == sim.digest
    assert sim.restore(sim.fork().run_for("1s").snapshot()).now == 3
    own = Cluster(nodes=3, seed=1, node=functools.partial(Waits, 0.5)).run_for("1s")
    assert own.restore(pickle.loads(pickle.dumps(own.snapshot()))).now == 1
    with pytest.raises(ScenarioError, match="another cluster"):
        own.restore(Cluster(nodes=3, seed=1, node=functools.partial(Waits, 0.6)).snapshot())


@pytest.mark.parametrize("call", [lambda s, z: s.seek("0.1s"), lambda s, z: s.seek("9s"), lambda s, z: s.restore(z),
                                  lambda s, z: s.reset(), lambda s, z: s.run_for("1s")])
def test_hooks_cannot_go_back(call):
    sim = Cluster(nodes=3, seed=1).run_for("1s")
    start = sim.snapshot()

    @sim.on("packet_sent")
    def back(event):
        call(sim, start)

    with pytest.raises(RuntimeError, match="a run is under way"):
        sim.run_for("1s")
    sim.off(back)
    with pytest.raises(RuntimeError, match="a run is under way"):
        sim.run(until=lambda s: s.now > 1.2 and call(s, start))
    assert sim.run(until="2s").digest == Cluster(nodes=3, seed=1).run_for("2s").digest


def commands(sim):
    return [text for _, text in sim.to_dict()["commands"]]


def test_undo_undoes_once_and_nothing_that_is_forgotten():
    sim = Cluster(nodes=5, seed=1).run_for("1s")
    with sim.partition(["n1", "n2"], ["n3", "n4", "n5"]):
        sim.reset()
    assert commands(sim) == [] and sim.run_for("1s").digest == Cluster(nodes=5, seed=1).run_for("1s").digest
    cut = sim.partition(["n1", "n2"], ["n3", "n4", "n5"])
    sim.run_for("1s")
    at = sim.snapshot()
    assert cut.undo() is not None and cut.undo() is None and len(commands(sim)) == 2
    sim.restore(at)
    assert len(commands(sim)) == 1 and cut.undo() is not None and len(commands(sim)) == 2  # it stood again
    sim.seek("0.5s")
    assert cut.undo() is None and commands(sim) == []


def test_a_hooks_act_can_be_undone_later():
    sim, acts = Cluster(nodes=3, seed=1).run_for("1s"), []

    @sim.on("packet_sent")
    def cut(event):
        if not acts:
            acts.append(sim.crash("n1"))

    sim.run_for("100ms")
    assert acts[0].hosts == ["n1"] and not sim["n1"].running
    assert acts[0].undo() is not None and acts[0].undo() is None and sim.run_for("1s")["n1"].running
