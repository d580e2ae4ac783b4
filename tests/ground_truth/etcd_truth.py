"""Simulated etcd servers beside recordings of real ones: leases, take-over, errors, and what comes of them.

The recordings are of etcd 3.4.23 on one machine. What goes in is the recordings' stated method and
etcd's defaults: ticks of 100 ms, 10 to 19 of them, CheckQuorum, no PreVote, loopback's latency, a disk of
1 to 3 ms, and a start of each trial at a moment that no ticker decides. Nothing is fitted.
"""

import json
import math
import pathlib

import serf_truth
import stats

RECORDED = json.loads((pathlib.Path(__file__).resolve().parent / "etcd_recorded.json").read_text())
THREE_SIGMA = serf_truth.THREE_SIGMA


def milliseconds(rows, column):
    return sorted(r[column] / 1e6 for r in rows if r[column] is not None)


def share(values, holds):
    return sum(1 for v in values if holds(v)) / len(values)


def extremes_fit(sample, told):
    """How likely the recorded least and greatest are among so many draws; the worse of both."""
    n = told["trials"]
    least = 1 - (1 - share(sample, lambda v: v <= told["min"])) ** n
    greatest = 1 - share(sample, lambda v: v <= told["max"]) ** n
    return min(2 * min(p, 1 - p) for p in (least, greatest))


def mean_fits(sample, told):
    """How many standard errors of so many draws the recorded mean is off."""
    mean = stats.mean(sample)
    deviation = math.sqrt(stats.mean([(v - mean) ** 2 for v in sample]))
    return abs(told["mean"] - mean) / (deviation / math.sqrt(told["trials"]))


def leases(bench):
    print("\netcd's leases, ttl=1: ms from the PUT to the expire event, and until another one's PUT takes the key;\n"
          "  gate: the recorded least and greatest are no rarer than three standard errors, nor is the mean further\n"
          "  off. Only those three figures of the 30 trials on one server were kept.")
    print(f"  {'':22} {'recorded':>22}   {'simulated min - max, three ranges':44} means")
    for name, experiment, column in (("expiry", "expiry", "expired"), ("take_over", "take-over", "taken")):
        told = RECORDED[name]
        for nodes in (1, 3):
            ranges = bench.trials_each(experiment, ["--nodes", str(nodes)])
            samples = [milliseconds(rows, column) for rows in ranges]
            complete = all(len(s) == bench.trials for s in samples)
            p = [extremes_fit(s, told) for s in samples]
            off = [mean_fits(s, told) for s in samples] if "mean" in told else [0]
            alike = all(r["as_recorded"] == 1 for rows in ranges for r in rows) if column == "taken" else True
            verdict = bench.gate(f"etcd, {name} on {nodes}", complete and alike and min(p) > THREE_SIGMA
                                 and max(off) <= 3, f"p {p}, mean off by {off} standard errors, complete {complete}, "
                                 f"answers alike {alike}")
            shown = "  ".join(f"{s[0]:6.1f} - {s[-1]:6.1f}" for s in samples)
            mean = f"mean {told['mean']}" if "mean" in told else ""
            both = f"{told['min']} - {told['max']} {mean}"
            print(f"  {name + ', servers: ' + str(nodes):22} {both:>22}   {shown}   "
                  f"{'/'.join(f'{stats.mean(s):.0f}' for s in samples)}  {verdict}")
    print("  of every take-over the second one's 412, the event and the two 201 are as recorded")


def errors(bench):
    told = RECORDED["patient"]
    print("\nA PUT 6 ms after kill -9 of the leader, to each survivor: ms until its 500, and the cause it names;\n"
          "  gate: 7.00 s as recorded (whose client and kernel took 1 to 13 ms), the shares within three standard errors")
    for nodes in (3, 5):
        ranges = bench.trials_each("patient", ["--nodes", str(nodes)])
        low = min(r["shortest"] for rows in ranges for r in rows if r["shortest"] is not None) / 1e6
        high = max(r["longest"] for rows in ranges for r in rows if r["longest"] is not None) / 1e6
        verdict = bench.gate(f"etcd, patient PUT, {nodes}", 7000 <= low <= high <= told["max"]
                             and all(r["shortest"] is not None for rows in ranges for r in rows), f"{low} {high}")
        print(f"  servers: {nodes}   recorded {told['min']} - {told['max']}, simulated {low:.1f} - {high:.1f}  {verdict}")
        for words, column, who in (("the new leader", "new_leader_says", "new_leader"),
                                   ("any other", "others_say", "others")):
            hits, trials = told["one_term"][who]
            got = [[r[column] for r in rows if r["terms"] == 1] for rows in ranges]
            rates = [share(v, lambda x: x == 1) for v in got]
            lost = sum(1 for v in got for x in v if x == 2)
            verdict = bench.gate(f"etcd, cause from {words}, {nodes}", all(r == hits / trials for r in rates)
                                 and lost == 0, f"{rates}, connection lost {lost}")
            print(f"    {words + ', elected at once, blames the previous leader:':60} recorded {hits} of {trials}, "
                  f"simulated {'/'.join(f'{100 * r:.1f}' for r in rates)} %  {verdict}")
        if nodes == 3:
            hits, trials = told["three"]["new_leader"]
            rates = [share([r["new_leader_says"] for r in rows], lambda x: x == 1) for rows in ranges]
            p = [serf_truth.binomial_p(hits, trials, min(r, 1 - 1e-9)) for r in rates]
            verdict = bench.gate("etcd, cause from the new leader of any term", min(p) > THREE_SIGMA, f"{rates}")
            print(f"    {'the new leader, after however many terms:':60} recorded {hits} of {trials}, "
                  f"simulated {'/'.join(f'{100 * r:.1f}' for r in rates)} %  {verdict}")


