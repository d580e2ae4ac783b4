#!/usr/bin/env python3
"""Runs `quorumlab fuzz` over a fixed range of seeds, and over one seed that nobody chose: the hash of
the commit, so that each commit tries a fault history of its own.

  fuzz_campaign.py --tool build/quorumlab --seeds 300 --out build/fuzz
"""

import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def commit_seed():
    """The commit's hash as a number that fits a signed 64-bit seed; a fixed one without git."""
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True,
                          text=True, check=False)
    return int(done.stdout.strip()[:15], 16) if done.returncode == 0 else 20140101


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="where failures are left")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    jobs = str(len(os.sched_getaffinity(0)))
    worst = 0
    fixed, own = ["--seeds", str(arguments.seeds)], ["--seeds", "1", "--seed", str(commit_seed())]
    for what, more in (("fixed seeds", fixed), ("the commit's own seed", own),
                       ("fixed seeds on etcd", ["--system", "etcd", *fixed]),
                       ("the commit's own seed on etcd", ["--system", "etcd", *own]),
                       ("fixed seeds on serf", ["--system", "serf", *fixed]),
                       ("the commit's own seed on serf", ["--system", "serf", *own])):
        command = [str(arguments.tool.resolve()), "fuzz", "--jobs", jobs, *more]
        print(f"-- {what}: {' '.join(command[1:])}", flush=True)
        code = subprocess.run(command, cwd=arguments.out, check=False).returncode
        worst = worst or code
    return worst


if __name__ == "__main__":
    sys.exit(main())
