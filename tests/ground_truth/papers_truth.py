"""Simulated gossip beside the papers: SWIM's bounds, Lifeguard's table, serf's convergence page."""

import math

import serf_truth
import stats

LIFEGUARD = serf_truth.RECORDED["lifeguard"]  # false positives, and those at healthy members


def swim(bench):
    print("\nSWIM (Lifeguard off): periods from a crash to the first that accuses, everybody's periods in step;\n"
          "  expected e/(e-1) = 1.582 for many members; gate: within 4 %")
    nodes = 64
    expected = math.e / (math.e - 1)
    finite = 1 / (1 - (1 - 1 / (nodes - 1)) ** (nodes - 1))
    ranges = bench.trials_each("swim", ["--nodes", str(nodes), "--starts", "together"], max(2000, bench.trials // 5))
    means = [stats.mean([r["periods"] for r in rows if r["periods"] is not None]) for rows in ranges]
    verdict = bench.gate("SWIM, first detection", all(abs(m / expected - 1) < 0.04 for m in means), f"{means}")
    print(f"  {nodes} members: {'/'.join(f'{m:.3f}' for m in means)} (the formula for {nodes}: {finite:.3f})  {verdict}")

    print("  load: packets sent for each member and period while nothing happens; expected 2 (a ping, an ack);\n"
          "  longest time between two probes of one member by one other, in periods; bound 2n - 1")
    for n in (4, 8, 16, 32, 64):
        load = bench.trials_of("swim", bench.ranges[0], ["--nodes", str(n)], 50)
        packets = stats.mean([r["packets"] for r in load if r["packets"] is not None]) / 1000
        probes = bench.trials_of("round-robin", bench.ranges[0], ["--nodes", str(n)], 20)
        longest = max(r["longest"] for r in probes) / 1e9
        verdict = bench.gate(f"SWIM, {n} members", abs(packets - 2) < 0.02 and longest <= 2 * n - 1,
                             f"{packets} packets, {longest} periods")
        print(f"  {n:3} members: {packets:.3f} packets, longest {longest:5.1f} of {2 * n - 1}; "
              f"mean {stats.mean([r['mean'] for r in probes]) / 1e9:.2f}  {verdict}")


def lifeguard(bench):
    small = bench.trials < 10_000
    grid = [(c, d, i) for c in ([8] if small else [4, 16, 32]) for d in ([16384] if small else [8192, 16384, 32768])
            for i in ([64] if small else [1, 64, 1024])]
    print("\nLifeguard, table of false positives: 128 members, alpha 5, beta 6, K 3, S 8; C members block for D, run\n"
          "  for I, and so on for two minutes. Certain: these, the rows, the values of C. Assumed (from memory):\n"
          "  the values of D and I; nacks after 80 % of the probe timeout. A sample of the grid was run, one\n"
          f"  trial each: C {sorted({g[0] for g in grid})}, D {sorted({g[1] for g in grid})} ms, "
          f"I {sorted({g[2] for g in grid})} ms; the paper's sums are over its whole grid.\n"
          "  'stopped': the process stands still (SIGSTOP). 'mute': only its messages wait, its timers run on.\n"
          "  The paper's members block inside a send: neither is quite that, since there a blocked member probes once\n"
          "  and gossips nothing, while a mute one accuses somebody every period.\n"
          "  Per cent of the row SWIM; no gate but the order of the rows.")
    for kind, clog in (("stopped", "0"), ("mute", "1")):
        sums = {}
        for variant in LIFEGUARD:
            total = [0, 0]
            for blocked, block, free in grid:
                options = ["--nodes", "128", "--variant", variant, "--blocked", str(blocked), "--block-ms", str(block),
                           "--free-ms", str(free), "--clog", clog, "--starts", "uniform"]
                for row in bench.trials_of("lifeguard", bench.ranges[0], options, 1):
                    total[0] += row["false_positives"]
                    total[1] += row["at_healthy"]
            sums[variant] = total
        print(f"  {kind:8} {'false positives':>16} {'% of SWIM':>10} {'paper':>7} {'at healthy':>11} {'%':>7} {'paper':>7}")
        for variant, (total, healthy) in sums.items():
            told = [100 * LIFEGUARD[variant][k] / LIFEGUARD["swim"][k] for k in (0, 1)]
            share = [100 * got / base if base else None
                     for got, base in ((total, sums["swim"][0]), (healthy, sums["swim"][1]))]
            text = ["-" if s is None else f"{s:.2f}" for s in share]
            print(f"    {variant:14} {total:8} {text[0]:>10} {told[0]:7.2f} {healthy:11} {text[1]:>7} {told[1]:7.2f}")
            if any(s is None or not 0.5 <= s / t <= 2 for s, t in zip(share, told)):
                bench.known.append(f"Lifeguard, {kind}, {variant}: {text[0]} % and {text[1]} % of SWIM's, in the paper "
                                   f"{told[0]:.2f} % and {told[1]:.2f} %: not within a factor of two")
        if clog == "1":
            order = [sums[v][0] for v in ("lifeguard", "lha-suspicion", "lha-probe", "swim")]
            verdict = bench.gate("Lifeguard, order of the rows", order == sorted(order) and order[0] < order[1]
                                 < order[2] < order[3], f"{order}")
            print(f"    order Lifeguard < LHA-Suspicion < LHA-Probe < SWIM: {verdict}")


def convergence(bench):
    nodes, fanout = 30, 3
    print(f"\nserf's convergence page: % of {nodes} members that have an event after k gossip intervals (0.2 s); its\n"
          "  formula, the simulated mean, and in how many trials everybody has it; no gate")
    rows = bench.trials_of("curve", bench.ranges[0], ["--profile", "lan", "--nodes", str(nodes)], min(bench.trials, 2000))
    for k in (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20):
        formula = 100 / (1 + (nodes + 1) * math.exp(-fanout / nodes * 0.5 * nodes * k))
        reached = [r[f"r{k}"] for r in rows if r[f"r{k}"] is not None]
        whole = 100 * sum(1 for x in reached if x == nodes) / len(reached)
        print(f"  {k:3}  {formula:7.2f}  {100 * stats.mean(reached) / nodes:7.2f}  {whole:6.2f}")
    print("  They part twice. Early: the page halves the contact rate and counts rounds, while ticks of different\n"
          "  members lie between each other, so that an event makes several hops in one interval. Late: the page\n"
          "  lets members gossip for ever and reaches everybody; a member really stops after\n"
          "  4 * ceil(log10(n + 1)) sends, and who was missed waits for an exchange of states (finding F1).")
