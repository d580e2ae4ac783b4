"""quorumlab: the real Raft and gossip engines in a world that one seed decides.

>>> import quorumlab
>>> sim = quorumlab.Cluster(nodes=5, seed=42)
>>> sim.run(until="became_leader").leader
<Server n1: leader of term 1>
>>> _ = sim.crash(sim.leader)
>>> sim.run_for("1s").quorum
<Quorum available: 4 of 5, 3 needed>

Times are seconds of the simulation; durations are "150ms", seconds as numbers, or timedelta. The same settings,
seed and doings give the same digest, here and on the command line.
"""

from ._core import __version__
from .campaigns import Campaign, Failure, campaign, fuzz, measures, sweep
from .cluster import Act, Cluster, Snapshot
from .errors import Error, ExpectationFailed, InvariantViolation, NodeError, ScenarioError
from .library import Checker, Kind, Rule, checkers, kinds, rules, scenarios
from .node import Node, Request, invariant
from .scenario import Run, Scenario, load
from .trace import Event, Trace, load_trace
from .views import Entry, Host, Operation, Program, Quorum, Server

__all__ = ["Act", "Campaign", "Checker", "Cluster", "Entry", "Error", "Event", "ExpectationFailed", "Failure", "Host",
           "InvariantViolation", "Kind", "Node", "NodeError", "Operation", "Program", "Quorum", "Request", "Rule", "Run", "Scenario",
           "ScenarioError", "Server", "Snapshot", "Trace", "build_info", "campaign", "checkers", "fuzz", "invariant", "kinds", "load",
           "load_trace", "measures", "rules", "scenarios", "sweep", "__version__"]


def build_info() -> dict[str, object]:
    """What this build is: version, digest_version, trace_version, compiler, and whether it draws pixels."""
    from . import _core

    return {"version": __version__, "digest_version": _core.digest_version, "trace_version": _core.trace_version,
            "compiler": _core.compiler, "rgb_array": hasattr(_core, "screenshot")}
