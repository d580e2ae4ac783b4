#!/usr/bin/env python3
"""The command line as a user and a script meet it: exit codes, outputs, colour, traces."""

import argparse
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
TALK = str(SOURCE / "scenarios" / "talk" / "quorum.scenario.json")
failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


class Tool:
    def __init__(self, path):
        self.path = path

    def __call__(self, *args, env=None):
        return subprocess.run([self.path, *args], capture_output=True, text=True, check=False,
                              timeout=120, env={**os.environ, **(env or {})}, cwd=SOURCE)

    def on_terminal(self, *args, env=None):
        """Standard output and error of a run that believes it has a terminal."""
        primary, secondary = pty.openpty()
        child = subprocess.Popen([self.path, *args], stdout=secondary, stderr=secondary, cwd=SOURCE,
                                 env={**os.environ, "TERM": "xterm", **(env or {})})
        os.close(secondary)
        out = b""
        while True:
            try:
                chunk = os.read(primary, 65536)
            except OSError:
                break
            if not chunk:
                break
            out += chunk
        child.wait(timeout=120)
        os.close(primary)
        return out.decode()


def digest_of(text):
    lines = re.findall(r"^digest: ([0-9a-f]{16,})$", text, re.M)
    return lines[-1] if lines else None


def scenario(folder, name, steps, rest=""):
    path = folder / f"{name}.json"
    path.write_text('{"cluster": {"nodes": 5}, "timeline": [' + steps + "]" + rest + "}")
    return str(path)


def exit_codes(tool, folder):
    leader = '{"wait_until": {"leader": "exists"}, "within": "10s"}'
    expect(tool("run", TALK).returncode == 0, "held: 0")
    failed = scenario(folder, "failed", leader + ', {"expect": {"leader": "none"}}')
    expect(tool("run", failed).returncode == 1, "an expectation failed: 1")
    lost = (SOURCE / "scenarios" / "lost-fsync.scenario.json").read_text()
    (folder / "violated.json").write_text(re.sub(r',\s*"expect_violation": "durability"', "", lost))
    violated = tool("run", str(folder / "violated.json"))
    expect(violated.returncode == 2, f"a violation: 2, not {violated.returncode}")
    expect("Violated: durability" in violated.stdout, "the violation is told")
    stuck = scenario(folder, "stuck", '{"kill": ["n1", "n2", "n3"]}, '
                     '{"wait_until": {"leader": "exists"}, "within": "2s"}')
    expect(tool("run", stuck).returncode == 3, "no progress: 3")
    bad = scenario(folder, "bad", '{"crsh": "n1"}')
    expect(tool("run", bad).returncode == 65, "a bad file: 65")
    expect(tool("check", TALK).returncode == 0, "check of a good file: 0")
    expect(tool("check", TALK, bad).returncode == 65, "check of a good and a bad file: 65")
    for args in ([], ["runn"], ["run"], ["run", TALK, "--sed", "1"], ["run", TALK, "--seed", "x"],
                 ["run", TALK, "--set", "novalue"], ["sweep", TALK, "--measure", "tim_to_leader"],
                 ["sweep", TALK, "--since", "nowhere"], ["run", TALK, failed, "--trace", "x.jsonl"],
                 ["run", TALK, failed, "--history", "x.html"],
                 ["run", TALK, "--color", "pink"], ["rules", "paxos"]):
        done = tool(*args)
        expect(done.returncode == 64, f"{args}: bad usage is 64, not {done.returncode}")
        expect(done.stderr != "", f"{args}: bad usage is told")
    for args in (["--help"], ["run", "--help"], ["sweep", "--help"], ["--version"], ["list"], ["schema"], ["rules"],
                 ["rules", "serf", "--json"]):
        done = tool(*args)
        expect(done.returncode == 0 and done.stdout, f"{args}: 0 and some output")
    expect("time_to_leader" in tool("sweep", "--help").stdout, "sweep's help lists the measures")
    expect(tool("run", failed, stuck, TALK).returncode == 1, "of several runs the worst exit code")


