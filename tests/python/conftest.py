"""What the tests of the Python package share: the command line that they are compared with."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tool():
    """Runs the command line; answers what it printed."""
    program = os.environ.get("QUORUMLAB_TOOL", str(ROOT / "build" / "quorumlab"))

    def run(*arguments, codes=(0,)):
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)
        assert done.returncode in codes, done.stderr + done.stdout
        return done.stdout

    return run
