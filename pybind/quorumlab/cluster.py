"""A cluster to explore: it runs, it breaks where you say, and everything of it can be read."""

from __future__ import annotations

import contextlib
import functools
import secrets
from typing import Any, Callable, Iterator, Mapping, Sequence

from . import _core, library
from ._verbs import Verbs
from .acts import Act, Link, Snapshot
from .clients import Clients
from .errors import ExpectationFailed, InvariantViolation, NodeError, ScenarioError, replay_words
from .node import kind_of
from .settings import checker_names, cluster_settings, rule_names
from .trace import FAR, Event, Trace, kinds_of
from .values import Duration, duration_text, field_type, nanoseconds, plain, registry, to_json, verb_value, yes_or_no
from .views import Host, Keys, Operation, Program, Quorum, Server

__all__ = ["Cluster", "Act", "Snapshot"]

class Cluster(Clients, Verbs[Act]):
    """Servers, clients and a network in a world that one seed decides.

    ``nodes``: how many, or their names. ``seed``: decides all chance; None draws one, which ``repr`` shows.
    ``raft``, ``gossip``, ``kv``: which engines run (Raft with a map; serf agents; the etcd store on Raft): True,
    False, or a dict of settings. ``clients``: how many client hosts. ``trace=False`` keeps no records. All else is
    as "cluster" in a scenario file has it (``latency``, ``loss``, ``election_timeout``, ``rules_off``, ``network``,
    ``disk``, ``apps``, ...), with durations as "150ms", seconds or timedelta. ``always``: the checkers that watch.
    ``node``: a class of one's own that runs in place of Raft (:class:`Node`); ``invariants``: what must hold of its
    nodes (:func:`invariant`).

    >>> sim = Cluster(nodes=5, seed=42)
    >>> sim.run(until=lambda s: s.leader).leader
    <Server n1: leader of term 1>
    >>> _ = sim.crash(sim.leader)
    >>> sim.run_for("1s").quorum
    <Quorum available: 4 of 5, 3 needed>
    """

    _noun = "cluster"

    def __init__(self, nodes: Any = 5, *, seed: int | None = None, trace: bool = True, always: "str | Sequence[str] | None" = None,
                 name: str = "cluster", node: Any = None, invariants: Sequence[Callable[..., Any]] = (), **settings: Any):
        from .scenario import _seed

        if node is not None:
            settings["node"] = node
        elif invariants:
            raise ScenarioError("invariants are for nodes of one's own: Cluster(node=...); of the engines, checkers judge "
                                "(quorumlab.checkers()), and a hook may look on: sim.on(...)")

        document: dict[str, Any] = {"name": name}
        chosen = secrets.randbits(32) if seed is None else _seed(seed)
        document["seed"] = chosen
        document["cluster"] = cluster_settings({"nodes": nodes, **settings})
        document["timeline"] = []
        if always is not None:
            document["always"] = checker_names(always)
        self._document = document
        self._node = (node, tuple(invariants))
        self._begin(_core.Session(to_json(document), chosen, yes_or_no(trace, "trace"), _kind(self._node)))

    def _begin(self, core: "_core.Session") -> None:
        self._core = core
        self._commands: list[tuple[int, str]] = []
        self._pending: list[Act] = []
        self._handlers: list[tuple[set[int], Callable[[Event], Any]]] = []
        self._calling = False
        self._stop = False
        self._error_told: str | None = None
        self._trace: tuple[int, Trace] | None = None
        self._servers = core.servers
        self._hosts = core.hosts
        if core.now_ns == 0:
            with self._naming_run():
                core.run_until(0, 2**64 - 1, [], None, [], None)  # what starts at once has started

    # Time.

    @property
    def now(self) -> float:
        """Simulated seconds since the start."""
        return self._core.now_ns / 1e9

    @property
    def now_ns(self) -> int:
        """Simulated nanoseconds since the start, exact."""
        return self._core.now_ns

    @property
    def events_handled(self) -> int:
        """How many events the simulation has handled."""
        return self._core.events

    def run(self, until: Any = None, *, within: Duration | None = None, max_events: int | None = None) -> "Cluster":
        """Lets time pass: until a moment (a duration since the start), an event (its kind, "became_leader"), a
        condition as in scenarios ({"leader": "exists"}), or until a callable, given the cluster after each event,
        says so; at most ``within`` from now (of what need not come: a minute), and for ``max_events`` events.
        Answers the cluster. A violation raises :class:`InvariantViolation`, and what does not come in time
        :class:`ExpectationFailed`; the cluster can be used further either way.

        >>> sim = Cluster(nodes=3, seed=1)
        >>> sim.run(until="became_leader").now < 1
        True
        >>> sim.run(until="2s").now
        2.0
        """
        most = _most(max_events)
        limit = self.now_ns + nanoseconds("1m" if within is None else within, "within")
        if until is None:
            if within is None and max_events is None:
                raise TypeError('run() needs an end: until="2s", an event, a condition or a callable; within=; or max_events=')
            end = FAR - 1 if within is None else limit
            self._drive(end, most)
        elif callable(until) and not isinstance(until, type):
            if not until(self):
                self._drive(limit, most, until=until, wanted="what was waited for")
        elif isinstance(until, Mapping):
            self._wait(dict(until), limit)
        elif isinstance(until, str) and _core.duration_ns(until) is None and not until[:1].isdigit() and until[:1] != "-":
            self._drive(limit, most, kinds=kinds_of(until), wanted=f'an event "{until}"')
        else:
            end = nanoseconds(until, "until")
            if end < self.now_ns:
                raise ScenarioError(f"until: {duration_text(end)} is over; now it is {duration_text(self.now_ns)}")
            self._drive(end, most)
        return self

    def run_for(self, duration: Duration) -> "Cluster":
        """Lets this much simulated time pass; answers the cluster."""
        self._drive(self.now_ns + nanoseconds(duration, "run_for"), 2**64 - 1)
        return self

    def wait_until(self, *, within: Duration = "1m", **conditions: Any) -> "Cluster":
        """Runs until conditions hold that are named as in scenarios: ``wait_until(leader="exists", within="2s")``."""
        self._wait(conditions, self.now_ns + nanoseconds(within, "within"))
        return self

    def step(self) -> Event | None:
        """Handles one event of the simulation. Answers the first fact that it brought (None if it brought none,
        or if nothing will ever happen)."""
        before = self._core.records
        with self._naming_run():
            self._core.step()
        self._tell_all(before)
        self._raise_violation()
        return self._event(before + 1) if self._core.records > before else None

    def peek(self) -> float:
        """When the next event comes, in simulated seconds; infinity if none does."""
        ns = self._core.next_ns()
        return float("inf") if ns >= FAR else ns / 1e9

    def reset(self, seed: int | None = None) -> "Cluster":
        """Starts over, with this seed or the same one."""
        from .scenario import _seed

        self._core.reset(self._core.seed if seed is None else _seed(seed))
        self._commands.clear()
        self._pending.clear()
        self._error_told = None
        self._trace = None
        with self._naming_run():
            self._core.run_until(0, 2**64 - 1, [], None, [], None)
        return self

    def seek(self, when: Duration) -> "Cluster":
        """Goes to a moment: forwards by running, backwards by doing again what was done until then. What was done
        later is forgotten."""
        target = nanoseconds(when, "seek")
        if target > self.now_ns:
            return self.run(until=when)
        self._core.expect_rest()
        if target == self.now_ns:
            return self
        commands = [c for c in self._commands if c[0] < target]
        other = self._core.fork()
        other.reset(other.seed)
        _replay(other, commands)
        _go_on(other, target)
        self._core, self._commands, self._trace = other, commands, None
        self._pending.clear()
        # What stands behind us now was told; what lies ahead again was not.
        self._error_told = _told(other)
        return self

    # Copies.

    def fork(self) -> "Cluster":
        """A copy that goes on by itself: what if? Both have the same past. Hooks are not copied."""
        other = Cluster.__new__(Cluster)
        other._document = self._document
        other._node = self._node
        other._begin(self._core.fork())
        other._commands = list(self._commands)
        other._error_told = self._error_told
        return other

    copy = fork
    __copy__ = fork

    def __deepcopy__(self, memo: Any) -> "Cluster":
        return self.fork()

    def snapshot(self) -> Snapshot:
        """This moment, to come back to."""
        return Snapshot(self._core.fork(), list(self._commands), self._document, self._node, self._error_told)

    def restore(self, snapshot: Snapshot) -> "Cluster":
        """Goes back to a snapshot of this cluster, a fork of it, or one made with the same settings; it can be restored
        again."""
        if not isinstance(snapshot, Snapshot):
            raise ScenarioError(f"expected a snapshot, got {snapshot!r}")
        self._core.expect_rest()
        if not snapshot._fits(self._document, self._node):
            raise ScenarioError(f"{snapshot!r} is of another cluster, with other settings; its own restores it")
        self._core = snapshot._core.fork()
        self._commands = list(snapshot._commands)
        self._document = snapshot._document
        self._pending.clear()
        self._error_told = snapshot._error_told
        self._trace = None
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (self._document, self._core.seed, self._core.keeps_trace, list(self._commands), self.now_ns,
                         self._core.events, self._node)

    def to_dict(self) -> dict[str, Any]:
        """All that it takes to make this cluster again: settings, seed, what was done, and the time."""
        return {"document": self._document, "seed": self._core.seed, "trace": self._core.keeps_trace,
                "commands": [list(c) for c in self._commands], "now_ns": self.now_ns, "events": self._core.events}

    @staticmethod
    def from_dict(made: Mapping[str, Any]) -> "Cluster":
        """A cluster from :meth:`to_dict`, by doing all of it again."""
        return _remade(made["document"], made["seed"], made["trace"], [(ns, text) for ns, text in made["commands"]],
                       made["now_ns"], made["events"])

    def to_scenario(self, name: str | None = None) -> Any:
        """What was done so far as a :class:`Scenario`: its run has this cluster's digest. (A load that goes on
        after the last act ends with the scenario's timeline.)"""
        return self._written(name, {})

    def _written(self, name: str | None, last: dict[str, Any], at_least_ns: int = 0) -> Any:
        import json

        from .scenario import Scenario

        document = dict(self._document)
        document["seed"] = self._core.seed
        if name is not None:
            document["name"] = name
        steps = [{"at": duration_text(ns), **json.loads(text)} for ns, text in self._commands]
        document["timeline"] = [*steps, {"at": duration_text(max(self.now_ns, at_least_ns)), **last}]
        return Scenario.from_dict(document, node=self._node[0], invariants=self._node[1])

    @property
    def replay_command(self) -> str:
        """One line for a shell that repeats this, once ``to_scenario().save("NAME.scenario.json")`` has written it."""
        return library.replay_command(self._document["name"] + library.ENDING, self._core.seed, {})

    # Acts.

    def _act(self, verb: str, values: tuple[Any, ...], fields: dict[str, Any]) -> Act:
        return self._do(verb, verb_value(verb, values, fields))

    def _do(self, verb: str, value: Any, act: Act | None = None) -> Act:
        text = to_json({verb: value})
        if self._calling:
            # Time stands still while a hook looks on: it happens right after.
            act = Act(self, verb, value, [], [])
            self._pending.append(act)
            self._stop = True
            return act
        if self.now_ns == 0:
            # A scenario's first step comes before anything has started, ours after: both can say "after 1 ns".
            self._core.run_until(1, 2**64 - 1, [], None, [], None)
        act = act or Act(self, verb, value, [], [])
        act.hosts = self._hit(verb, value)
        now = self.now_ns
        steps = self._core.steps
        try:
            with self._naming_run():
                (ending, why, _, _), ids = self._core.perform(text, self._kinds_told(), self._tell)
        finally:  # done even if a hook raised
            if self._core.steps > steps:
                act._command = (now, text)
                self._commands.append(act._command)
            self._trace = None
        act.operations = [Operation(self, i) for i in ids]
        self._after(ending, why, {verb: value})
        return act

    def _hit(self, verb: str, value: Any) -> list[str]:
        """Whom the act hits, for taking it back."""
        if verb not in ("crash", "kill", "pause", "block"):
            return []
        return self._core.resolve(to_json(value))

    def do(self, **step: Any) -> Act:
        """One verb as a file has it: ``sim.do(crash="@leader")``."""
        if len(step) != 1:
            raise ScenarioError(f"expected one verb, got {len(step)}")
        (verb, value), = step.items()
        kind = field_type(registry()["verbs"], verb)
        return self._do(verb, plain(value, kind))

    def link(self, *ends: Any, **settings: Any) -> Any:
        """Links behave like this from now on: ``sim.link("n1", "n2", loss=0.3)`` from the first to the second, both
        ways with ``both=True``, everywhere without hosts. Without settings: something to set them on,
        ``sim.link("n1", "n2").loss = 0.3``."""
        if len(ends) > 2:
            raise ScenarioError("a link has two ends")
        given = {"from": ends[0]} if ends else {}
        if len(ends) == 2:
            given["to"] = ends[1]
        given = {k: plain(v) for k, v in given.items()}
        if not settings:
            for key, end in given.items():
                if key != "both":
                    try:
                        self._core.resolve(to_json(end))
                    except ScenarioError as error:
                        raise ScenarioError(f"link: {error.problems[0].what}") from None
        if "both" in settings and not set(settings) - {"both"}:
            given["both"] = settings.pop("both")
        return self._act("link", (), {**given, **settings}) if settings else Link(self, given)

    def rules_off(self, *rules: str, nodes: Any = None) -> Act:
        """Safety rules that are not obeyed from now on, to see what they are for; with ``with`` for a while."""
        cluster = self._document["cluster"]
        engines = [e for e in ("raft", "serf", "etcd") if e in cluster] or ["raft"]
        known = {rule.name for rule in library.rules()}
        for rule in rules:
            if str(rule).replace("-", "_") not in known:
                rule_names(rule, engines[0])  # says which there are
        return self._act("rule", (), {"off": list(rules), "nodes": nodes})

    # Events.

    def on(self, *kinds: str) -> Callable[[Callable[[Event], Any]], Callable[[Event], Any]]:
        """Calls a function with each event of these kinds from now on:

        >>> sim, heard = Cluster(nodes=3, seed=1), []
        >>> @sim.on("leader_elected")
        ... def hear(event):
        ...     heard.append(event.node)
        >>> _ = sim.run_for("1s"); heard
        ['n3']

        What it does to the cluster happens right after the event.
        """
        numbers = set(kinds_of(kinds))
        if not self._core.keeps_trace:
            raise ScenarioError("hooks need the trace: Cluster(trace=True)")

        def register(function: Callable[[Event], Any]) -> Callable[[Event], Any]:
            self._handlers.append((numbers, function))
            return function

        return register

    def off(self, function: Callable[[Event], Any]) -> None:
        """A function that :meth:`on` registered is not called any more."""
        self._handlers = [h for h in self._handlers if h[1] is not function]

    def events(self, until: Duration | None = None, *, kind: "str | Sequence[str] | None" = None) -> Iterator[Event]:
        """Runs, and gives each event (of these kinds) as it happens, until this moment or for ever:
        ``for event in sim.events(until="1s", kind="vote"): ...``"""
        end = FAR - 1 if until is None else nanoseconds(until, "until")
        kinds = [] if kind is None else kinds_of(kind)
        if not self._core.keeps_trace:
            raise ScenarioError("events need the trace: Cluster(trace=True)")
        seen = self._core.records + 1
        while self.now_ns < end and self._core.next_ns() <= end:
            before = self._core.records
            with self._naming_run():
                self._core.step()
            self._tell_all(before)
            ids, seen = self._core.next_records(seen, kinds)
            for i in ids:
                yield self._event(i)
            self._raise_violation()
        if until is not None and self.now_ns < end:
            self.run(until=until)

    def _event(self, number: int) -> Event:
        return Event._make(self._core.event(number))

    def _kinds_told(self) -> list[int]:
        return sorted(set().union(*(h[0] for h in self._handlers))) if self._handlers else []

    def _tell(self, number: int) -> bool:
        event = self._event(number)
        kind = kinds_of(event.kind)[0]
        self._calling = True
        try:
            for kinds, function in list(self._handlers):
                if kind in kinds:
                    function(event)
        finally:
            self._calling = False
        return self._stop

    def _tell_all(self, before: int) -> None:
        if self._handlers:
            ids, _ = self._core.next_records(before + 1, self._kinds_told())
            for i in ids:
                self._tell(i)
            self._do_pending()

    def _do_pending(self) -> None:
        self._stop = False
        pending, self._pending = self._pending, []
        for act in pending:
            self._do(act.verb, act.value, act)

    def _drive(self, end: int, most: int, *, kinds: list[int] = [], until: Callable[["Cluster"], Any] | None = None,
               wanted: str = "") -> None:
        self._trace = None
        last = self._core.events + most
        predicate = None if until is None else functools.partial(_guarded, self, until)
        while True:
            with self._naming_run():
                ending, why, stop, found = self._core.run_until(end, max(0, last - self._core.events), kinds, predicate,
                                                                self._kinds_told(), self._tell)
            if self._pending or self._stop:
                self._do_pending()
                if stop == "told" and ending != "violated":
                    continue
            break
        self._after(ending, why)
        if wanted and stop not in ("found", "predicate"):
            if self._core.events >= last:
                return
            raise self._failure(f"{wanted} did not come by {self.now:.3f} s (seed {self._core.seed})")

    def _wait(self, conditions: dict[str, Any], end: int) -> None:
        self._trace = None
        text = to_json(plain(conditions, registry()["conditions"]))
        while True:
            with self._naming_run():
                ending, why, stop, _ = self._core.wait_for(text, end, self._kinds_told(), self._tell)
            if self._pending or self._stop:
                self._do_pending()
                if stop == "told" and ending == "stopped":
                    continue
            break
        if ending in ("failed", "exhausted"):
            raise self._failure(f"waited in vain until {why} (at {self.now:.3f} s, seed {self._core.seed})",
                                {"expect": plain(conditions, registry()["conditions"])})
        self._after(ending, why)

    def _after(self, ending: str, why: str, step: dict[str, Any] | None = None) -> None:
        if ending == "failed" and why:
            raise self._failure(f"{why} (at {self.now:.3f} s, seed {self._core.seed})", step)
        self._raise_violation()

    def _failure(self, words: str, step: dict[str, Any] | None = None) -> ExpectationFailed:
        """With the run so far; its scenario ends with the step that fails."""
        try:
            scenario = self._written(None, step or {})
        except ScenarioError:  # a step that only a cluster can read
            scenario = self.to_scenario()
        return ExpectationFailed(words + self._replay_words(), self._core.seed, self.replay_command, event=self._last_event(),
                                 trace=self.trace if self._core.keeps_trace else None, scenario=scenario)

    def _last_event(self) -> Event | None:
        count = self._core.records
        return self._event(count) if count else None

    def _replay_words(self) -> str:
        return replay_words(self.replay_command, self._document["name"] + library.ENDING, self._node[0] is not None)

    @contextlib.contextmanager
    def _naming_run(self) -> Iterator[None]:
        """What nodes of one's own raise on the way knows of this run."""
        try:
            yield
        except NodeError as error:
            self._trace = None
            error._of_run(self._written(None, {}, 1), self.replay_command, self.trace if self._core.keeps_trace else None,
                          self._replay_words())
            raise

    def _raise_violation(self) -> None:
        v = self._core.broken() or self._core.violation()
        if v is None or self._error_told == v["checker"]:
            return
        self._error_told = v["checker"]
        event = self._event(v["record"]) if v["record"] and v["record"] <= self._core.records else None
        by = f" (seed {self.seed})" if self._node[0] is not None else ""
        raise InvariantViolation(v["words"] + by + self._replay_words(), checker=v["checker"], event=event,
                                 seed=self._core.seed, trace=self.trace if self._core.keeps_trace else None,
                                 replay_command=self.replay_command, scenario=self.to_scenario(), details=v)

    def judge(self) -> "Cluster":
        """Judges all that clients asked and were told so far as one history (linearizability), which is dear and
        done at the end of scenarios; raises :class:`InvariantViolation`."""
        self._core.judge_clients()
        self._raise_violation()
        return self

    def holds(self, **conditions: Any) -> bool:
        """Whether conditions, named as in scenarios, hold now: ``sim.holds(leader="exists", term=2)``."""
        return self._core.holds(to_json(plain(conditions, registry()["conditions"])))

    def expect(self, **conditions: Any) -> "Cluster":
        """Raises :class:`ExpectationFailed` unless the conditions hold now."""
        if not conditions:
            raise ScenarioError('expected a condition, for example leader="exists"')
        for key, value in conditions.items():
            if not self.holds(**{key: value}):
                raise self._failure(f"expected {key}: {value} at {self.now:.3f} s (seed {self._core.seed}), and it is not so",
                                    {"expect": plain({key: value}, registry()["conditions"])})
        return self

    # Looking.

    @property
    def seed(self) -> int:
        return self._core.seed

    @property
    def digest(self) -> str:
        """16 hexadecimal digits, of all that the world saw so far: the same for the same doings and seed."""
        return self._core.digest

    @property
    def names(self) -> list[str]:
        """The servers' names."""
        return list(self._servers)

    @property
    def hosts(self) -> list[str]:
        """The names of servers, clients and programs."""
        return list(self._hosts)

    @property
    def nodes(self) -> list[Server]:
        """The servers."""
        return [Server(self, i + 1) for i in range(len(self._servers))]

    @property
    def leader(self) -> Server | None:
        """The leader of the highest term among the running nodes; None if there is none."""
        number = self._core.leader()
        return Server(self, number) if number else None

    @property
    def quorum(self) -> Quorum:
        """Whether a majority of the voters runs and can talk to each other; truthy if so."""
        sides = self._core.sides()
        if self._node[0] is not None:  # the engines' own arithmetic knows nothing of these
            have, need = max(map(len, sides), default=0), len(self) // 2 + 1
            return Quorum(have >= need, have, need, len(self), sides)
        return Quorum(*self._core.quorum(), sides)

    @property
    def kv(self) -> Keys:
        """What the leader's (else the first running server's) state machine holds, as a mapping."""
        number = self._core.leader() or next((i + 1 for i, s in enumerate(self.nodes) if s.running), 1)
        return Keys(self._core.store(number))

    @property
    def operations(self) -> list[Operation]:
        """All that clients asked so far."""
        return [Operation(self, i) for i in self._core.operations()]

    @property
    def checks(self) -> dict[str, int]:
        """How many checks each checker has made."""
        return self._core.checks()

    @property
    def violation(self) -> dict[str, Any] | None:
        """The first violation, or None."""
        return self._core.broken() or self._core.violation()

    @property
    def trace(self) -> Trace:
        """All events so far. What comes later is not in it."""
        if not self._core.keeps_trace:
            raise ScenarioError("this cluster keeps no trace: Cluster(trace=True)")
        count = self._core.records
        if self._trace is None or self._trace[0] != count:
            text = self._core.text
            self._trace = (count, Trace(self._core.tape(text, self.replay_command)))
        return self._trace[1]

    def __getitem__(self, name: Any) -> Any:
        """A host by its name: a :class:`Server`, :class:`Program` or client."""
        name = getattr(name, "name", name)
        if name not in self._hosts:
            raise KeyError(f"there is no host {name!r}; there are {' '.join(self._hosts)}")
        number = self._hosts.index(name) + 1
        if number <= len(self._servers):
            return Server(self, number)
        host = Host(self, number)
        return Program(self, number) if host.kind == "program" else host

    def __iter__(self) -> Iterator[Server]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self._servers)

    def __contains__(self, name: Any) -> bool:
        return getattr(name, "name", name) in self._hosts

    def to_frame(self) -> Any:
        """The servers as a pandas DataFrame, by name: running, role, term, leader, last_index, commit_index, ..."""
        import pandas

        rows = [self._core.status(i + 1) for i in range(len(self._servers))]
        frame = pandas.DataFrame(rows).set_index("name")
        if "role" in frame:
            frame["role"] = frame["role"].astype("category")
        return frame.drop(columns=["kind", "raft", "gossip", "kv"])

    # Pictures.

    def render(self, mode: str = "svg") -> Any:
        """This moment: "svg" (a ring of servers), "ansi" (a line for each, for a terminal), "html" (a page of the
        whole run), "rgb_array" (height x width x 3 of uint8, by the visualizer's own rasteriser), or "human" (opens
        the visualizer's window: only this one needs a display)."""
        from . import picture

        return picture.render(self, mode)

    def player(self, height: int = 600) -> Any:
        """The run so far as a page in a notebook, self-contained: diagram, search, causes, availability."""
        from .picture import Page

        return Page(self.trace.to_html(), height)

    def _repr_svg_(self) -> str:
        return self.render("svg")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": self._repr_svg_()}

    def __repr__(self) -> str:
        leader = self.leader
        led = "" if leader is None else f", {leader.name} leads" + (f" term {leader.term}" if leader.term else "")
        return f"<Cluster of {len(self)}, seed {self.seed}, at {self.now:.3f} s{led}>"

    def __str__(self) -> str:
        from . import picture

        return picture.ansi(self, picture.in_colours())

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        self._handlers.clear()


