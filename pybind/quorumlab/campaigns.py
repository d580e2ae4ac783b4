"""Many seeds: fuzzing and sweeps, on all cores of this machine, or on whatever an executor reaches."""

from __future__ import annotations

import html
import importlib
import importlib.util
import itertools
import os
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping, Sequence, Union

from . import _core, library
from .errors import Error, InvariantViolation, NodeError, ScenarioError
from .node import kind_of, name_of, resolved
from .scenario import Scenario
from .trace import Event, Trace
from .values import Duration, did_you_mean, nanoseconds

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["fuzz", "campaign", "sweep", "measures", "Campaign", "Failure"]

#: True: a bar by tqdm where it is installed; False or None: nothing; a callable gets the number of finished seeds.
Progress = Union[bool, None, Callable[[int], Any]]


class Failure:
    """A seed that failed: ``seed``, ``verdict``, ``reason``, ``checker`` ("" for no progress), ``time`` (seconds),
    ``digest``, ``replay_command`` (one line for a shell). ``scenario()`` and ``trace()`` run it again."""

    def __init__(self, found: dict[str, Any], make: tuple[Any, ...]):
        self.__dict__.update(found)
        self._found = found
        self._make = make
        if make[0] == "own":
            self.replay_command = f"quorumlab.fuzz(1, first={self.seed}, node={name_of(resolved(make[1])).partition(':')[2]})"

    seed: int
    verdict: str
    reason: str
    checker: str
    time: float
    digest: str
    events: int
    replay_command: str

    def _again(self) -> tuple[Any, ...]:
        if "_replayed" not in self.__dict__:
            self.__dict__["_replayed"] = _made(self._make).replay(self.seed)
        return self.__dict__["_replayed"]

    def scenario(self) -> Scenario:
        """What was done in this seed, as a scenario that can be run, saved and made shorter."""
        if self._make[0] == "own":
            return Scenario.from_json(self._again()[0], node=self._make[1], invariants=self._make[2])
        return Scenario.from_json(self._again()[0])

    def trace(self) -> Trace:
        """All events of this seed."""
        return Trace(self._again()[1])

    def error(self) -> "InvariantViolation | NodeError":
        """The failure as an exception, with its event and trace; of a node that raised, a :class:`NodeError`."""
        _, tape, _, violation, raised, broken = self._again()
        trace = Trace(tape)
        if raised is not None:
            if raised.scenario is None:
                raised.seed = self.seed
                raised._of_run(self.scenario(), self.replay_command, trace, f"\nreplay: {self.replay_command}")
            return raised
        if broken:
            self.checker = broken
            last = next((i for i in range(len(tape), 0, -1) if tape.event(i)[2] == "expectation_failed"), 0)
            violation = {"checker": broken, "words": self.reason, "record": last}
        record = violation["record"] if violation else 0
        event = Event._make(tape.event(record)) if 0 < record <= len(tape) else None
        return InvariantViolation(f"seed {self.seed}: {self.reason}\nreplay: {self.replay_command}", checker=self.checker,
                                  event=event, seed=self.seed, trace=trace, replay_command=self.replay_command,
                                  scenario=self.scenario(), details=violation or {})

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.verdict)}, at {self.time:.3f} s:</p>" + _failures_table([self])

    def __repr__(self) -> str:
        return f"<Failure seed {self.seed}: {self.verdict}: {self.reason}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Failure, (self._found, self._make)