def survivor(bench):
    told = RECORDED["survivor"]
    print("\nTwo of three are killed: what the third answers, and what is left when one comes back; both recorded once.\n"
          "  gate: all answers as recorded in every trial; times of repair within 99 % of the simulated ones")
    for variant in ("leader", "follower"):
        ranges = bench.trials_each("survivor", ["--variant", variant])
        rows = [r for one in ranges for r in one]
        print(f"  the survivor was the {variant}:")

        def line(words, recorded, simulated, held, variant=variant):
            verdict = bench.gate(f"etcd, survivor = {variant}: {words}", held, simulated)
            print(f"    {words:62} {recorded:>22}   {simulated}  {verdict}")

        low = min(r["shortest"] for r in rows) / 1e6
        high = max(r["longest"] for r in rows) / 1e6
        line("PUT, DELETE, POST, create, quorum GET: ms to 500, errorCode 300", "7001 - 7003", f"{low:.1f} - {high:.1f}",
             7000 <= low <= high <= told["errors"][1])
        health = milliseconds(rows, "health")
        line("GET /health: ms to 503", str(told["health"]), f"{health[0]:.1f} - {health[-1]:.1f}",
             1000 <= health[0] <= health[-1] <= told["health"])
        for words, column in (("those errors' bodies", "errors"), ("/health later: 503 at once", "health_503"),
                              ("GET: 200 at once, then and 8 s later, the old value and index", "local"),
                              ("GET wait=true: headers at once, then nothing", "wait"),
                              ("/v2/members/leader: 200, 8 s later 503; /v2/stats/leader 403", "leader"),
                              ("DELETE /v2/members/id: 500", "removal"),
                              ("the overdue lease is gone after the repair", "lease_gone")):
            same = sum(1 for r in rows if r[column] == 1)
            line(words, "so", f"so in {same} of {len(rows)}", same == len(rows))
        ttl = sorted({r["lease_ttl"] for r in rows})
        line("a lease of 3 s, 8 s later: its ttl", str(told["lease_ttl"]), " ".join(map(str, ttl)), ttl == [told["lease_ttl"]])
        mine = told[variant]
        same = sum(1 for r in rows if (r["k"], r["k_ahead"]) == (mine["k"], mine["k_ahead"]))
        what = ("what was answered 500 is applied, in order: \"cond\", index + 4" if variant == "leader"
                else "nothing that was answered 500 is applied: \"before\", same index")
        line(what, "so", f"so in {same} of {len(rows)}", same == len(rows))
        for words, column in (("restart to the first accepted write, ms (recorded: with its start)", "first_write"),
                              ("a PUT that waits since 0.5 s before the restart: ms to its 201", "waited")):
            samples = [milliseconds(one, column) for one in ranges]
            # Where votes were split again and again the one who waits is told 500 before there is a leader.
            inside = all(stats.percentile(s, 0.5) <= mine[column] <= stats.percentile(s, 99.5)
                         and len(s) >= 0.99 * bench.trials for s in samples)
            line(words, str(mine[column]), f"p5 {stats.percentile(samples[0], 5):.0f}, median "
                 f"{stats.percentile(samples[0], 50):.0f}, p95 {stats.percentile(samples[0], 95):.0f}; "
                 f"in {sum(map(len, samples))} of {len(rows)}", inside)
    again(bench)


def again(bench):
    print("\n  Its client asks once more for what was answered 500: a compare-and-swap, and an in-order key (POST).\n"
          "  What etcd 3.4 does follows from the above; sessions (thesis 6.3) are ours.")
    print(f"    {'survivor':10} {'session':8} {'swap':>12} {'jobs queued':>12}")
    expected = {"leader": (412, 2), "leader-session": (200, 1), "follower": (200, 1), "follower-session": (200, 1)}
    for variant, (swap, queued) in expected.items():
        rows = [r for one in bench.trials_each("again", ["--variant", variant]) for r in one]
        swaps = sorted({r["swap"] for r in rows}, key=str)
        jobs = sorted({r["queued"] for r in rows}, key=str)
        verdict = bench.gate(f"etcd, asked again, {variant}", swaps == [swap] and jobs == [queued]
                             and all(r["errors"] == 1 and r["queue"] == 201 for r in rows), f"{swaps} {jobs}")
        who, _, session = variant.partition("-")
        print(f"    {who:10} {'yes' if session else 'no':8} {' '.join(map(str, swaps)):>12} {' '.join(map(str, jobs)):>12}"
              f"   in all of {len(rows)}  {verdict}")
