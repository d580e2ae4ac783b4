#!/usr/bin/env python3
"""Turns Google Benchmark's JSON into the table of script/bench: what our simulation does a second, what
the peer and the floor do in the same run, the ratios, and the aims with whether they are met."""

import json
import math
import sys


def medians(path):
    """name -> counters (and time in ns) of the median repetition."""
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    found = {}
    for run in report["benchmarks"]:
        if run.get("aggregate_name", "median") != "median":
            continue
        name = run["run_name"].split("/iterations")[0]
        scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]
        found[name] = {k: v for k, v in run.items() if isinstance(v, (int, float))}
        # Of the processor, as all rates are: other work on the machine then matters less.
        found[name]["time_ns"] = run["cpu_time"] * scale
    return found


def short(number):
    if number is None:
        return "-"
    for limit, suffix in ((1e6, " M"), (1e4, " k")):
        if abs(number) >= limit:
            return f"{number / (1e6 if suffix == ' M' else 1e3):,.1f}{suffix}"
    return f"{number:,.0f}" if number >= 100 else f"{number:,.2f}"


def gossip_rows(get, missed):
    """Agents by the hundred and the thousand: speed, memory and how both grow, joins."""
    # Milliseconds that each runs, plain and compressed.
    idle = {100: (3_000_000, 1_000_000), 128: (3_000_000, 1_000_000), 1_000: (300_000, 60_000),
            10_000: (10_000, 3_000)}
    aims = {128: 10_000, 1_000: 800, 10_000: 5}

    def judged(label, fact):
        if not fact:
            missed.append(label)
        return "met" if fact else "MISSED"

    print(f"\n{'serf agents, idle, LAN, on one core':38}{'sim s / s':>11}{'compressed':>11}{'aim':>8}"
          f"{'ms / sim s':>12}{'grows':>8}{'member B':>10}{'coord B':>9}{'world B':>9}  half of the aim")
    before = None
    for nodes, (plain, compressed) in idle.items():
        name = f"gossip_idle/plain/{nodes}/{plain}"
        speed = get(name, "simulated_seconds")
        if not speed:
            continue
        packed = get(f"gossip_idle/compressed/{nodes}/{compressed}", "simulated_seconds")
        aim = aims.get(nodes)
        verdict = judged(f"{nodes} idle agents", speed >= aim / 2) if aim else ""
        member = get(name, "member_bytes")
        if member > 30:
            missed.append(f"bytes per known member, {nodes} agents")
        # The exponent of the time, from the row before: 1 is the number of probes, 2 that of pairs.
        grows = "-"
        if before and nodes != 128:
            grows = f"n^{math.log(before[1] / speed) / math.log(nodes / before[0]):.2f}"
        if nodes != 128:
            before = (nodes, speed)
        print(f"{f'{nodes:,} agents':38}{short(speed):>11}{short(packed):>11}{short(aim):>8}"
              f"{1000 / speed:>12.3f}{grows:>8}{member:>10.1f}{get(name, 'coordinate_bytes'):>9.1f}"
              f"{get(name, 'bytes') / nodes ** 2:>9.0f}  {verdict}")
    print("Idle agents are settled, not joined: all know each other from the start. A member's bytes are")
    print("of each pair that knows each other (aim: 30); the world's are all that the program holds.")
    print(f"\n{'joined from nothing, until all know all':38}{'wall s':>11}{'sim s':>11}{'MB':>8}{'limit':>8}")
    for nodes, kind, limit in ((1_000, "plain", 60), (1_000, "compressed", None), (10_000, "plain", None)):
        name = f"gossip_join/{kind}/{nodes}"
        if not get(name, "time_ns"):
            continue
        wall = get(name, "time_ns") / 1e9
        verdict = judged(f"{nodes} agents joining", wall <= limit) if limit else ""
        print(f"{f'{nodes:,} agents, {kind}':38}{wall:>11.1f}{get(name, 'took'):>11.1f}"
              f"{get(name, 'bytes') / 1e6:>8.0f}{short(limit):>8}  {verdict}")