class Campaign:
    """What a fuzzing campaign came to: ``ok``, ``failures``, ``seeds``, ``events``, ``simulated`` (seconds),
    ``faults``, ``checks``, ``operations`` (counts), ``digest`` (of all seeds in order: the same whoever ran them),
    and ``worthless`` (why it proves nothing, or "")."""

    def __init__(self, pieces: list[bytes], make: tuple[Any, ...]):
        self._pieces = pieces
        self._make = make
        self._sum = _made(make).gather(pieces)
        self.failures = [Failure(f, make) for f in self._sum["failures"]]

    @property
    def seeds(self) -> int:
        return self._sum["seeds"]

    @property
    def events(self) -> int:
        return self._sum["events"]

    @property
    def simulated(self) -> float:
        return self._sum["simulated"]

    @property
    def digest(self) -> str:
        return self._sum["digest"]

    @property
    def faults(self) -> dict[str, int]:
        return self._sum["faults"]

    @property
    def checks(self) -> dict[str, int]:
        return self._sum["checks"]

    @property
    def operations(self) -> dict[str, int]:
        return self._sum["operations"]

    @property
    def worthless(self) -> str:
        return self._sum["worthless"]

    @property
    def ok(self) -> bool:
        """Whether nothing failed, and something was tried."""
        return not self.failures and not self.worthless and not self._sum["interrupted"]

    def __bool__(self) -> bool:
        return self.ok

    def check(self) -> "Campaign":
        """Itself; or raises the first failure."""
        if self.failures:
            raise self.failures[0].error()
        return self

    def to_frame(self) -> Any:
        """A DataFrame by seed: verdict (categorical), reason, simulated (seconds), events, leaders, digest."""
        import pandas

        frame = pandas.DataFrame(_core.campaign_table(self._pieces)).set_index("seed")
        frame["verdict"] = frame["verdict"].astype("category")
        return frame

    def __repr__(self) -> str:
        word = "all held" if not self.failures else f"{len(self.failures)} failed, first seed {self.failures[0].seed}"
        return f"<Campaign of {self.seeds:,} seeds: {word}; {self.events:,} events, {self.simulated:,.0f} s, digest {self.digest}>"

    def _repr_html_(self) -> str:
        counts = f"{self.events:,} events, {self.simulated:,.0f} s, {sum(self.checks.values()):,} checks"
        faults = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in self.faults.items() if n)
        word = f"{len(self.failures):,} of {self.seeds:,} seeds failed" if self.failures else f"{self.seeds:,} seeds: all held"
        if self.worthless:
            word = f"it proves nothing: {self.worthless}"
        good = "✓" if self.ok else "✗"
        more = len(self.failures) - MOST_SHOWN
        return (f"<p><b>{good} {html.escape(word)}</b><br>{html.escape(counts)}; faults: {html.escape(faults) or 'none'}; "
                f"digest <code>{self.digest}</code></p>"
                + (_failures_table(self.failures[:MOST_SHOWN]) if self.failures else "")
                + (f"<p>and {more:,} more</p>" if more > 0 else ""))

    def __str__(self) -> str:
        lines = [repr(self)]
        lines += [f"  seed {f.seed}: {f.reason}\n    replay: {f.replay_command}" for f in self.failures[:10]]
        return "\n".join(lines)


MOST_SHOWN = 20


def _failures_table(failures: Sequence[Failure]) -> str:
    rows = "".join(f"<tr><td>{f.seed}</td><td style='text-align:left'>{html.escape(f.reason)}</td>"
                   f"<td style='text-align:left'><code>{html.escape(f.replay_command)}</code></td></tr>" for f in failures)
    return ("<table><thead><tr><th>seed</th><th style='text-align:left'>what failed</th>"
            f"<th style='text-align:left'>again</th></tr></thead><tbody>{rows}</tbody></table>")


