#!/usr/bin/env python3
"""Law 7 as a test: the digest of every scenario is the same whoever compiled the tool, twice in a
row, with the trace on and off. A difference is shown by the first record that differs.

  run.py --tool build/quorumlab --build-root build --variants gcc-O0,clang-O2 --seeds 1,2,3
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import variants  # noqa: E402  (tests/ is no package)

# What `quorumlab run` may answer: held, expectation failed, violated, no progress. Anything else is
# a crash, a sanitizer's finding or a refused file.
ORDINARY_EXITS = (0, 1, 2, 3)


def run(tool, scenario, seed, *more):
    command = [str(tool), "run", str(scenario), "--seed", str(seed), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    digest = re.search(r"^digest: ([0-9a-f]{16,})$", done.stdout, re.M)
    if done.returncode not in ORDINARY_EXITS or not digest:
        print(done.stdout[-2000:], done.stderr[-4000:])
        sys.exit(f"exit {done.returncode}, {'a' if digest else 'no'} digest: {' '.join(command)}")
    return digest.group(1)


def first_difference(one, other, scenario, seed):
    """The first line in which two tools' traces differ, as JSON lines."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for i, tool in enumerate((one, other)):
            path = pathlib.Path(folder) / f"{i}.jsonl"
            run(tool, scenario, seed, "--trace", str(path))
            # The header differs by the digest itself.
            lines.append(path.read_text().splitlines()[1:])
        for number, (a, b) in enumerate(zip(*lines), 1):
            if a != b:
                return f"first different record, {number}:\n  {a}\n  {b}"
        return f"{len(lines[0])} and {len(lines[1])} records, equal as far as both go"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=pathlib.Path, required=True)
    parser.add_argument("--build-root", type=pathlib.Path, required=True)
    parser.add_argument("--variants", default="")
    parser.add_argument("--seeds", default="1,2,3")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    scenarios = sorted((variants.SOURCE / "scenarios").rglob("*.scenario.json"))
    tools = [("under test", arguments.tool.resolve())]
    for name in filter(None, arguments.variants.split(",")):
        print(f"building {name}", flush=True)
        folder = variants.build(name, ["quorumlab"], arguments.build_root)
        tools.append((name, folder / "quorumlab"))

    runs, differences = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        trace = str(pathlib.Path(folder) / "trace.qlt")
        for scenario in scenarios:
            for seed in seeds:
                expected = None
                # The tool under test runs twice without a trace and once with one; others as well,
                # since a reader of memory that nobody wrote may be lucky once.
                for name, tool in tools:
                    for how, more in (("", ()), ("again", ()), ("traced", ("--trace", trace))):
                        digest = run(tool, scenario, seed, *more)
                        runs += 1
                        expected = expected or digest
                        if digest != expected:
                            differences += 1
                            print(f"{scenario.relative_to(variants.SOURCE)} seed {seed}: {expected} "
                                  f"under test, {digest} with {name} {how}")
                            print(first_difference(tools[0][1], tool, scenario, seed), flush=True)
                            break
    print(f"determinism: {len(scenarios)} scenarios, {len(seeds)} seeds, {len(tools)} builds, "
          f"{runs} runs, {differences} differences")
    # Nothing compared is not the same as nothing different.
    return 1 if differences or runs == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
