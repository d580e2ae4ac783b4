"""Whatever is done to a cluster, in whatever order: the scenario that it writes, and its pickle, come to the same
digest. Verbs and their values are drawn from the registry."""

import pickle
import random

import pytest

from quorumlab import Cluster, ExpectationFailed, InvariantViolation, ScenarioError
from quorumlab.values import registry

WORDS = {
    "boolean": [True, False], "yes": [True], "integer": [0, 1, 2, 3, 7], "number": [0, 1.5, -2], "label": ["lab"],
    "text": ["x", "a{i}", "/v2/keys/a", "5"], "name": ["n1", "n2", "n3", "c1", "c2"], "percentage": ["50%"],
    "fraction": [0, 0.5, 1], "drift": ["100ppm"], "duration": ["0s", "1ms", "50ms", 1, 0.25], "signed_duration": [-1, "1s"],
    "selector": ["n1", "n2", "n3", "n4", "c1", "@leader", "@follower", "@all", "@others", "@random", "@crashed", "@paused",
                 "@spares", "@clients", "@minority", "@last-crashed"]}


def some(draw, kind):
    if kind["kind"] == "any_of":
        return some(draw, draw.choice(kind["options"]))
    if kind["kind"] == "choice":
        return draw.choice(kind["choices"])
    if kind["kind"] == "list":
        return [some(draw, kind["item"]) for _ in range(draw.choice([1, 2]))]
    if kind["kind"] == "map":
        return {draw.choice(["n1", "n2", "k"]): some(draw, kind["item"])}
    if kind["kind"] == "object":
        return {f["name"]: some(draw, f["type"]) for f in kind["fields"] if f["required"] or draw.random() < 0.3}
    return draw.choice(WORDS[kind["kind"]])


@pytest.mark.parametrize("seed", range(24))
def test_random_doings(seed):
    draw = random.Random(seed)
    sim = Cluster(nodes=4, spares=1, clients=2, seed=seed,
                  **[{}, {"gossip": True}, {"kv": True}, {"raft": False, "gossip": True}][seed % 4])
    done = 0
    for _ in range(40):
        verb = draw.choice(registry()["verbs"])
        try:
            sim.do(**{verb["name"]: some(draw, verb["type"])})
            done += 1
        except (ScenarioError, ExpectationFailed, InvariantViolation):
            pass
        try:
            sim.run_for(draw.choice([0, 0.01, 0.5]))
            for _ in range(draw.choice([0, 0, 3])):
                sim.step()
        except InvariantViolation:
            pass
        if draw.random() < 0.1:  # looking changes nothing
            sim.render("svg"), sim.to_frame(), sim.quorum, sim.kv, [(h.log, h.kv, h.members) for h in sim]
    assert done > 5
    other = pickle.loads(pickle.dumps(sim))
    assert (other.digest, other.now_ns, other.events_handled) == (sim.digest, sim.now_ns, sim.events_handled)
    if sim.violation is None:  # a scenario ends there
        sim.run_for("10ms")
        assert sim.to_scenario().run().digest == sim.digest