def fuzz(seeds: "int | Sequence[int]" = 100, *, first: int = 1, system: str = "raft", rules_off: "str | Sequence[str]" = (),
         beyond: Sequence[str] = (), base: "Scenario | str | None" = None, jobs: int | None = None, progress: Progress = None,
         executor: "Executor | None" = None, chunk: int | None = None, node: Any = None,
         invariants: Sequence[Callable[..., Any]] = (), nodes: Any = 3, pace: Duration = "300ms", retries: bool = True,
         liveness: bool = True, faults: Sequence[str] = ()) -> Campaign:
    """Random faults against the engines with every checker on, then a healed cluster that must make progress: what
    ``quorumlab fuzz`` does, with the same digests.

    ``seeds``: how many, from ``first`` on, or a range. ``system``: "raft", "etcd" or "serf". ``rules_off``: safety
    rules that nobody obeys, to see what they are for. ``beyond``: faults beyond Raft's model ("wipe", "lying_disk",
    "rot", "wild_clock"). ``base``: takes the cluster from this scenario. ``jobs``: threads; all cores without it.
    ``executor``: see :func:`campaign`.

    ``node``: a class of one's own (:class:`Node`) in place of the engines. Clients write and read a few keys while
    faults come, then all is healed, every key is read, and what clients were told is judged (linearizability), after
    every event the ``invariants``. ``nodes``: how many; ``pace``: how fast the protocol does things (its timeouts, say):
    faults and clients follow it; ``retries``: clients that hear nothing ask others; ``liveness``: the healed cluster
    must accept a write and a read; ``faults``: these kinds, in every seed, and no others. Links, disks and clients are
    drawn, unless a ``base`` says what they are. It runs in this thread; ``executor=ProcessPoolExecutor()`` uses all
    cores where the class can be imported.

    >>> fuzz(20, rules_off="vote_only_up_to_date", jobs=2).seeds
    20
    """
    first, count = _seeds(seeds, first)
    if node is None and (invariants or faults):
        raise ScenarioError("invariants and faults are for nodes of one's own: fuzz(node=...)")
    if node is not None:
        if rules_off or beyond or system != "raft":
            raise ScenarioError("system, rules_off and beyond are for the engines, and node= runs in their place")
        return _fuzz_own((node, tuple(invariants), *_own_base(base, node, nodes), nanoseconds(pace, "pace"), bool(retries),
                          bool(liveness), tuple(faults)), first, count, executor, chunk, progress)
    rules = (rules_off,) if isinstance(rules_off, str) else tuple(rules_off)
    text, name = _base(base)
    make = (system, rules, tuple(beyond), text, name)
    compiled = _made(make)  # mistakes are told here, not on another machine
    with _progress(progress, count, "fuzz") as tell:
        if executor is None:
            # In large pieces: what is known of a seed while a piece runs takes a kilobyte.
            pieces = [compiled.run_seeds(at, min(LARGE, first + count - at), _jobs(jobs),
                                         tell and (lambda n, before=at - first: tell(before + n)))
                      for at in range(first, first + count, LARGE)]
        else:
            pieces = list(_spread(executor, _fuzz_piece, make, first, count, chunk, tell))
    return Campaign(pieces, make)


def _own_base(base: Any, node: Any, nodes: Any) -> tuple[str, str, bool]:
    """The text of a scenario with the cluster, its name, and whether links, disks and clients are drawn."""
    if base is None:
        return Scenario("fuzz", node=node, nodes=nodes).to_json(), "", True
    scenario = base if isinstance(base, Scenario) else Scenario.from_file(base)
    document = scenario.to_dict()
    document["cluster"]["node"] = name_of(resolved(node))
    document["timeline"] = []
    for key in ("finally", "expect_violation", "always", "meanwhile"):
        document.pop(key, None)
    return Scenario.from_dict(document, node=node).to_json(), scenario.name, False


def _fuzz_own(what: tuple[Any, ...], first: int, count: int, executor: Any, chunk: int | None, progress: Progress) -> Campaign:
    make = ("own", *what)
    compiled = _made(make)
    with _progress(progress, count, "fuzz") as tell:
        if executor is None:
            pieces = [compiled.run_seeds(first, count, 1, tell)]
        else:
            pieces = list(_spread(executor, _fuzz_piece, make, first, count, chunk, tell))
    return Campaign(pieces, make)


def campaign(seeds: "int | Sequence[int]" = 100, *, executor: "Executor | None" = None, **what: Any) -> Any:
    """Seeds on any ``concurrent.futures.Executor``: threads (without one: the compiled ones, all cores), processes,
    Dask's ``client.get_executor()``, ``mpi4py.futures.MPIPoolExecutor``. Takes what :func:`fuzz` takes; or with
    ``scenario=`` what :func:`sweep` takes.

    Seeds go out in pieces (``chunk`` of them each) and come back in any order; what a lost worker had is run again,
    and in the end here. The result is that of one machine, digest included.
    """
    if "scenario" in what:
        return sweep(what.pop("scenario"), seeds=seeds, executor=executor, **what)
    return fuzz(seeds, executor=executor, **what)


def measures() -> dict[str, str]:
    """What :func:`sweep` can measure: {name: meaning}; times are in seconds."""
    return {name: meaning + (" (s)" if is_time else "") for name, (is_time, meaning) in _core.measures().items()}


