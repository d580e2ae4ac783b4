#!/usr/bin/env python3
"""The pictures of slides 19 to 22 in the repository are what `quorumlab report` draws today, to the byte.

  pictures.py --tool build/quorumlab [--write]
"""

import argparse
import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
SCENARIO = SOURCE / "scenarios" / "talk" / "quorum.scenario.json"
FOLDER = SOURCE / "scenarios" / "talk" / "pictures"


def stretches():
    """Of each slide: its number, its bookmark, and the one at which it is over."""
    steps = json.loads(SCENARIO.read_text())["timeline"]
    marks = [(step.get("slide"), step["bookmark"]) for step in steps if "bookmark" in step]
    for (slide, begin), following in zip(marks, marks[1:] + [(None, None)]):
        if slide is not None:
            yield slide, begin, following[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    different = []
    for slide, begin, end in stretches():
        command = [arguments.tool, "report", str(SCENARIO), "--svg", "--from", begin]
        command += ["--to", end] if end else []
        drawn = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        path = FOLDER / f"slide-{slide}.svg"
        if arguments.write:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(drawn)
        elif not path.exists() or path.read_text() != drawn:
            different.append(str(path.relative_to(SOURCE)))
    if different:
        sys.exit(f"not what is drawn today: {', '.join(different)} (tests/pictures.py --write draws them anew)")


if __name__ == "__main__":
    main()