def _most(max_events: int | None) -> int:
    if max_events is None:
        return 2**64 - 1
    if isinstance(max_events, bool) or not hasattr(max_events, "__index__") or max_events < 0:
        raise ScenarioError(f"max_events: expected a whole number, 0 or more, got {max_events!r}")
    return int(max_events)


def _guarded(cluster: Cluster, until: Callable[[Cluster], Any]) -> bool:
    cluster._calling = True
    try:
        return bool(until(cluster))
    finally:
        cluster._calling = False


def _snapshot_again(*made: Any) -> Snapshot:
    return _remade(*made).snapshot()


def _replay(core: "_core.Session", commands: list[tuple[int, str]]) -> None:
    for ns, text in commands:
        _go_on(core, ns)
        try:
            core.perform(text)
        except NodeError:
            pass  # as in _go_on


def _go_on(core: "_core.Session", until_ns: int, most_events: int = 2**64 - 1) -> None:
    """Does again what was done, past what stopped it then: that was told when it was new."""
    last = min(core.events + most_events, 2**64 - 1)
    while True:
        before = core.events
        try:
            ending = core.run_until(until_ns, last - before, [], None, [], None)[0]
        except NodeError:
            ending = "raised"
        if ending in ("reached", "exhausted") or core.events in (before, last):
            return


def _told(core: "_core.Session") -> str | None:
    broken = core.broken() or core.violation()
    return None if broken is None else broken["checker"]


def _kind(node: tuple[Any, tuple[Any, ...]]) -> Any:
    return None if node[0] is None else kind_of(*node)


def _remade(document: dict[str, Any], seed: int, trace: bool, commands: list[tuple[int, str]], now_ns: int,
            events: int, node: tuple[Any, tuple[Any, ...]] | None = None) -> Cluster:
    cluster = Cluster.__new__(Cluster)
    cluster._document = document
    cluster._node = node or (document["cluster"].get("node"), ())
    core = _core.Session(to_json(document), seed, trace, _kind(cluster._node))
    _replay(core, commands)
    if events > core.events:
        _go_on(core, now_ns, events - core.events)
    if core.now_ns < now_ns:
        _go_on(core, now_ns)
    cluster._begin(core)
    cluster._commands = list(commands)
    cluster._error_told = _told(core)
    return cluster