def story(tool):
    done = tool("run", TALK)
    for word in ("Quorum: available", "Quorum: unavailable", "Slide 19", "Slide 22", "refused",
                 "Verdict: held", "election-safety", "seed 42", "quorumlab run"):
        expect(word in done.stdout, f"the story says {word!r}")
    expect(max(len(line) for line in done.stdout.splitlines()
               if not line.startswith("Again: ")) <= 100, "it fits 100 columns")
    expect(done.stdout.rstrip().splitlines()[-1].startswith("digest: "), "the digest is the last line")
    replay = re.search(r"^Again: quorumlab (run .*)$", done.stdout, re.M)
    expect(replay and digest_of(tool(*replay.group(1).split()).stdout) == digest_of(done.stdout),
           "the command it prints gives the same digest")
    expect(digest_of(tool("run", TALK, "--seed", "43").stdout) != digest_of(done.stdout),
           "another seed is another run")
    expect(digest_of(tool("run", "-v", TALK).stdout) == digest_of(done.stdout), "--verbose changes nothing")
    expect(len(tool("run", "-v", TALK).stdout) > 3 * len(done.stdout), "--verbose tells more")
    quiet = tool("run", "-q", TALK)
    expect(len(quiet.stdout.splitlines()) == 2 and digest_of(quiet.stdout) == digest_of(done.stdout),
           "--quiet prints verdict and digest")
    expect(tool("run", "quorum").returncode == 0, "a scenario is found by its name")
    listed = tool("list").stdout
    expect("quorum" in listed and "isolated-leader" in listed, "list shows the scenarios")
    rules = json.loads(tool("rules", "--json").stdout)
    expect({r["engine"] for r in rules} == {"raft", "serf", "etcd"}, "rules lists every engine's")
    source = pathlib.Path(__file__).resolve().parents[2] / "core/raft/rules.h"
    expect([r["name"] for r in rules if r["engine"] == "raft"] == re.findall(r"^  X\((\w+),", source.read_text(), re.M),
           "each rule of the list, in its order")
    expect("vote_only_up_to_date" in tool("rules").stdout and "vote_only_up_to_date" not in tool("rules", "serf").stdout,
           "rules serf shows serf's alone")


def colour(tool):
    expect("\033[" not in tool("run", TALK).stdout, "no colour into a pipe")
    expect("\033[" in tool("run", TALK, "--color=always").stdout, "--color=always colours")
    # Only then does an empty NO_COLOR, or one set, say anything.
    plain = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    os.environ.pop("NO_COLOR", None)
    expect("\033[" in tool.on_terminal("run", TALK, env=plain), "colour on a terminal")
    expect("\033[" not in tool.on_terminal("run", TALK, env={"NO_COLOR": "1"}), "NO_COLOR is respected")
    expect("\033[" not in tool.on_terminal("run", TALK, "--color=never"), "--color=never")


