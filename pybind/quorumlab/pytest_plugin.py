"""A plugin for pytest: fixtures that make clusters by seeds, and a failure's one-line replay.

``seed``: the seed of this run of the test; with ``--quorumlab-seeds=N`` every test that asks for it runs with N of them.
``cluster``: no cluster but what makes them, with that seed: ``sim = cluster(nodes=5)``. When a test fails, each cluster's doings are left
as a scenario, and its replay command is printed.

Installed by pip it is there by itself; from a build tree, ``pytest -p quorumlab.pytest_plugin``, or
``pytest_plugins = ["quorumlab.pytest_plugin"]`` in a conftest.py.
"""

from __future__ import annotations

import argparse
import pathlib
import re
from typing import Any, Callable, Iterator

import pytest

from . import library
from .cluster import Cluster


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of {least} or more, got {text!r}")
        return int(text)

    return number


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("quorumlab")
    group.addoption("--quorumlab-seeds", type=_at_least(1), default=1, metavar="N",
                    help="run each test that asks for a seed or a cluster with N seeds")
    group.addoption("--quorumlab-first-seed", type=_at_least(0), default=1, metavar="SEED", help="the first of them")
    group.addoption("--quorumlab-out", default="out/pytest", metavar="FOLDER", help="where scenarios of failures are left")


def pytest_generate_tests(metafunc: Any) -> None:
    if "seed" in metafunc.fixturenames and not any(m.args[0] == "seed" for m in metafunc.definition.iter_markers("parametrize")):
        first = metafunc.config.getoption("--quorumlab-first-seed")
        count = metafunc.config.getoption("--quorumlab-seeds")
        metafunc.parametrize("seed", range(first, first + count), ids=lambda s: f"seed{s}", indirect=True)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run of the test."""
    return getattr(request, "param", 1)


@pytest.fixture
def cluster(request: pytest.FixtureRequest, seed: int) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters with the test's seed: ``sim = cluster(nodes=5)``."""
    made: list[Cluster] = []

    def make(*arguments: Any, **settings: Any) -> Cluster:
        settings.setdefault("seed", seed)
        made.append(Cluster(*arguments, **settings))
        return made[-1]

    request.node._quorumlab_clusters = made
    yield make
    made.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when != "call" or not report.failed:
        return
    lines = []
    folder = pathlib.Path(item.config.getoption("--quorumlab-out"))
    for number, sim in enumerate(getattr(item, "_quorumlab_clusters", ())):
        name = re.sub(r"[^\w.-]+", "-", item.name).strip("-")[:34] + (f".{number + 1}" if number else "")
        path = folder / (name + library.ENDING)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            sim.to_scenario(re.sub(r"^[^A-Za-z]+", "", name) or "test").save(path)
        except Exception as error:  # the test's own failure is what counts
            lines.append(f"{sim!r}: cannot be left as a scenario: {error}")
            continue
        lines.append(f"replay: {library.replay_command(str(path), sim.seed, {})}    # ended at {sim.now:.6f} s, digest {sim.digest}")
    raised = call.excinfo.value if call.excinfo is not None else None
    command = getattr(raised, "replay_command", "")
    if command and not lines:
        lines.append(f"replay: {command}")
    if lines:
        report.sections.append(("quorumlab", "\n".join(lines)))
