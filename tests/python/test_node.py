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
