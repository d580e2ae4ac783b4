#!/usr/bin/env python3
"""quorumlab-viz without a display: films are the same bytes twice, scripts do what they say, and every
mistake is told with its place."""

import os
import pathlib
import subprocess
import sys
import tempfile

SCENARIO = pathlib.Path(__file__).resolve().parent.parent / "scenarios/talk/quorum.scenario.json"
SMALL = ["--width", "640", "--height", "400"]


class Tool:
    def __init__(self, viz, folder):
        self.viz, self.folder = viz, folder

    def run(self, *arguments, code=0, stdin=None, path="/usr/bin:/bin"):
        run = subprocess.run([self.viz, str(SCENARIO), *arguments], capture_output=True, text=True, timeout=100,
                             cwd=self.folder, input=stdin, env={"PATH": path})
        assert run.returncode == code, f"{arguments}: exit code {run.returncode}: {run.stdout}{run.stderr}"
        return run.stdout + run.stderr

    def script(self, text, code=0):
        return self.run("--script", "-", stdin=text, code=code)

    def bytes_of(self, name):
        return (self.folder / name).read_bytes()


def films(tool):
    stretch = [*SMALL, "--from", "slide 20", "--to", "slide 21", "--fps", "5"]
    said = tool.run("--record", "a.gif", *stretch)
    assert "4 pictures" in said, said
    tool.run("--record", "b.gif", *stretch)
    assert tool.bytes_of("a.gif") == tool.bytes_of("b.gif")
    assert tool.bytes_of("a.gif").startswith(b"GIF89a")
    assert "14 pictures" in tool.run("--record", "c.gif", *stretch, "--hold", "1")
    tool.run("--record", "frames", *stretch)
    frames = sorted(f.name for f in (tool.folder / "frames").iterdir())
    assert frames == [f"frame-0000{i}.png" for i in range(1, 5)], frames
    tool.run("--screenshot", "first.png", *SMALL, "--at", "slide 20")
    assert tool.bytes_of("frames/frame-00001.png") == tool.bytes_of("first.png")
    assert "ffmpeg" in tool.run("--record", "a.mp4", *stretch, code=64, path="/nowhere")
    if pathlib.Path("/usr/bin/ffmpeg").exists():
        tool.run("--record", "a.mp4", *stretch)
        assert b"ftyp" in tool.bytes_of("a.mp4")[:16]
    else:
        print("no film was made: ffmpeg is not installed (Debian package ffmpeg)")
    for wrong in (["--from", "nowhere"], ["--to", "nowhere"], ["--from", "3s", "--to", "1s"], ["--speed", "fast"], ["--speed", "1/0"]):
        tool.run("--record", "x.gif", *wrong, code=64)
    assert "cannot be written" in tool.run("--record", "no/folder/x.gif", *stretch, code=64)


def scripts(tool):
    tool.script("""
        seek slide 21   # a comment
        shows node:n1
        key ?
        shows help
        screenshot one.png
        key Escape
        hides help
        drag scrubber 1000,740
        hides play
        hints on
        click play
        wait 300ms
        screenshot two.png
        """)
    assert tool.bytes_of("one.png").startswith(b"\x89PNG")
    assert tool.bytes_of("one.png") != tool.bytes_of("two.png")
    for line, told in (("click node:n9", "node:n1"), ("jump", "there are: seek"), ("jump high", "no command"), ("key Q7", "PageDown"),
                       ("seek nowhere", "bookmark"), ("wait long", "500ms"), ("hides caption", "on the screen"),
                       ("shows help", "not on the screen"), ("wheel much", "notches"), ("drag scrubber", "two places"),
                       ("screenshot no/folder/x.png", "cannot be written")):
        said = tool.script("seek 1s\n" + line + "\n", code=1)
        assert said.startswith("standard input:2: ") and told in said, said
    tool.run("--script", "missing.txt", code=65)
    # Every key of the help.
    tool.script("hints on\nseek slide 20\n" + "".join(f"key {k}\nhides menu\n" for k in (
        "2", "PageDown", "N", "PageUp", "P", "Space", "Right", "Left", "J", "K", "E", "M", "F", "V", "Shift+M", "Up", "Down", "Shift+Down",
        "Home", "End", "W", "I", "O", "D", "T", "L", "B", ".", "Ctrl+S", "?", "Escape")))
    assert (tool.folder / "quorum-1.scenario.json").exists()
    tool.script("seek slide 20\nkey A\nshows menu\nkey Escape\nkey 1\nkey c\nkey G\nshows branches\nkey Down\nkey C\nshows beside:node:n1\n"
                "hides branches\nkey Tab\nshows menu\n")


def acts(tool):
    late, early = '{"at": "2s", "crash": "n1"}', '{"at": "1s", "crash": "n2"}'
    tool.run("--act", late, "--act", early, "--save", "both.json")
    tool.run("--act", early, "--act", late, "--save", "ordered.json")
    assert tool.bytes_of("both.json") == tool.bytes_of("ordered.json")
    assert b'"n1"' in tool.bytes_of("both.json").split(b'"meanwhile"')[1]
    assert "does nothing" in tool.run("--act", '{"at": "1s"}', "--save", "none.json", code=64)
    assert "run ends at" in tool.run("--at", "999s", "--screenshot", "end.png")
    for option, name in (("--screenshot", "x.gif"), ("--record", "x.webm")):
        assert "a .png" in tool.run(option, name, code=64) or option == "--record"
        assert not (tool.folder / name).exists()


def main():
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(os.path.abspath(sys.argv[1]), pathlib.Path(folder))
        films(tool)
        scripts(tool)
        acts(tool)
    print("films, scripts, acts and their mistakes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