def sweep(make: "Scenario | str | Callable[..., Scenario]", params: "Mapping[str, Iterable[Any]] | None" = None, *,
          seeds: "int | Sequence[int]" = 100, measure: "str | Callable[[Any], Any]" = "time_to_leader", since: str = "",
          workers: int | None = None, progress: Progress = None, executor: "Executor | None" = None,
          chunk: int | None = None) -> Any:
    """One scenario over many seeds, for all combinations of parameters, and one measure of each run.

    ``make``: a scenario, its name, or a function of the parameters that makes one. ``params``: {name: values}; of a
    scenario the names are its settings, {"cluster.nodes": [3, 5, 7]}. ``measure``: a name of :func:`measures`, or a
    function of the :class:`Run` (which is slower: it keeps a trace). ``since``: measure from this bookmark on.

    Answers a DataFrame (without pandas: a list of dicts) with a column for each parameter, ``seed``, the measure
    (seconds or a count; NaN where there is none) and ``verdict``; a run ends as soon as its measure is known.

    >>> table = sweep("wan-1-failed", seeds=10)
    >>> list(table.columns), len(table)
    (['seed', 'time_to_leader', 'verdict'], 10)
    """
    first, count = _seeds(seeds, 1)
    names, combinations = _combinations({} if params is None else params)
    made = [_make_one(make, dict(zip(names, values))) for values in combinations]
    if not isinstance(measure, str) and not callable(measure):
        raise ScenarioError(f"measure: expected a name of quorumlab.measures(), or a function of a run, got {measure!r}")
    if isinstance(measure, str) and measure not in _core.measures():
        raise ScenarioError(f'there is no measure "{measure}"' + did_you_mean(measure, _core.measures(), "quorumlab.measures() lists them"))
    for scenario in made:
        if since and since not in scenario.bookmarks:
            raise ScenarioError(f'{scenario.name} has no bookmark "{since}"; it has {scenario.bookmarks}')
    label = measure if isinstance(measure, str) else getattr(measure, "__name__", "value")
    found: list[Any] = []
    with _progress(progress, count * len(made), "sweep") as tell:
        for done, scenario in enumerate(made):
            found.append(_sweep_one(scenario, measure, since, first, count, workers, executor, chunk,
                                    tell and (lambda n, done=done: tell(done * count + n))))
    return _table(names, combinations, first, count, label, found)


