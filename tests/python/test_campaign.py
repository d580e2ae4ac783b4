"""Campaigns and sweeps: the command line's results, whoever runs the seeds, and when a worker is lost."""

import concurrent.futures
import importlib.util
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

import quorumlab
from quorumlab import InvariantViolation, Scenario, ScenarioError, campaign, fuzz, sweep

SEEDS = 60


@pytest.fixture(scope="module")
def alone():
    return fuzz(SEEDS, jobs=1)


def test_fuzzing_is_the_command_lines(tool, alone):
    printed = tool("fuzz", "--seeds", SEEDS)
    assert alone.digest == re.search(r"digest: (\w+)", printed).group(1)
    assert f"events: {alone.events}," in printed and alone.ok and alone.seeds == SEEDS
    assert fuzz(SEEDS, jobs=3).digest == alone.digest
    assert fuzz(range(1, SEEDS + 1)).digest == alone.digest
    frame = alone.to_frame()
    assert len(frame) == SEEDS and frame["events"].sum() == alone.events and set(frame["verdict"]) == {"held"}


def test_a_failure_comes_back_with_its_replay(tool, tmp_path):
    found = fuzz(range(1, 101), rules_off="one_vote_per_term")
    assert not found.ok and found.failures
    first = found.failures[0]
    assert first.replay_command == f"quorumlab fuzz --seeds 1 --seed {first.seed} --rule-off one_vote_per_term"
    assert f"FAILED seed {first.seed}" in tool(*first.replay_command.split()[1:], "--out", tmp_path, codes=(2,))
    run = first.scenario().run()
    assert run.verdict == "invariant violated" and run.digest == first.digest == first.trace().digest()
    with pytest.raises(InvariantViolation, match="replay: quorumlab fuzz") as caught:
        found.check()
    assert caught.value.event is not None and caught.value.checker == first.checker
    assert pickle.loads(pickle.dumps(first)).scenario().run().digest == first.digest


def test_other_systems_and_bad_arguments():
    assert fuzz(3, system="etcd").events > 0
    assert fuzz(3, system="serf").simulated > 0
    assert fuzz(3, base="quorum").seeds == 3
    for wrong in ({"system": "paxos"}, {"rules_off": "one_vote"}, {"beyond": ["crash"]}, {"jobs": 0}, {"first": -1},
                  {"system": "serf", "base": "quorum"}):
        with pytest.raises(ScenarioError):
            fuzz(3, **wrong)
    with pytest.raises(ScenarioError, match='rules_off.*did you mean "one_vote_per_term"'):
        fuzz(3, rules_off="one_vote_per_tem")
    with pytest.raises(ScenarioError):
        fuzz(0)


@pytest.mark.parametrize("make", [concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor])
def test_any_executor_gives_the_same(make, alone):
    told = []
    with make(2) as executor:
        spread = campaign(SEEDS, executor=executor, progress=told.append, chunk=7)
    assert spread.digest == alone.digest and spread.events == alone.events
    assert told == sorted(told) and told[-1] == SEEDS


def test_sweeps_are_the_command_lines(tool, tmp_path):
    tool("sweep", "wan-1-failed", "--seeds", 50, "--csv", tmp_path / "out.csv")
    wanted = [line.split(",") for line in (tmp_path / "out.csv").read_text().splitlines()[1:]]
    table = sweep("wan-1-failed", seeds=50)
    assert [f"{v * 1e3:.6f}" for v in table["time_to_leader"]] == [v for _, v in wanted]
    assert set(table["verdict"]) == {"held"}
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        assert campaign(50, scenario="wan-1-failed", executor=executor).equals(table)