def main():
    runs = medians(sys.argv[1])
    missed = []

    def get(name, counter):
        return runs.get(name, {}).get(counter)

    print(f"\n{'rate, per second of one core':38}{'ours':>11}{'libraft':>11}{'ratio':>8}"
          f"{'floor':>11}{'aim':>11}  half of the aim")
    idle, short_one = "sim_idle/bare/2000", "sim_short_scenario"
    fixture_idle = "fixture_idle/1000"
    ours_fast = "sim_replicating/at_once/40000"
    batched = "sim_replicating/batched/40000"
    rows = [
        ("idle, 5 nodes: simulated seconds", idle, fixture_idle, "floor_idle/20000",
         "simulated_seconds", 88_000),
        ("idle, 5 nodes: events", idle, fixture_idle, "floor_idle/20000", "events", None),
        ("idle, 5 nodes: messages delivered", idle, fixture_idle, "floor_idle/20000", "messages", None),
        ("short scenarios, 5 nodes", short_one, "fixture_short_scenario", None, "runs", 48_000),
        ("fresh cluster and one election", "sim_election", "fixture_election", None, "runs", 110_000),
        ("replicating, 3 nodes: messages", ours_fast, "fixture_replicating/4000",
         "floor_replicating/1000000", "messages", 2_500_000),
        ("replicating, 3 nodes: entries", ours_fast, "fixture_replicating/4000",
         "floor_replicating/1000000", "entries", 1_000_000),
        ("replicating, 3 nodes: events", ours_fast, "fixture_replicating/4000",
         "floor_replicating/1000000", "events", None),
        ("  in batches: messages", batched, None, None, "messages", None),
        ("  in batches: entries", batched, None, None, "entries", None),
    ]
    for label, ours, peer, floor, counter, aim in rows:
        mine, theirs = get(ours, counter), get(peer, counter)
        bottom = get(floor, counter) if floor else None
        ratio = f"{mine / theirs:.1f}x" if mine and theirs else "-"
        verdict = ""
        if aim and mine:
            verdict = "met" if mine >= aim / 2 else "MISSED"
            if verdict == "MISSED":
                missed.append(label)
        print(f"{label:38}{short(mine):>11}{short(theirs):>11}{ratio:>8}{short(bottom):>11}"
              f"{short(aim):>11}  {verdict}")

    print(f"\n{'cost':58}{'ours':>9}{'libraft':>9}{'limit':>9}")

    def cost(label, mine, theirs, limit, form):
        verdict = ""
        if mine is not None and limit is not None:
            verdict = "met" if mine <= limit else "MISSED"
            if verdict == "MISSED":
                missed.append(label)
        cells = [form(value) if value is not None else "-" for value in (mine, theirs, limit)]
        print(f"{label:58}{cells[0]:>9}{cells[1]:>9}{cells[2]:>9}  {verdict}")

    def growth(side):
        small, large = get(f"{side}/500", "entries"), get(f"{side}/4000", "entries")
        return small / large if small and large else None

    def over(name, base):
        one, other = get(name, "time_ns"), get(base, "time_ns")
        return one / other if one and other else None

    times = lambda x: f"{x:.2f}x"  # noqa: E731
    percent = lambda x: f"{100 * (x - 1):+.0f} %"  # noqa: E731
    plain = lambda x: f"{x:.3f}"  # noqa: E731
    cost("an entry, at 4,000 entries against 500", growth("sim_replicating/at_once"),
         growth("fixture_replicating"), 1.2, times)
    cost("the digest, idle", over(idle, "sim_idle/without_digest/2000"), None, 1.15, percent)
    cost("the binary trace, kept and written, idle", over("sim_idle/trace_file/2000", idle), None,
         1.5, percent)
    cost("JSON lines, written at the end, idle", over("sim_idle/json_lines/2000", idle), None, 2.2,
         times)
    for label, name in (("idle", idle), ("replicating", ours_fast), ("short scenario", short_one)):
        # A handful for a client's history is no allocation per event.
        cost(f"allocations per event, {label}", get(name, "allocations_per_event"), None,
             0.01 if name == idle else None, plain)
        cost(f"bytes allocated per event, {label}", get(name, "bytes_per_event"), None, None, plain)
    seconds = lambda x: f"{x:.3f} s"  # noqa: E731
    for label, name in (("nothing wrong", "good"), ("one stale read", "one_stale_read")):
        took = get(f"linearizability_check/{name}", "time_ns")
        # The fixed work is a hundred thousand operations of ten clients on a hundred keys, 1 % unknown.
        cost(f"100,000 operations judged, {label}", took / 1e9 if took else None, None, 2.0, seconds)
    gossip_rows(get, missed)
    print(f"\n{'gossip on the wire, nanoseconds each':58}{'ns':>9}{'bytes':>9}")
    for label, name in (
            ("ping: written", "wire_encode_ping"), ("ping: read", "wire_decode_ping"),
            ("ping: taken out of its packet and read", "wire_read_bare_ping"),
            ("ack with a coordinate: written", "wire_encode_ack"),
            ("ack with a coordinate: read", "wire_decode_ack"),
            ("alive with two tags: written", "wire_encode_alive"),
            ("alive with two tags: read", "wire_decode_alive"),
            ("compound of five, CRC: packed", "wire_make_packet/0"),
            ("compound of five, CRC: unpacked", "wire_read_packet/0"),
            ("compound of five, CRC and LZW: packed", "wire_make_packet/1"),
            ("compound of five, CRC and LZW: unpacked", "wire_read_packet/1"),
            ("compound of five, CRC and AES-256: packed", "wire_make_packet/2"),
            ("compound of five, CRC and AES-256: unpacked", "wire_read_packet/2")):
        ns, size = get(name, "time_ns"), get(name, "bytes")
        if ns is not None:
            print(f"{label:58}{ns:>9.0f}{size:>9.0f}")
        if get(name, "allocations"):
            missed.append(f"{label} allocates")
    print()
    if missed:
        print(f"missed: {'; '.join(missed)}")
    return 2 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