def data(tool, folder):
    answer = json.loads(tool("run", TALK, "--json").stdout)
    expect(answer["verdict"] == "held" and answer["exit_code"] == 0 and answer["seed"] == 42, "--json tells the verdict")
    expect(answer["digest"] == digest_of(tool("run", TALK).stdout), "--json tells the digest")
    expect(answer["operations"]["accepted"] == 4 and answer["operations"]["timed_out"] == 1,
           f"the talk's writes: {answer['operations']}")
    expect(all(c["held"] for c in answer["checkers"].values()), "every checker held")
    expect(answer["checkers"]["election_safety"]["checks"] > 0, "checks are counted")
    several = json.loads(tool("run", TALK, TALK, "--json").stdout)
    expect(isinstance(several, list) and len(several) == 2, "--json of several files is a list")
    seven = json.loads(tool("run", TALK, "--json", "--set", "cluster.nodes=7", "--set", "seed=5").stdout)
    expect(seven["seed"] == 5, "--set changes the seed")
    expect("expect" in json.dumps(seven["failures"]), "with seven nodes the third death harms no quorum")

    lines = folder / "trace.jsonl"
    expect(tool("run", "-q", TALK, "--trace", str(lines)).returncode == 0, "--trace OUT.jsonl")
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    expect(records[0]["seed"] == 42 and records[0]["digest"], "the first line describes the run")
    expect(len(records) - 1 == answer["records"], "one line for each record")
    binary = folder / "trace.qlt"
    expect(tool("run", "-q", TALK, "--trace", str(binary)).returncode == 0, "--trace OUT.qlt")
    expect(binary.read_bytes().startswith(b"QLTRACE\n"), "the binary trace has its magic")
    expect(tool("run", "-q", TALK, "--trace", str(folder / "no" / "x.qlt")).returncode != 0,
           "a trace that cannot be written is an error")
    picture = folder / "history.html"
    expect(tool("run", "-q", TALK, "--history", str(picture)).returncode == 0, "--history OUT.html")
    expect("Linearizable" in picture.read_text(encoding="utf-8"), "the picture tells the verdict")
    expect(tool("run", "-q", TALK, "--history", str(folder / "no" / "x.html")).returncode != 0,
           "a picture that cannot be written is an error")
    bad = folder / "fuzz"
    tool("fuzz", "--seeds", "2", "--rule-off", "sessions_apply_once", "--out", str(bad))
    expect("<svg" in (bad / "seed-1.history.html").read_text(encoding="utf-8"),
           "a failed seed leaves a picture")
    same = tool("run", "-q", TALK, "--check-determinism")
    expect(same.returncode == 0 and "the same three times" in same.stdout, "--check-determinism")


def serf_measures(tool, folder):
    """Of one death: who sees it first, then all; of a return; of an event; and of nobody taken wrongly."""
    file = folder / "serf.json"
    file.write_text(json.dumps({
        "cluster": {"nodes": 5, "serf": {"start_join": "n1"}},
        "timeline": [{"at": "10s", "kill": "n5", "bookmark": "death"},
                     {"at": "60s", "restart": "n5", "bookmark": "back"},
                     {"at": "90s", "event": {"by": "n1", "name": "x"}, "bookmark": "event"},
                     {"at": "100s"}]}))

    def values(measure, *since):
        done = tool("sweep", str(file), "--seeds", "5", "--measure", measure, *since, "--csv", "-")
        expect(done.returncode == 0, f"a sweep of {measure}: {done.stdout}{done.stderr}")
        return [float(line.split(",")[1] or "nan") for line in done.stdout.splitlines()[1:]]

    first = values("time_to_first_failed", "--since", "death")
    last = values("time_to_failed_known", "--since", "death")
    expect(all(1000 < f <= l < 40000 for f, l in zip(first, last)) and first != last, f"deaths: {first} {last}")
    back = values("time_to_members_known", "--since", "back")
    expect(all(0 < b < 10000 for b in back), f"back: {back}")
    joined = values("time_to_members_known")
    expect(all(0 < j < 5000 for j in joined), f"joined: {joined}")
    event = values("time_to_event_known", "--since", "event")
    expect(all(0 < e < 3000 for e in event), f"event: {event}")
    expect(values("false_failures") == [0] * 5, "nobody is taken for failed wrongly")
    slow = tool("sweep", str(file), "--seeds", "3", "--measure", "false_failures", "--csv", "-",
                "--set", "cluster.network.loss=0.7", "--set", "cluster.serf.tcp_pings=false")
    expect(sum(float(line.split(",")[1]) for line in slow.stdout.splitlines()[1:]) > 0, f"bad links accuse: {slow.stdout}")
    none = tool("sweep", TALK, "--seeds", "2", "--measure", "time_to_first_failed")
    expect("none    2" in none.stdout, f"no serf, no value: {none.stdout}")


