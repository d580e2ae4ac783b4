#!/usr/bin/env python3
"""Opens the visualizer's real window on a display of its own and lets it close after some frames;
exit 77 (skipped) where there is no virtual display to open it on."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def main():
    viz = sys.argv[1]
    if shutil.which("xvfb-run") is None or shutil.which("Xvfb") is None:
        print("skipped: xvfb is not installed (Debian package xvfb)")
        return SKIPPED
    scenario = pathlib.Path(__file__).resolve().parent.parent / "scenarios/talk/quorum.scenario.json"
    run = subprocess.run(["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", viz, str(scenario), "--frames", "5", "--at", "slide 21"],
                         capture_output=True, text=True, timeout=110)
    assert run.returncode == 0, f"exit code {run.returncode}: {run.stdout}{run.stderr}"
    # Without a file: the list to choose from; closed, it is no failure.
    run = subprocess.run(["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", viz, "--frames", "5"],
                         capture_output=True, text=True, timeout=110)
    assert run.returncode == 0, f"exit code {run.returncode}: {run.stdout}{run.stderr}"
    # Without any display it says what to do, and a picture needs none.
    env = {"PATH": "/usr/bin:/bin"}
    run = subprocess.run([viz, str(scenario), "--frames", "1"], capture_output=True, text=True, timeout=60, env=env)
    assert run.returncode == 1 and "--screenshot" in run.stderr, f"exit code {run.returncode}: {run.stderr}"
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "picture.png"
        subprocess.run([viz, str(scenario), "--screenshot", str(out), "--at", "slide 22"], check=True, timeout=60, env=env)
        assert out.read_bytes().startswith(b"\x89PNG"), "no PNG was written"
    print("a window of five frames, a list of scenarios, an error without a display, a picture without one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
