"""The pytest plugin: seeds, clusters, and what a failure leaves."""

import subprocess
import sys

import pytest

TESTS = """
import quorumlab

def test_with_seeds(cluster, seed):
    sim = cluster(nodes=3).run_for("2s")
    assert sim.seed == seed and sim.leader

def test_that_fails(cluster):
    sim = cluster(nodes=5).run_for("1s")
    sim.put("x", 1)
    sim.crash("@leader")
    sim.run_for("1s")
    assert sim.digest == "0"

def test_that_loads():
    quorumlab.load("quorum", **{"cluster.nodes": 7}).run(check=True)

def test_without():
    pass
"""


def test_seeds_and_replays(tmp_path, tool):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["quorumlab.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(TESTS)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--quorumlab-seeds=3",
                           "--quorumlab-first-seed=7"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "4 failed, 4 passed" in done.stdout, done.stdout
    replays = [line for line in done.stdout.splitlines() if line.startswith("replay: ") and "test-that-fails" in line]
    replays = [line for line in replays if "# ended" in line] or \
        [line for line in done.stdout.splitlines() if line.startswith("replay: ") and "# ended" in line]
    assert len(replays) == 3, done.stdout
    command, note = replays[1].removeprefix("replay: ").split("    # ")
    words = command.split()
    assert words[:2] == ["quorumlab", "run"] and words[-2:] == ["--seed", "8"]
    printed = tool("run", tmp_path / words[2], *words[3:], "--quiet")
    assert printed.split()[-1] == note.split()[-1]
    assert "replay: quorumlab run" in done.stdout and "cluster.nodes=7" in done.stdout


@pytest.mark.parametrize("option", ["--quorumlab-seeds=0", "--quorumlab-seeds=-1", "--quorumlab-seeds=x", "--quorumlab-first-seed=-1"])
def test_numbers_of_seeds_that_make_no_sense(tmp_path, option):
    (tmp_path / "test_it.py").write_text(TESTS)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "quorumlab.pytest_plugin", option],
                          capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 4 and "expected a whole number of" in done.stderr, done.stdout + done.stderr


def test_the_plugin_is_described():
    pytest.importorskip("quorumlab.pytest_plugin")
    from quorumlab import pytest_plugin

    assert pytest_plugin.__doc__