def sweeps(tool, folder):
    csv = folder / "out.csv"
    done = tool("sweep", TALK, "--seeds", "20", "--first", "5", "--jobs", "2", "--csv", str(csv))
    expect(done.returncode == 0, f"a sweep: {done.stdout}{done.stderr}")
    for word in ("time_to_leader (ms)", "mean", "p1 ", "p50", "p99.9", "20 held"):
        expect(word in done.stdout, f"a sweep prints {word}")
    rows = csv.read_text().splitlines()
    expect(rows[0] == "seed,value" and len(rows) == 21 and rows[1].startswith("5,"), "the CSV")
    expect(all(re.fullmatch(r"\d+,\d+\.\d{6}", row) for row in rows[1:]), "milliseconds with six decimals")
    one = folder / "one.csv"
    tool("sweep", TALK, "--seeds", "20", "--first", "5", "--jobs", "1", "--csv", str(one))
    expect(one.read_text() == csv.read_text(), "the number of threads changes nothing")
    since = tool("sweep", TALK, "--seeds", "10", "--measure", "time_to_leader", "--since", "two are down")
    expect(since.returncode == 0 and "bookmark" in since.stdout, "--since BOOKMARK")


def interrupt(tool, folder):
    long = scenario(folder, "long", '{"load": {"every": "1ms"}}, {"after": "100h"}')
    for args in (["run", "-q", long], ["sweep", long, "--seeds", "9", "--jobs", "1", "--measure", "duration"]):
        child = subprocess.Popen([tool.path, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1.0)
        child.send_signal(signal.SIGINT)
        try:
            out, err = child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            expect(False, f"{args[0]}: Ctrl-C ends it")
            continue
        expect(child.returncode == 130, f"{args[0]}: Ctrl-C gives 130, not {child.returncode}")
        expect("interrupted" in out + err, f"{args[0]}: what is known so far is told")


def serf_story(tool):
    """Commands on their hosts with what serf prints, log lines as the agents write them, in order of time."""
    out = tool("run", "serf", env={"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}).stdout
    for line in (r"node2  \$ serf join node1\n +Successfully joined cluster by contacting 1 nodes\.\n",
                 r"node\d  \[INFO\] memberlist: Suspect node3 has failed, no acks received\n",
                 r"node\d  \[INFO\] serf: EventMemberFailed: node3 10\.0\.0\.3\n +\S+ and on node\d, node\d and node\d",
                 r"node\d  \[INFO\] agent: Received event: user-event: deploy-app \[\"v1\.2\.3\"\]\n",
                 r"node\d  \[INFO\] agent: joining: \[10\.0\.0\.1:7946\] replay: false\n", r"\[INFO\] agent: joined: 1 nodes\n",
                 r" Response from 'node1': up 12 days\n", r" Total Responses: 5\n",
                 r"node3  10\.0\.0\.3:7946  failed  role=web\n"):
        expect(re.search(line, out), f"the story has {line}")
    expect("c1" not in out, "no client stands between a command and its host")
    times = [float(t) for t in re.findall(r"^ +(\d+\.\d{3}) s ", out, re.M)]
    expect(times == sorted(times) and len(times) > 50, "lines in order of time")


def serf_lines(tool, folder):
    """What serf's own lines say: agents by their names and addresses, why a command failed, nothing out of time."""
    file = folder / "serf.scenario.json"

    def told(timeline, cluster='"nodes": ["a", "b"], "serf": {"start_join": "a"}', *more):
        file.write_text('{"cluster": {' + cluster + '}, "timeline": [' + timeline + "]}")
        return tool("run", str(file), *more, env={"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}).stdout

    def shows(out, *lines):
        flat = re.sub(r"\n {15,}", " ", out)  # folded lines
        for line in lines:
            expect(line in flat, f"the story has {line}: {out}")

    out = told('{"after": "1s", "join": {"by": ["b", "c"], "to": "a"}}, {"after": "3s", "join": {"by": "copy", "to": "a"}},'
               '{"after": "9s", "show_members": "a"}',
               '"nodes": ["a", "b", "c", "copy"], "serf": {"names": {"copy": "b"}}')
    shows(out, "copy  [INFO] serf: EventMemberJoin: b 10.0.0.4",
          "a     [ERR] memberlist: Conflicting address for b. Mine: 10.0.0.2:7946 Theirs: 10.0.0.4:7946 Old state: 0",
          "a     [WARN] serf: Name conflict for 'b' both 10.0.0.2:7946 and 10.0.0.4:7946 are claiming",
          "copy  [ERR] memberlist: Conflicting address for b. Mine: 10.0.0.4:7946 Theirs: 10.0.0.2:7946 Old state: 0",
          "copy  [ERR] serf: Node name conflicts with another node at 10.0.0.2:7946. Names must be unique! (Resolution enabled: true)",
          "copy  [WARN] serf: minority in name conflict resolution, quitting [0 / 2]")
    trace = folder / "names.qlt"
    tool("run", str(file), "--trace", str(trace))
    expect(tool("report", str(trace), "--html").stdout.count("Conflicting address for b.") > 0, "a trace file has the agents' names")

    shows(told('{"after": "5s", "kill": "b"}, {"after": "15s", "restart": "b"}, {"after": "3s", "kill": "b"},'
               '{"after": "100ms", "restart": "b"}, {"after": "1s", "kill": "a"}, {"after": "60s"}'),
          "[WARN] memberlist: Refuting an alive message for 'b' (10.0.0.2:7946) meta:([255 128] VS [255 128]), "
          "vsn:([1 5 2 2 5 5] VS [1 5 2 2 5 5]) [its incarnation is now 3]",
          "[INFO] serf: attempting reconnect to a 10.0.0.1:7946")
    shows(told('{"after": "1s", "join": {"by": "b", "to": "a"}}, {"after": "5s", "kill": "b"},'
               '{"after": "100ms", "restart": "b"}, {"after": "3s"}', '"nodes": ["a", "b"], "serf": {"snapshot": true}'),
          "[INFO] serf: Attempting re-join to previously known node: a: 10.0.0.1:7946",
          "[INFO] serf: Re-joined to previously known node: a: 10.0.0.1:7946")

    key = "MDEyMzQ1Njc4OWFiY2RlZg=="
    out = told(f'{{"after": "3s", "key": {{"by": "a", "do": "install", "key": "{key}"}}, "wait": true}},'
               '{"after": "1s", "join": {"by": "a", "to": "a"}, "wait": true},'
               '{"after": "1s", "query": {"by": "a", "name": "q", "payload": "' + "x" * 1100 + '"}},'
               '{"after": "1s", "query": {"by": "a", "name": "_serf_conflict"}}')
    shows(out, f"$ serf keys -install={key} a: No keyring to modify (encryption not enabled) "
               "b: No keyring to modify (encryption not enabled) 2/2 nodes reported failure",
          "$ serf join a Successfully joined cluster by contacting 1 nodes.", "query exceeds limit of 1024 bytes",
          "$ serf query _serf_conflict Queries cannot contain the '_serf_' prefix")
    expect("The command failed" not in out and "dispatched" not in out and "'?'" not in out, f"what serf would not print: {out}")
    shows(told('{"after": "3s", "key": {"by": "a", "do": "list"}, "wait": true}',
               f'"nodes": ["a", "b"], "serf": {{"start_join": "a", "keys": ["{key}"]}}'), f"{key} [2/2]")

    # An answer that is too long is dropped, and said to be; control characters do not reach the terminal.
    out = told('{"after": "3s", "on_query": {"by": "b", "name": "z", "payload": "' + "y" * 1100 + '"}},'
               '{"query": {"by": "a", "name": "z"}, "wait": true},'
               '{"event": {"by": "a", "name": "e\\u001b[31m", "payload": "p\\u0007\\u0085"}},'
               '{"tags": {"by": "b", "set": {"k": "\\u001b[1m"}}}, {"after": "3s", "show_members": "a"}')
    shows(out, "b     does not answer query", "user-event: e\\x1b[31m [\"p\\x07\\u0085\"]", "alive  k=\\x1b[1m")
    expect(not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", out), "no control characters")

    # What held is told before what was shown later.
    out = told('{"after": "3s", "force_leave": {"by": "a", "member": "b"}, "expect": {"command": "accepted"}},'
               '{"after": "1s", "show_members": "a"}, {"after": "10s", "force_leave": {"by": "a", "member": "b", "prune": true}},'
               '{"after": "10s", "show_members": "a"}')
    times = [float(t) for t in re.findall(r"^ +(\d+\.\d{3}) s ", out, re.M)]
    expect(times == sorted(times) and "\u2713" in out, f"lines in order of time: {out}")
    shows(out, "[INFO] serf: EventMemberReap: b")
    expect("10.0.0.2" not in out.rpartition("$ serf members")[2], "a member that is pruned is gone, even if it lives")

    # Where nobody runs Raft nothing is said of quorum and leader.
    for kind in "--svg", "--html":
        expect(not re.search('class="strip|nobody leads|at entry', tool("report", str(file), kind).stdout), f"{kind} of agents")


def reports(tool, folder):
    trace, page, picture = folder / "r.qlt", folder / "r.html", folder / "r.svg"
    tool("run", TALK, "--trace", str(trace))
    for source in (TALK, "quorum", str(trace)):
        done = tool("report", source, "-o", str(page))
        expect(done.returncode == 0 and done.stdout == "", f"a report of {source}")
        expect("Slide 19" in page.read_text() and "digest" in page.read_text(), f"the page of {source}")
    direct = tool("report", str(trace), "--svg")
    tool("report", TALK, "--svg", "-o", str(picture))
    expect(direct.stdout == picture.read_text(), "a trace and its scenario make the same picture")
    expect(tool("report", TALK, "--perfetto").stdout.startswith("{"), "Perfetto to standard output")
    json.loads(tool("report", TALK, "--perfetto").stdout)
    part = tool("report", TALK, "--mermaid", "--from", "Slide 20: one is down", "--to", "1200ms")
    expect(part.returncode == 0 and 0 < len(part.stdout) < len(tool("report", TALK, "--mermaid").stdout), "a stretch of time")
    for name in ("slide 20", "ONE IS DOWN", "Slide 20: one"):
        same = tool("report", TALK, "--mermaid", "--from", name, "--to", "1.2")
        expect(same.stdout == part.stdout, f"a bookmark by its number or a part: {name}")
    for bad, why in ((["report", TALK], "--html"), (["report", TALK, "--svg", "--from", "Slide 99"], "Slide 19"),
                     (["report", TALK, "--svg", "--from", "3s", "--to", "1s"], "before"),
                     (["report", str(trace), "--svg", "--seed", "3"], "scenario"), (["report", TALK, "--html", "--svg"], "one format"),
                     (["report", str(folder / "x.jsonl"), "--svg"], ".qlt"),
                     (["report", TALK, "--svg", "-o", "/nowhere/x.svg"], "cannot be written")):
        done = tool(*bad)
        expect(done.returncode == 64 and why in done.stderr, f"{bad[2:]}: {done.returncode} {done.stderr}")
    page = tool("report", str(trace), "--html").stdout
    expect("held: 12 expectations came true" in page and "log_matching" in page.replace("-", "_"), "a trace's page tells the verdict")
    again = re.search(r"Again: <code>(.*?)</code>", page)
    expect(again and "quorum" in again[1] and "--seed 42" in again[1], "and how to run it again")
    trace.write_bytes(trace.read_bytes()[:1000])
    expect(tool("report", str(trace), "--svg").returncode == 65, "a trace that is cut is refused")


def pacing(tool, folder):
    """What a slide of the talk is about has not happened yet when the slide before it is shown."""
    def times(name, kind):
        tool("run", name, "--trace", str(folder / "p.jsonl"))
        lines = [json.loads(line) for line in (folder / "p.jsonl").read_text().splitlines()[1:]]
        return [(r["time_ns"], r["words"]) for r in lines if r["kind"] == kind], lines

    marks, lines = times("leader-election", "bookmark")
    slide = {int(re.search(r"Slide (\d+)", words)[1]): t for t, words in marks}
    said = {r["words"]: r["time_ns"] for r in reversed(lines) if r["kind"] == "said"}
    word = lambda text: next(t for words, t in said.items() if text in words)  # noqa: E731
    for number, text in ((30, "DB?"), (34, "Master me!"), (39, "No, DB X is."), (46, "You da master!"), (47, "DB Y is master now.")):
        expect(slide[number] + 1_000_000 <= word(text), f"slide {number} comes before {text}")
    marks, lines = times("serf", "bookmark")
    alone = next(t for t, words in marks if "Slide 8" in words)
    expect(alone > max(r["time_ns"] for r in lines if r["kind"] == "process_started" and r["time_ns"] < 2e9), "slide 8: all agents run")
    marks, lines = times("lock", "bookmark")
    expect(marks[0][0] >= next(r["time_ns"] for r in lines if r["kind"] == "said" and "No, alice" in r["words"]), "slide 28: Bob is told no")


def again(binary):
    """The command to repeat a run names the file as short as it can be found from here."""
    for folder, wanted in ((SOURCE, "scenarios/talk/quorum.scenario.json"), (pathlib.Path("/usr"), "quorum")):
        done = subprocess.run([binary, "report", "quorum", "--html"], capture_output=True, text=True, cwd=folder)
        command = re.search(r"Again: <code>quorumlab run (.*?) --seed", done.stdout)[1]
        expect(command == wanted, f"again, in {folder}: {command}")


def handlers(tool, folder):
    """--handlers DIR: executables run for each delivery, told of it as serf tells them."""
    scripts = folder / "handlers"
    scripts.mkdir()
    told = folder / "told"

    def script(name, text, mode=0o755):
        path = scripts / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(mode)

    script("20 record.sh",
           "{ env | grep ^SERF_ | sort; echo stdin; cat; echo end; } >> '" + str(told) + "'; echo heard; exit 3\n")
    script("not-executable.sh", "echo never\n", 0o644)
    body = ('{"at": "3s", "join": {"by": "n2", "to": "n1"}},'
            ' {"after": "4s", "event": {"by": "n1", "name": "deploy-app", "payload": "v1.2.3"}},'
            ' {"after": "3s", "on_query": {"by": "n2", "name": "load", "payload": "0.42"}},'
            ' {"query": {"by": "n1", "name": "load"}, "expect": {"responses": 1}}')
    file = folder / "handled.scenario.json"
    file.write_text('{"cluster": {"nodes": 2, "serf": {"tags_of": {"n1": {"role": "web", "my-dc": "east"},'
                    ' "n2": {"role": "lb"}}}}, "timeline": [' + body + "]}")
    plain = tool("run", str(file), "-q")
    expect(plain.returncode == 0, "a run without handlers")
    expect(not told.exists(), "no script runs unless it is asked for")
    run = tool("run", str(file), "--json", "--handlers", str(scripts), env={"SERF_EVENT": "stale"})
    result = json.loads(run.stdout)
    expect(run.returncode == 0 and f"digest: {result['digest']}" in plain.stdout,
           "scripts change neither digest nor verdict, even if they fail")
    text = told.read_text()
    expect("SERF_EVENT=stale" not in text, "what the caller has in SERF_ variables does not shine through")
    want = ("SERF_EVENT=user\nSERF_SELF_NAME=n1\nSERF_SELF_ROLE=web\nSERF_TAG_MY_DC=east\nSERF_TAG_ROLE=web\n"
            "SERF_USER_EVENT=deploy-app\nSERF_USER_LTIME=1\nstdin\nv1.2.3\nend\n")
    expect(want in text, f"a user event as serf gives it: {text}")
    expect("SERF_EVENT=query\nSERF_QUERY_LTIME=1\nSERF_QUERY_NAME=load\nSERF_SELF_NAME=n2\nSERF_SELF_ROLE=lb\n"
           "SERF_TAG_ROLE=lb\nstdin\nend\n" in text, "a query as serf gives it")
    expect("SERF_EVENT=member-join\nSERF_SELF_NAME=n1\n" in text and "n2\t10.0.0.2\tlb\trole=lb\nend\n" in text,
           "members by tabs, one a line, without a port")
    runs = result["handlers"]
    expect(all(r["script"] == "20 record.sh" and r["status"] == 3 and r["output"] == "heard\n" for r in runs),
           "output and status of each run")
    expect(len(runs) == text.count("stdin\n"), "every run is told of")

    # Tags are the agent's own of that moment, whatever they hold; names are the agents'; a name may filter.
    told.unlink()
    (scripts / "20 record.sh").rename(scripts / "user:late,member-reap=record.sh")
    odd = folder / "odd.scenario.json"
    odd.write_text('{"cluster": {"nodes": ["a", "b"], "serf": {"names": {"b": "bee"}, "start_join": "a",'
                   ' "tags": {"role": "w\\te\\nb", "my-tag.x": "v,=w"}}}, "timeline": ['
                   '{"at": "2s", "event": {"by": "a", "name": "early", "coalesce": false}},'
                   '{"after": "2s", "tags": {"by": "b", "set": {"role": "db"}}},'
                   '{"after": "500ms", "event": {"by": "a", "name": "late", "coalesce": false}}, {"after": "3s"}]}')
    tool("run", str(odd), "--handlers", str(scripts))
    text = told.read_text()
    expect("SERF_SELF_NAME=bee\nSERF_SELF_ROLE=db\n" in text and "SERF_SELF_NAME=b\n" not in text, f"tags of the moment: {text}")
    expect("SERF_SELF_NAME=a\nSERF_SELF_ROLE=w\te\n" in text and "SERF_TAG_MY_TAG_X=v,=w\n" in text, f"tags as they are: {text}")
    expect(text.count("stdin\n") == 2 and "early" not in text, f"a filter in the name: {text}")
    (scripts / "user:late,member-reap=record.sh").rename(scripts / "joined=record.sh")
    expect("is no event" in tool("run", str(odd), "--handlers", str(scripts)).stderr, "a filter that serf does not have")
    (scripts / "joined=record.sh").rename(scripts / "20 record.sh")
    expect("no executable" in tool("run", str(file), "--handlers", str(folder / "nowhere")).stderr, "no such folder")

    # One that hangs is killed, with the child it waits for; its output until then is kept.
    (scripts / "20 record.sh").unlink()
    script("hang.sh", f"[ $SERF_EVENT = query ] || exit 0\necho $$ >> '{folder / 'pids'}'\necho before\n"
                      f"sleep 600 & echo $! >> '{folder / 'pids'}'\nwait\n")
    file.write_text('{"cluster": {"nodes": 1, "serf": {}}, "timeline": [{"at": "3s",'
                    ' "query": {"by": "n1", "name": "load"}, "wait": true}]}')
    began = time.monotonic()
    shown = tool("run", str(file), "--handlers", str(scripts)).stdout
    expect(4 < time.monotonic() - began < 30, "a script has five seconds")
    expect("it took too long" in shown and "| before" in shown, f"a killed script is told of: {shown}")
    time.sleep(0.2)
    for pid in (folder / "pids").read_text().split():
        state = pathlib.Path("/proc", pid, "stat")
        alive = state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"
        expect(not alive, f"process {pid} of a killed script is gone")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    tool = Tool(str(pathlib.Path(parser.parse_args().tool).resolve()))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exit_codes(tool, folder)
        story(tool)
        colour(tool)
        data(tool, folder)
        sweeps(tool, folder)
        serf_measures(tool, folder)
        reports(tool, folder)
        again(tool.path)
        pacing(tool, folder)
        serf_story(tool)
        serf_lines(tool, folder)
        handlers(tool, folder)
        interrupt(tool, folder)
    assert not failures, f"{len(failures)} expectations failed"


if __name__ == "__main__":
    main()
