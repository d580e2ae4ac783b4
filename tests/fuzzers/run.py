#!/usr/bin/env python3
"""Builds the libFuzzer targets and runs each for some seconds from its kept corpus. A finding is
left in the build folder, with the command that shows it again.

  run.py --build-root build --seconds 60

New inputs that reach more code stay in the build folder; `--merge` takes the few that add something
over to the kept corpus.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import variants  # noqa: E402  (tests/ is no package)

HERE = pathlib.Path(__file__).resolve().parent
LIMITS = ["-rss_limit_mb=2048", "-timeout=20", "-max_len=8192"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-root", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--merge", action="store_true", help="grow the kept corpus afterwards")
    arguments = parser.parse_args()
    folder = variants.build("clang-sanitized", ["fuzzers"], arguments.build_root)
    targets = sorted(source.stem for source in HERE.glob("fuzz_*.cpp"))
    failures = 0
    for target in targets:
        kept = HERE / "corpus" / target
        fresh = folder / "corpus" / target
        findings = folder / "findings" / target
        for path in (kept, fresh, findings):
            path.mkdir(parents=True, exist_ok=True)
        if target == "fuzz_scenario":  # the shipped scenarios are the best seeds there are
            for scenario in (variants.SOURCE / "scenarios").rglob("*.scenario.json"):
                shutil.copy(scenario, fresh / scenario.name)
        binary = folder / "tests" / "fuzzers" / target
        done = subprocess.run(
            [str(binary), str(fresh), str(kept), f"-max_total_time={arguments.seconds}",
             f"-artifact_prefix={findings}/", "-print_final_stats=1", *LIMITS],
            capture_output=True, text=True, check=False, errors="replace")
        runs = re.search(r"stat::number_of_executed_units: *(\d+)", done.stderr)
        covered = re.findall(r" cov: (\d+) ", done.stderr)
        executed = int(runs.group(1)) if runs else 0
        print(f"{target}: {executed} inputs, {covered[-1] if covered else 0} edges, "
              f"{sum(1 for _ in kept.iterdir())} kept", flush=True)
        # A fuzzer that ran nothing found nothing.
        if done.returncode or executed == 0:
            failures += 1
            print(done.stderr[-6000:])
            print(f"again with: {binary} {findings}/*")
        elif arguments.merge:
            subprocess.run([str(binary), "-merge=1", str(kept), str(fresh), *LIMITS], check=True,
                           capture_output=True)
    print(f"fuzzers: {len(targets)} targets, {arguments.seconds} s each, {failures} with findings")
    return 1 if failures or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
