"""The package as a whole: examples in its texts, type stubs, time to import, and no display."""

import doctest
import importlib
import json
import pathlib
import subprocess
import sys

import pytest

import quorumlab

MODULES = ["quorumlab", "quorumlab.acts", "quorumlab.campaigns", "quorumlab.clients", "quorumlab.cluster", "quorumlab.errors", "quorumlab.library",
           "quorumlab.node", "quorumlab.examples.primary_backup", "quorumlab.examples.raft", "quorumlab.picture", "quorumlab.scenario", "quorumlab.settings", "quorumlab.trace", "quorumlab.values", "quorumlab.views"]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_its_texts(name, monkeypatch):
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
    assert result.attempted > 0 or name in ("quorumlab.errors", "quorumlab.picture", "quorumlab.settings", "quorumlab.views")


def test_what_it_says_of_itself():
    for name in quorumlab.__all__:
        thing = getattr(quorumlab, name)
        assert name == "__version__" or thing.__doc__, name
        if isinstance(thing, type):
            for attribute in vars(thing):
                if not attribute.startswith("_") and callable(getattr(thing, attribute)):
                    assert getattr(thing, attribute).__doc__, f"{name}.{attribute}"


def test_import_is_quick_and_draws_in_nothing_heavy():
    code = ("import sys, time; t = time.perf_counter(); import quorumlab; "
            "print(time.perf_counter() - t, [m for m in ('numpy', 'pandas', 'matplotlib', 'tqdm', 'distributed') if m in sys.modules])")
    best = min(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split(" ")[0])
               for _ in range(3))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert best < 0.3 and out.strip().endswith("[]"), out


def test_the_stubs_say_what_the_module_has(tmp_path):
    pytest.importorskip("mypy")
    allowed = pathlib.Path(__file__).parent / "stubtest_allowlist.txt"
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "quorumlab._core", "--allowlist", str(allowed),
                           "--ignore-unused-allowlist"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(
        "import quorumlab\n"
        "sim = quorumlab.Cluster(nodes=5, seed=1)\n"
        "act: quorumlab.Act = sim.crash('n1')\n"
        "name: str = sim.nodes[0].name\n"
        "step = quorumlab.Scenario('a', nodes=3).after('1s').crash('n1').expect(leader='exists')\n"
        "held: bool = step.after('1s').crash(sim.leader, ['n2', sim.nodes[0]]).run().ok\n"
        "loaded: quorumlab.Scenario = quorumlab.Scenario.load('quorum')\n"
        "loading = loaded.load(every='100ms').say('...')\n"
        "wrong: int = sim.now_ns + sim.digest\n"
        "sim.crush('n1')\n"
        "sim.crash(3)\n"
        "loaded.crush('n1')\n"
        "step.crush('n1')\n")
    def mypy(*arguments):
        return subprocess.run([sys.executable, "-m", "mypy", "--ignore-missing-imports", "--cache-dir", str(tmp_path / "cache"),
                               *arguments], capture_output=True, text=True, cwd=tmp_path,
                              env={"MYPYPATH": str(pathlib.Path(quorumlab.__file__).parents[1]), "PATH": "/usr/bin:/bin"})

    done = mypy("user.py")
    wrong = [int(line.split(":")[1]) for line in done.stdout.splitlines() if "error:" in line]
    assert wrong == [9, 10, 11, 12, 13], done.stdout + done.stderr
    done = mypy("-p", "quorumlab")
    assert done.returncode == 0, done.stdout + done.stderr
