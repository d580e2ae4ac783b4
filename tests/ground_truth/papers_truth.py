"""Simulated gossip beside the papers: SWIM's bounds, Lifeguard's table, serf's convergence page."""

import math

import serf_truth
import stats

LIFEGUARD = serf_truth.RECORDED["lifeguard"]  # false positives, and those at healthy members
LOAD = serf_truth.RECORDED["lifeguard_load"]  # messages in millions, GiB
FIGURE_2 = serf_truth.RECORDED["lifeguard_figure_2"]  # false positives by C


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


# The grid. Certain are the values of C (the axis of figure 2; three of nine here), from memory D and I.
GRID = {"--blocked": [4, 16, 32], "--block-ms": [128, 512, 2048, 8192, 16384, 32768],
        "--free-ms": [1, 4, 16, 64, 256, 1024, 4096, 16384]}
SAMPLE = {"--blocked": [4, 16, 32], "--block-ms": [8192, 16384, 32768], "--free-ms": [1, 64, 1024]}
SMALL = {"--blocked": [4, 16, 32], "--block-ms": [8192, 32768], "--free-ms": [1, 1024]}  # with few trials
HANDLING_US = 100  # the shortest time from a ping to its ack that was recorded (tests/data/serf/lzw.pcap)


def lifeguard_table(bench, grid, handling):
    """Sums over the grid, a row for each variant: false positives, those at healthy members, packets, bytes."""
    points = math.prod(len(values) for values in grid.values())
    options = ["--nodes", "128", "--starts", "uniform", "--handling-us", str(handling)]
    for name, values in grid.items():
        options += [name, ",".join(map(str, values))]
    rows = {v: bench.trials_of("lifeguard", 1, ["--variant", v, *options], points) for v in LIFEGUARD}
    columns = ("false_positives", "at_healthy", "packets", "bytes")
    return rows, {v: [sum(r[c] for r in rows[v]) for c in columns] for v in rows}


def lifeguard(bench):
    whole = bench.trials >= 10_000
    grid, corners = (GRID, SAMPLE) if whole else (SMALL, SMALL)
    points, few = (math.prod(len(values) for values in g.values()) for g in (grid, corners))
    print(f"""
Lifeguard, table of false positives: how often a member that never blocked was declared failed, by anybody
  and by members that never blocked either.
  Certain: the rows and their rules; alpha 5, beta 6, K 3, S 8; what moves the health score and what it scales;
  the values of C; the paper's sums.
  Assumed, from memory: 128 members; D and I; two minutes; all C members block and unblock at the same moments.
  Assumed, second-hand: nacks after 80 % of the probe timeout.
  Assumed, since nothing is said of it: serf's LAN profile and transport otherwise; what is about to be sent is
  composed before it blocks; a buffer of 256 KiB; loopback takes 50-300 us; whoever hung in a send goes on
  before what waited is handled; handling one message that waited takes {HANDLING_US} us, the shortest recorded
  time from a ping to its ack, which a process that does not have to wake up first should beat.
  One trial at each of {points} points: C {grid["--blocked"]}, D {grid["--block-ms"]} ms, I {grid["--free-ms"]} ms.
  Nothing is fitted. The last two columns: the other end, where handling takes no time, at {few} of the points.""")
    rows, sums = lifeguard_table(bench, grid, HANDLING_US)
    _, at_once = lifeguard_table(bench, corners, 0)
    share = {v: [100 * got / base if base else 0.0 for got, base in zip(t, sums["swim"])] for v, t in sums.items()}
    swift = {v: [100 * got / base if base else 0.0 for got, base in zip(t, at_once["swim"])]
             for v, t in at_once.items()}
    told = {v: [100 * x / base for x, base in zip(LIFEGUARD[v] + LOAD[v], LIFEGUARD["swim"] + LOAD["swim"])]
            for v in LIFEGUARD}

    def within(got, wanted):
        return wanted > 0 and 0.5 <= got / wanted <= 2

    for k, what in ((0, "false positives"), (1, "at healthy members")):
        print(f"  {what:20} {'simulated':>9} {'% of SWIM':>10} {'paper':>8} {'% of SWIM':>10}  {'ratio':24} "
              f"{'at once':>9} {'% of SWIM':>10}")
        for v in LIFEGUARD:
            got, wanted = share[v][k], told[v][k]
            verdict = ""
            if v != "swim":
                held = within(got, wanted)
                verdict = f"x{got / wanted:.2f} " + ("within a factor of two" if held else "MISSED")
                if not held:
                    bench.known.append(f"Lifeguard, {what}, {v}: {got:.2f} % of SWIM's ({swift[v][k]:.2f} % where "
                                       f"handling takes no time), in the paper {wanted:.2f} %")
            print(f"    {v:18} {sums[v][k]:9} {got:10.2f} {LIFEGUARD[v][k]:8} {wanted:10.2f}  {verdict:24} "
                  f"{at_once[v][k]:9} {swift[v][k]:10.2f}")
    pairs = [(a, b) for i, a in enumerate(LIFEGUARD) for b in list(LIFEGUARD)[i + 1:]]
    good = sum(1 for a, b in pairs if sums[a][0] and within(sums[b][0] / sums[a][0], told[b][0] / told[a][0]))
    print(f"    of the {len(pairs)} pairs of rows {good} have a ratio within a factor of two of the paper's")
    verdict = bench.gate("Lifeguard, LHA-Probe and Buddy beside SWIM",
                         all(within(share[v][0], told[v][0]) for v in ("lha-probe", "buddy")), f"{share}")
    print(f"    LHA-Probe and Buddy within a factor of two: {verdict}")
    order = [sums[v][0] for v in ("lifeguard", "lha-suspicion", "lha-probe", "swim")]
    verdict = bench.gate("Lifeguard, order of the rows", order[0] < order[1] < order[2] < order[3], f"{order}")
    print(f"    order Lifeguard < LHA-Suspicion < LHA-Probe < SWIM: {verdict}")
    print("  messages and bytes sent, % of SWIM's, simulated / paper:")
    for v in LIFEGUARD:
        print(f"    {v:18} {share[v][2]:7.2f} / {told[v][2]:6.2f}  {share[v][3]:7.2f} / {told[v][3]:6.2f}")
    if grid is not GRID:
        return
    runs = 9 * points // len(grid["--blocked"]) * 10  # ten repetitions of nine values of C
    print(f"  One repetition, if the paper's had 10 over this D and I: {sums['swim'][2] / points:.0f} messages a trial "
          f"under SWIM / {LOAD['swim'][0] * 1e6 / runs:.0f};\n"
          "  false positives by C, simulated / a tenth of figure 2 (read off a logarithmic axis):")
    for v, curve in FIGURE_2.items():
        by_c = {c: sum(r["false_positives"] for r in rows[v] if r["c"] == c) for c in grid["--blocked"]}
        print(f"    {v:18} " + "  ".join(f"C {c}: {n} / {curve[str(c)] / 10:.0f}" for c, n in by_c.items()))


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