def test_sweeps_over_parameters():
    table = sweep("wan-1-failed", {"cluster.nodes": [5, 7]}, seeds=20, measure="elections")
    assert list(table.columns) == ["cluster.nodes", "seed", "elections", "verdict"] and len(table) == 40

    def make(heartbeat):
        sc = Scenario("own", nodes=3, heartbeat=heartbeat)
        sc.wait_until(leader="exists", within="10s")
        return sc

    def messages(run):
        return len(run.trace.filter(kind="packet_sent"))

    own = sweep(make, {"heartbeat": ["20ms", 0.05]}, seeds=5, measure=messages, workers=2)
    assert list(own.columns) == ["heartbeat", "seed", "messages", "verdict"] and (own["messages"] > 0).all()
    with pytest.raises(ScenarioError, match="did you mean"):
        sweep("quorum", measure="time_to_leder")
    with pytest.raises(ScenarioError):
        sweep("quorum", since="nowhere")


def test_progress_that_raises_ends_the_campaign():
    def stop(finished):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        fuzz(100_000, progress=stop)
    assert fuzz(2).seeds == 2


def test_ctrl_c_ends_a_campaign_within_half_a_second():
    timer = threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        fuzz(1_000_000)
    assert time.perf_counter() - begun < 0.7 + 0.5


def test_a_pool_that_breaks():
    class Broken:
        def __init__(self):
            self.pool = concurrent.futures.ThreadPoolExecutor(2)
            self.sent = 0

        def submit(self, *arguments):
            self.sent += 1
            if self.sent % 3 == 0:
                future = concurrent.futures.Future()
                future.set_exception(OSError("the worker is gone"))
                return future
            if self.sent > 12:
                raise RuntimeError("the pool is broken")
            return self.pool.submit(*arguments)

    assert campaign(SEEDS, executor=Broken(), chunk=5).digest == fuzz(SEEDS).digest


def test_dask_with_a_worker_that_is_killed(alone):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1",
                                  dashboard_address=None) as cluster, distributed.Client(cluster) as client:
        pids = client.run(os.getpid)
        assert len(set(pids.values())) == 2 and os.getpid() not in pids.values()
        killed = []

        def kill_one(finished):
            if finished >= SEEDS // 3 and not killed:
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        spread = campaign(SEEDS, executor=client.get_executor(), progress=kill_one, chunk=2)
    assert killed, "the campaign was over before a worker could be killed"
    assert spread.digest == alone.digest and spread.seeds == SEEDS
    assert [f.seed for f in spread.failures] == [f.seed for f in alone.failures]


MPI = """
from mpi4py.futures import MPIPoolExecutor
import quorumlab

if __name__ == "__main__":
    with MPIPoolExecutor() as executor:
        print("digest", quorumlab.campaign(60, executor=executor, chunk=5).digest)
"""


def test_mpi(alone, tmp_path):
    if importlib.util.find_spec("mpi4py") is None or shutil.which("mpiexec") is None:
        pytest.skip("python3-mpi4py is not installed")
    (tmp_path / "it.py").write_text(MPI)
    done = subprocess.run(["mpiexec", "--allow-run-as-root", "--oversubscribe", "-n", "3", sys.executable, "-m", "mpi4py.futures",
                           str(tmp_path / "it.py")], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert f"digest {alone.digest}" in done.stdout, done.stdout + done.stderr


def test_campaigns_and_failures_in_a_notebook():
    bad, good = fuzz(100, rules_off="vote_only_up_to_date"), fuzz(5)
    text = bad._repr_html_()
    assert f"{len(bad.failures)} of 100 seeds failed" in text and text.count("<tr>") == 1 + min(20, len(bad.failures))
    for failure in bad.failures[:20]:
        assert f"<td>{failure.seed}</td>" in text and failure.replay_command in text
    assert bad.failures[0].replay_command in bad.failures[0]._repr_html_()
    assert "5 seeds: all held" in good._repr_html_() and "<table>" not in good._repr_html_()


@pytest.mark.parametrize("widgets", [True, False])
def test_a_bar_of_tqdm(monkeypatch, capsys, widgets):
    pytest.importorskip("tqdm")
    if widgets:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    else:
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # where it warns
    assert fuzz(20, progress=True).seeds == 20
    assert "fuzz: 100%" in capsys.readouterr().err
