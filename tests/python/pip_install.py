#!/usr/bin/env python3
"""Installs the package with pip into a clean virtual environment and uses it there: `pip install .` as users do.
Exit code 77, and a word why, where there is no virtual environment or no package index to be reached."""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
USE = """
import pathlib, quorumlab
assert "site-packages" in quorumlab.__file__, quorumlab.__file__
run = quorumlab.load("quorum").run()
assert run.ok, run
assert "site-packages" in str(quorumlab.scenarios()["quorum"]), quorumlab.scenarios()["quorum"]
assert quorumlab.Cluster(nodes=3, seed=1).run_for("1s").trace.records["time_ns"].max() <= 10**9
print(run.digest)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for the environment; it is made anew")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "venv" / "bin" / "python"
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", folder / "venv"], capture_output=True, text=True)
    if made.returncode != 0:
        print("skipped: no virtual environment can be made here:", made.stdout.strip().splitlines()[:1])
        return 77
    probe = subprocess.run([python, "-m", "pip", "download", "--no-deps", "-q", "-d", folder / "probe", "scikit-build-core"],
                           capture_output=True, text=True, timeout=300)
    if probe.returncode != 0:
        print("skipped: PyPI cannot be reached:", (probe.stderr.strip().splitlines() or [""])[-1])
        return 77
    # The flags of the tests' own build: ccache has most of it then.
    done = subprocess.run([python, "-m", "pip", "install", "--config-settings=cmake.define.QUORUMLAB_WERROR=ON", ROOT],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout[-4000:] + done.stderr[-4000:])
    used = subprocess.run([python, "-c", USE], capture_output=True, text=True, cwd=folder)
    if used.returncode != 0:
        sys.exit(used.stderr)
    tool = subprocess.run([python.parent / "quorumlab", "run", "quorum", "--quiet"], capture_output=True, text=True, cwd=folder)
    if tool.returncode != 0 or tool.stdout.split()[-1] != used.stdout.strip():
        sys.exit(f"the command line that came along says {tool.stdout}{tool.stderr}, the package {used.stdout}")
    print("installed, and its digest is the command line's:", used.stdout.strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
