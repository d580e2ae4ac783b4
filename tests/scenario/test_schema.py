#!/usr/bin/env python3
"""One registry makes loader, JSON Schema and page of verbs: here Debian's python3-jsonschema judges
the same files as the loader, and the files in scenarios/ must be what the tool prints."""

import argparse
import copy
import json
import pathlib
import re
import subprocess
import tempfile

import jsonschema

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


def run(tool, *args):
    return subprocess.run([tool, *args], capture_output=True, text=True, check=False, timeout=60)


def without_comments(text):
    """JSON with // and /* */ outside of texts, as the loader takes it."""
    token = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.S)
    return token.sub(lambda m: m.group() if m.group().startswith('"') else " ", text)


def mutations(document):
    """Small changes of a good document: what people get wrong."""
    def walk(node, path):
        yield path
        children = node.items() if isinstance(node, dict) else (
            enumerate(node) if isinstance(node, list) else ())
        for key, child in children:
            yield from walk(child, path + [key])

    for path in list(walk(document, [])):
        if not path:
            continue
        for change in ("remove", "number", "text", "list", "object", "null", "true", "rename",
                       "negative", "selector", "huge"):
            changed = copy.deepcopy(document)
            parent = changed
            for key in path[:-1]:
                parent = parent[key]
            key = path[-1]
            if change == "remove":
                del parent[key]
            elif change == "rename":
                if not isinstance(key, str):
                    continue
                parent[key + "x"] = parent.pop(key)
            else:
                parent[key] = {"number": 3, "text": "word", "list": [], "object": {}, "null": None,
                               "true": True, "negative": -1, "selector": "@leader",
                               "huge": 10 ** 30}[change]
            yield path, change, changed


# What a schema cannot say, and the loader does: names that do not exist, orders in time, values that
# contradict each other. Messages of the loader that may stand alone.
BEYOND_SCHEMA = (
    "there is no node", "unknown selector", "lies before an earlier step", "means nothing",
    "stands in two groups", "is given twice", "named twice", "is above the most", "is the name of a client",
    "contradicts", "there is no operation to wait for", "no verb that names nodes", "has a meaning already",
    "must be above zero", "needs \"", "one group is no partition", "must ascend", "longer than 100 years",
    "is a node, not a client", "at most 64 hosts", "at most 1000 hosts", "can never hold", "expected \"exists\", \"none\" or a node",
    "expected a bound", "the least is above", "election", "heartbeat", "lease", "ticks",
    "there are only", "is one line", "no agent runs on", "unknown event", "no regular expression",
    "once encoded", "to a year", "no more than probe_interval", "bytes, got",
    "only names of nodes", "in base64")


def judge(tool, validator, cases, folder):
    """Holds the loader's verdict on each case against the schema's."""
    agreed_bad = 0
    told = {}
    for begin in range(0, len(cases), 200):
        names = []
        for i, (_, document) in enumerate(cases[begin:begin + 200], begin):
            (folder / f"{i}.json").write_text(json.dumps(document))
            names.append(str(folder / f"{i}.json"))
        done = run(tool, "check", "-q", *names)
        expect(done.returncode in (0, 65), f"the tool ended with {done.returncode}: {done.stderr[-500:]}")
        for line in done.stderr.splitlines():
            number = int(pathlib.Path(line.split(":", 1)[0]).stem)
            told.setdefault(number, []).append(line)
    for i, (name, document) in enumerate(cases):
        lines = told.get(i, [])
        by_schema = validator.is_valid(document)
        agreed_bad += not by_schema and bool(lines)
        if by_schema and lines:
            expect(all(any(word in line for word in BEYOND_SCHEMA) for line in lines),
                   f"{name}: the schema takes it, the loader says {lines}")
        expect(by_schema or lines, f"{name}: the loader takes what the schema refuses: "
                                   f"{next(validator.iter_errors(document), None)}")
    return len(cases), agreed_bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    tool = parser.parse_args().tool

    printed = run(tool, "schema").stdout
    stored = SOURCE / "scenarios" / "scenario.schema.json"
    expect(stored.read_text() == printed,
           "scenarios/scenario.schema.json is what `quorumlab schema` prints")
    schema = json.loads(printed)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    page = run(tool, "schema", "--markdown").stdout
    expect(page in (SOURCE / "scenarios" / "README.md").read_text(),
           "scenarios/README.md holds what `quorumlab schema --markdown` prints")

    cases = []  # name, document; each becomes a file, and the tool checks many at once
    with tempfile.TemporaryDirectory() as folder:
        def compare(name, document):
            cases.append((name, document))

        files = sorted((SOURCE / "scenarios").rglob("*.scenario.json"))
        expect(len(files) >= 14, f"{len(files)} scenarios are found")
        for path in files:
            document = json.loads(without_comments(path.read_text()))
            expect(validator.is_valid(document), f"{path.name} fits the schema")
            expect(run(tool, "check", "-q", str(path)).returncode == 0, f"{path.name} loads")
            expect((path.parent / document.get("$schema", "")).resolve() == stored,
                   f"{path.name} says where its schema is")
        for path in sorted(pathlib.Path(__file__).parent.glob("good/*.json")):
            compare(path.name, json.loads(without_comments(path.read_text())))
            document = json.loads(without_comments(path.read_text()))
            expect(validator.is_valid(document), f"{path.name} fits the schema")
            for where, change, changed in mutations(document):
                compare(f"{path.name} {where} {change}", changed)
        for path in sorted(pathlib.Path(__file__).parent.glob("bad/*.json")):
            try:
                document = json.loads(without_comments(path.read_text()))
            except (ValueError, UnicodeDecodeError):
                continue
            compare(path.name, document)
        compared, agreed_bad = judge(tool, validator, cases, pathlib.Path(folder))
    print(f"{compared} files judged by both, {agreed_bad} refused by both")
    expect(compared > 300 and agreed_bad > 200, "enough files were compared")
    assert not failures, f"{len(failures)} expectations failed"


if __name__ == "__main__":
    main()
