#!/usr/bin/env python3
"""The pictures of the talk's slides in scenarios/talk/pictures are what is drawn today, to the byte, and
scenarios/README.md shows each beside its slide's number: diagrams of slides 19 to 22 by `quorumlab report`,
pictures of slides 8 to 15, 19 to 22 and 29 to 50 by `quorumlab-viz`.

  pictures.py --tool build/quorumlab --viz build/quorumlab-viz [--write]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
TALK = SOURCE / "scenarios" / "talk"
FOLDER = TALK / "pictures"
README = SOURCE / "scenarios" / "README.md"
HEAD = "\n## The talk, slide by slide\n"
# Large type, since a picture on a page is small.
SIZE = ["--width", "640", "--height", "400", "--large", "--small"]


def marks(name):
    """A scenario's bookmarks: slide (or None) and text."""
    steps = json.loads((TALK / f"{name}.scenario.json").read_text())["timeline"]
    return [(step.get("slide"), step["bookmark"]) for step in steps if "bookmark" in step]


def shown():
    """Of each slide with a picture: its number, its scenario, its bookmark."""
    for name, first, last in (("serf", 8, 15), ("quorum", 19, 22), ("leader-election", 29, 50)):
        for slide, text in marks(name):
            if slide is not None and first <= slide <= last:
                yield slide, name, text


def diagrams(tool, folder):
    found = marks("quorum")
    for (slide, begin), (_, end) in zip(found, found[1:] + [(None, None)]):
        if slide is None:
            continue
        command = [tool, "report", str(TALK / "quorum.scenario.json"), "--svg", "--from", begin]
        command += ["--to", end] if end else []
        drawn = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (folder / f"slide-{slide}.svg").write_text(drawn)


def pictures(viz, folder):
    for name in dict.fromkeys(name for _, name, _ in shown()):
        script = "".join(f"seek slide {slide}\nscreenshot slide-{slide}.png\n" for slide, of, _ in shown() if of == name)
        subprocess.run([viz, str(TALK / f"{name}.scenario.json"), "--script", "-", *SIZE], check=True, text=True, input=script, cwd=folder)


def section():
    lines = [HEAD, "\nWhat the visualizer shows at each slide's bookmark (`tests/pictures.py --write` draws them anew; "
             "`quorumlab-viz FILE`\nshows them in motion, Page Down goes from one to the next).\n\n",
             "| slide | scenario and bookmark | picture |\n|---|---|---|\n"]
    for slide, name, text in shown():
        lines.append(f"| {slide} | [{name}](talk/{name}.scenario.json): {text} | <img src=\"talk/pictures/slide-{slide}.png\" "
                     f"width=\"480\" alt=\"Slide {slide}\"> |\n")
    return "".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--viz")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        diagrams(str(pathlib.Path(arguments.tool).resolve()), folder)
        if arguments.viz:
            pictures(str(pathlib.Path(arguments.viz).resolve()), folder)
        else:
            print("the visualizer's pictures are not looked at: no --viz")
        different = []
        for drawn in sorted(folder.iterdir()):
            path = FOLDER / drawn.name
            if arguments.write:
                FOLDER.mkdir(exist_ok=True)
                path.write_bytes(drawn.read_bytes())
            elif not path.exists() or path.read_bytes() != drawn.read_bytes():
                different.append(str(path.relative_to(SOURCE)))
        if arguments.viz:
            different += [str(p.relative_to(SOURCE)) for p in FOLDER.iterdir() if not (folder / p.name).exists()]
    page = README.read_text()
    wanted = page[:page.find(HEAD)] + section() if HEAD in page else page + section()
    if arguments.write:
        README.write_text(wanted)
    elif wanted != page:
        different.append("scenarios/README.md")
    if different:
        sys.exit(f"not what is drawn today: {', '.join(different)} (tests/pictures.py --write draws them anew)")


if __name__ == "__main__":
    main()
