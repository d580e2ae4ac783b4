#!/usr/bin/env python3
"""README.md's table of the talk's slides is what the files in scenarios/talk say, and no slide from 6
to 50 is missing. `--write` puts it right.
"""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = "| slides | file | bookmarks |\n|---|---|---|\n"


def spans(numbers):
    """[18, 23, 24, 25] as "18, 23-25"."""
    runs = []
    for n in numbers:
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def rows():
    found = []
    shown = set()
    for path in sorted((ROOT / "scenarios" / "talk").glob("*.scenario.json")):
        steps = [s for s in json.loads(path.read_text())["timeline"] if "slide" in s]
        numbers = [s["slide"] for s in steps]
        shown.update(numbers)
        name = path.name.removesuffix(".scenario.json")
        marks = "; ".join(f"{s['slide']} {s['bookmark']}" for s in steps)
        found.append((numbers or [99], f"| {spans(numbers) or 'all'} | [{name}](scenarios/talk/{path.name}) | "
                      f"{marks or 'Serf and etcd on the same hosts'} |\n"))
    return [row for _, row in sorted(found)], sorted(set(range(6, 51)) - shown)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    table, missing = rows()
    readme = ROOT / "README.md"
    text = readme.read_text()
    begin = text.find(HEAD)
    if begin < 0:
        print("README.md: the table of slides is missing")
        return 1
    begin += len(HEAD)
    end = text.index("\n\n", begin) + 1
    if arguments.write:
        readme.write_text(text[:begin] + "".join(table) + text[end:])
    elif text[begin:end] != "".join(table):
        print("README.md: the table of slides is not what scenarios/talk says; tests/slides.py --write")
        return 1
    if missing:
        print(f"no scenario replays these slides: {spans(missing)}")
        return 1
    print(f"slides: {len(table)} files replay slides 6 to 50")
    return 0


if __name__ == "__main__":
    sys.exit(main())
