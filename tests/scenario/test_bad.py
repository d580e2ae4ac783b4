#!/usr/bin/env python3
"""Bad scenario files: each in bad/ gives exit 65 and, in lines of FILE:LINE: PATH: WHAT, at least the
message that its first line asks for. Those too odd for a file are made here."""

import argparse
import pathlib
import re
import subprocess
import tempfile

failures = []


def check(tool, path, wanted, command=("check",)):
    done = subprocess.run([tool, *command, str(path)], capture_output=True, text=True, check=False,
                          timeout=60, errors="replace")
    name = pathlib.Path(path).name
    if done.returncode != 65:
        failures.append(f"{name}: exit {done.returncode}, not 65")
    if wanted not in done.stderr:
        failures.append(f"{name}: expected {wanted!r} in:\n{done.stderr[:2000]}")
    for line in done.stderr.splitlines():
        if not re.match(r".+?(:\d+)?: .", line):
            failures.append(f"{name}: a line without a place: {line[:200]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    tool = parser.parse_args().tool
    files = sorted(pathlib.Path(__file__).parent.glob("bad/*.json"))
    for path in files:
        text = path.read_bytes().decode("utf-8", errors="replace")
        wanted = re.findall(r"^// expect: (.*)$", text, re.M)
        if not wanted:
            failures.append(f"{path.name}: has no line '// expect: ...'")
        for each in wanted:
            check(tool, path, each)
        check(tool, path, "", ("run", "--quiet"))

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        odd = {
            "huge.json": (b" " * (2 << 20), "larger than 1048576 bytes"),
            "deep.json": (b"[" * 200_000, "nested deeper than 32 levels"),
            "deep_object.json": (b'{"a":' * 5000, "nested deeper than 32 levels"),
            "empty.json": (b"", "the file is empty"),
            "binary.json": (bytes(range(256)), "not valid JSON"),
            "nul.json": (b'{"cluster": {"nodes": 3\x00}}', "the byte 0x00"),
            "latin1.json": (b'{"title": "caf\xe9", "cluster": {"nodes": 3}, "timeline": []}', "not UTF-8"),
            "list.json": (b"[]", "expected a scenario"),
            "null.json": (b"null", "expected a scenario"),
            "number.json": (b"1e999", "expected a scenario"),
            "many_problems.json": (b'{"cluster": {"nodes": 3}, "timeline": ['
                                   + b",".join([b'{"x": 1}'] * 5000) + b"]}", "unknown key"),
            "long_word.json": (b'{"' + b"a" * 100_000 + b'": 1}', "unknown key"),
        }
        for name, (content, wanted) in odd.items():
            (folder / name).write_bytes(content)
            check(tool, folder / name, wanted)
        check(tool, folder / "missing.json", "cannot be read")
        check(tool, folder, "is a directory")
    for failure in failures:
        print("FAILED:", failure)
    print(f"{len(files)} bad files and {len(odd) + 2} odd ones")
    assert not failures and len(files) >= 20, f"{len(failures)} expectations failed"


if __name__ == "__main__":
    main()
