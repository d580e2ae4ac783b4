#!/usr/bin/env python3
"""What Python costs, beside the command line: PYTHONPATH=build/python tests/python/measure.py --tool build/quorumlab

Processor times, medians of several alternating runs, so that other work on the machine spoils little."""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import quorumlab


def processor_time(work):
    before = os.times()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def beside(rounds, tool_arguments, work):
    """Medians of the command line's time and of Python's, by turns."""
    theirs, ours = [], []
    work()  # imports what it needs
    for _ in range(rounds):
        theirs.append(processor_time(lambda: subprocess.run(tool_arguments, stdout=subprocess.DEVNULL, check=True)))
        ours.append(processor_time(work))
    return statistics.median(theirs), statistics.median(ours)


def row(what, theirs, ours, aim):
    print(f"{what:<58} {theirs:8.3f} s {ours:8.3f} s  {100 * (ours / theirs - 1):+6.1f} %   {aim}")


class PingPong(quorumlab.Node):
    """Eight small messages that go to and fro."""

    def on_start(self):
        if self.id == "n1":
            for i in range(8):
                self.send("n2", {"type": "Ping", "term": i, "count": 0})

    def on_message(self, sender, message):
        self.send(sender, {"type": "Ping", "term": message["term"], "count": message["count"] + 1})


def node_events():
    """Node events that Python handles in a second of processor time: each reads a message and sends one."""
    rates = []
    for _ in range(5):
        sim = quorumlab.Cluster(node=PingPong, nodes=2, seed=1, latency="1ms", trace=False)
        events = sim.events_handled
        took = processor_time(lambda: sim.run_for("40s"))
        rates.append((sim.events_handled - events) / took)
    print(f"nodes in Python: {statistics.median(rates):,.0f} node events a second, each a message in and one out (aim 100,000)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default="build/quorumlab")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    tool = str(pathlib.Path(arguments.tool).resolve())
    print(f"{'':<58} {'command':>10} {'Python':>10}")
    with tempfile.TemporaryDirectory() as folder:
        sc = quorumlab.Scenario("long", nodes=5, seed=1)
        sc.load(every="10ms", until="600s")
        sc.at("600s").say("the end")
        path = sc.save(pathlib.Path(folder) / "long.scenario.json")
        row("a scenario: ten minutes, 100 writes a second", *beside(
            arguments.rounds, [tool, "run", path, "--quiet"], lambda: sc.run(trace=False)), "aim +5 %")
    for name, measure, seeds in (("wan-1-failed", "time_to_leader", 100_000), ("quorum", "duration", 10_000)):
        row(f"a sweep: {seeds:,} seeds of {name}", *beside(
            arguments.rounds, [tool, "sweep", name, "--measure", measure, "--seeds", str(seeds)],
            lambda: quorumlab.sweep(name, seeds=seeds, measure=measure)), "aim +10 %")
    row("fuzzing: 300 seeds", *beside(arguments.rounds, [tool, "fuzz", "--seeds", "300"], lambda: quorumlab.fuzz(300)), "")

    code = "import time; t = time.perf_counter(); import quorumlab; print(time.perf_counter() - t)"
    times = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) for _ in range(9)]
    node_events()
    print(f"import quorumlab: {statistics.median(times):.3f} s (aim 0.3)")
    sim = quorumlab.Cluster(nodes=5, seed=1)
    sim.load(every="1ms", key="k{i}", until="1h")
    while len(sim.trace) < 1_000_000:
        sim.run_for("5s")
    times = []
    for _ in range(5):
        trace = sim.trace[:1_000_000]
        begun = time.perf_counter()
        trace.to_pandas()
        times.append(time.perf_counter() - begun)
    print(f"a million records to pandas: {statistics.median(times):.3f} s (aim 1)")


if __name__ == "__main__":
    main()