def _combinations(params: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    if not isinstance(params, Mapping):
        raise ScenarioError(f'params: expected names and their values, {{"cluster.nodes": [3, 5]}}, got {params!r}')
    for name, values in params.items():
        if not isinstance(values, Iterable) or isinstance(values, (str, bytes, Mapping)):
            raise ScenarioError(f'params: expected a list of values for "{name}", got {values!r}')
    all_values = [list(values) for values in params.values()]
    if not all(all_values):
        raise ScenarioError(f'params: "{next(n for n, v in zip(params, all_values) if not v)}" has no values')
    return list(params), list(itertools.product(*all_values))


def _measured(measure: Callable[[Any], Any], run: Any) -> Any:
    """What it says of a run; what it raises tells the seed."""
    try:
        return measure(run)
    except Error:
        raise  # it has one
    except Exception as error:
        words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise ScenarioError(f"measure: {getattr(measure, '__name__', 'it')} raised {words} (seed {run.seed})\n"
                            f"replay: {run.replay_command}") from error


def _table(names: list[str], combinations: list[tuple[Any, ...]], first: int, count: int, label: str,
           found: list[tuple[Any, Any]]) -> Any:
    try:
        import numpy
        import pandas
    except ImportError:
        return [{**dict(zip(names, values)), "seed": first + i, label: value, "verdict": VERDICTS[int(verdict)]}
                for values, (measured, verdicts) in zip(combinations, found)
                for i, (value, verdict) in enumerate(zip(measured, verdicts))]
    columns: dict[str, Any] = {}
    for at, name in enumerate(names):
        given = [values[at] for values in combinations]
        columns[name] = [v for v in given for _ in range(count)]
    columns["seed"] = numpy.tile(numpy.arange(first, first + count, dtype=numpy.int64), len(found))
    columns[label] = numpy.concatenate([numpy.asarray(measured) for measured, _ in found])
    codes = numpy.concatenate([numpy.asarray(verdicts, dtype=numpy.int16) for _, verdicts in found])
    present = [code for code in VERDICTS if (codes == code).any()]
    words = list(dict.fromkeys(VERDICTS[code] for code in present))
    places = numpy.zeros(len(codes), dtype=numpy.int8)
    for code in present:
        places[codes == code] = words.index(VERDICTS[code])
    columns["verdict"] = pandas.Categorical.from_codes(places, categories=words)
    return pandas.DataFrame(columns, copy=False)


LARGE = 20_000
VERDICTS = {0: "held", 1: "expectation failed", 2: "invariant violated", 3: "no progress", 130: "interrupted", -1: "interrupted"}


def _make_one(make: Any, values: dict[str, Any]) -> Scenario:
    if isinstance(make, Scenario):
        if not values:
            return make
        from .values import plain, to_json

        return Scenario._of(make.to_json(), make._file, {**make._settings, **{k: to_json(plain(v)) for k, v in values.items()}},
                            *make._node)
    if callable(make):
        scenario = make(**values)
        if not isinstance(scenario, Scenario):
            raise ScenarioError(f"make() answered {scenario!r}, and no Scenario")
        return scenario
    return Scenario.from_file(make, **values)


def _sweep_one(scenario: Scenario, measure: Any, since: str, first: int, count: int, workers: int | None,
               executor: Any, chunk: int | None, tell: Any) -> tuple[Any, Any]:
    if executor is None and isinstance(measure, str):
        return _core.sweep(scenario._compiled(), measure, since, first, count, _jobs(workers), tell)
    own = None
    if executor is None:
        from concurrent.futures import ThreadPoolExecutor

        own = executor = ThreadPoolExecutor(_jobs(workers))
    try:
        # Only text travels: the other side reads the scenario again.
        what = (scenario.to_json(), scenario._file, dict(scenario._settings), measure, since, scenario._node)
        pieces = list(_spread(executor, _sweep_piece, what, first, count, chunk, tell))
    finally:
        if own is not None:
            own.shutdown(cancel_futures=True)
    values = [v for piece in pieces for v in piece[0]]
    return values, [v for piece in pieces for v in piece[1]]


# What travels to workers: functions of this module, and plain values.

_campaigns: dict[tuple[Any, ...], Any] = {}


def _made(make: tuple[Any, ...]) -> Any:
    if make[0] == "own":
        return _made_own(make)
    if make not in _campaigns:
        system, rules, beyond, text, name = make
        base = _core.load_scenario(text, name, []) if text else None
        try:
            _campaigns[make] = _core.Campaign(system, list(rules), list(beyond), base, name)
        except ScenarioError as error:
            # In the words of the command line; its options are keywords here.
            words = str(error).replace("--rule-off", "rules_off").replace("--system: ", "system: ").replace("--beyond", "beyond")
            raise ScenarioError(words + _near_rule(rules, words)) from None
    return _campaigns[make]


def _made_own(make: tuple[Any, ...]) -> Any:
    _, node, invariants, text, name, draws, pace_ns, retries, liveness, faults = make
    key = (node, invariants, text, *make[5:])
    if key not in _campaigns:
        base = _core.load_scenario(text, name, [], kind_of(node, invariants))
        _campaigns[key] = _core.own_campaign(base, pace_ns, draws, retries, liveness, list(faults))
    return _campaigns[key]


def _near_rule(rules: Sequence[str], words: str) -> str:
    names = [rule.name for rule in library.rules()]
    return next((did_you_mean(rule, names, "quorumlab.rules() lists them") for rule in rules if f'"{rule}"' in words), "")


def _fuzz_piece(make: tuple[Any, ...], first: int, count: int) -> bytes:
    return _made(make).run_seeds(first, count, 1, None)


def _sweep_piece(what: tuple[Any, ...], first: int, count: int) -> tuple[list[Any], list[int]]:
    text, file, settings, measure, since, node = what
    scenario = Scenario._of(text, file, settings, *node)
    if isinstance(measure, str):
        values, verdicts = _core.sweep(scenario._compiled(), measure, since, first, count, 1, None)
        return values.tolist(), verdicts.tolist()
    runs = [scenario.run(seed) for seed in range(first, first + count)]
    return [_measured(measure, run) for run in runs], [run.exit_code for run in runs]


def _spread(executor: Any, work: Callable[..., Any], what: tuple[Any, ...], first: int, count: int, chunk: int | None,
            tell: Any) -> Iterator[Any]:
    """The pieces' results, in the order of their seeds. A piece that was lost is sent again, twice; then it is run
    here, and what it raises here is raised."""
    if not hasattr(executor, "submit"):
        raise ScenarioError(f"expected an executor with submit(), got {executor!r}")
    size = max(1, chunk if chunk is not None else min(100, -(-count // 64)))
    pieces = [(at, min(size, first + count - at)) for at in range(first, first + count, size)]
    results: dict[int, Any] = {}
    tries: dict[int, int] = {}
    waiting: dict[Any, int] = {}

    def send(number: int) -> None:
        tries[number] = tries.get(number, 0) + 1
        try:
            waiting[executor.submit(work, what, *pieces[number])] = number
        except RuntimeError:  # the pool is broken, or shut down
            results[number] = work(what, *pieces[number])

    finished = 0
    try:
        for number in range(len(pieces)):
            send(number)
        while len(results) < len(pieces):
            for future in _some_done(waiting):
                number = waiting.pop(future)
                try:
                    results[number] = future.result()
                except Exception as error:  # a worker that died says so in many ways
                    if isinstance(error, ScenarioError):
                        raise
                    if tries[number] < 3:
                        send(number)
                    else:
                        results[number] = work(what, *pieces[number])
            if tell is not None:
                now = sum(pieces[n][1] for n in results)
                if now != finished:
                    tell(now)
                finished = now
    finally:
        for future in waiting:
            future.cancel()
    for number in range(len(pieces)):
        yield results[number]


def _some_done(waiting: Mapping[Any, int]) -> list[Any]:
    """Those that are done; waits a little if none is, so that Ctrl-C is heard."""
    import time

    done = [f for f in waiting if f.done()]
    if not done and waiting:
        time.sleep(0.01)
    return done


def _seeds(seeds: Any, first: int) -> tuple[int, int]:
    if isinstance(seeds, range):
        if seeds.step != 1:
            raise ScenarioError("seeds: expected a number or a range with step 1")
        first, seeds = seeds.start, len(seeds)
    if isinstance(seeds, bool) or not hasattr(seeds, "__index__") or seeds < 1:
        raise ScenarioError(f"seeds: expected a number of 1 or more, or a range, got {seeds!r}")
    if isinstance(first, bool) or not hasattr(first, "__index__") or not 0 <= first < 2**63:
        raise ScenarioError(f"first: expected a seed, got {first!r}")
    return int(first), int(seeds)


def _jobs(jobs: int | None) -> int:
    if jobs is None:
        try:
            return max(1, len(os.sched_getaffinity(0)))
        except AttributeError:
            return max(1, os.cpu_count() or 1)
    if isinstance(jobs, bool) or not hasattr(jobs, "__index__") or not 1 <= jobs <= 1024:
        raise ScenarioError(f"expected a number of threads from 1 to 1,024, got {jobs!r}")
    return int(jobs)


def _base(base: "Scenario | str | None") -> tuple[str, str]:
    if base is None:
        return "", ""
    scenario = base if isinstance(base, Scenario) else Scenario.from_file(base)
    return scenario.to_json(), scenario._file or scenario.name


class _progress:
    """A bar of tqdm, a callable, or nothing, as a context manager that gives a function or None."""

    def __init__(self, progress: Progress, total: int, what: str):
        self._progress, self._total, self._what = progress, total, what
        self._bar: Any = None

    def __enter__(self) -> Any:
        if callable(self._progress):
            return self._progress
        if self._progress:
            try:
                # In a notebook without ipywidgets tqdm.auto warns, and then does what tqdm.std does.
                tqdm = importlib.import_module("tqdm.auto" if importlib.util.find_spec("ipywidgets") else "tqdm.std")
                self._bar = tqdm.tqdm(total=self._total, desc=self._what, unit="seed")
            except ImportError:
                return None
            return lambda n: self._bar.update(n - self._bar.n)
        return None

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        if self._bar is not None:
            if kind is None:
                self._bar.update(self._total - self._bar.n)
            self._bar.close()
