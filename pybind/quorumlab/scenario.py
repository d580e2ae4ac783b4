"""Scenarios: read from a file, or written in Python with the verbs of the file; run whole, and judged."""

from __future__ import annotations

import os
import pathlib
import json
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Sequence, overload

from . import _core, library
from ._verbs import Verbs
from .errors import ExpectationFailed, InvariantViolation, NodeError, Problem, ScenarioError, _in_keywords
from .node import kind_of
from .settings import checker_names, cluster_settings
from .trace import Event, Trace
from .values import Duration, duration_text, field_type, nanoseconds, plain, registry, to_json, verb_value, yes_or_no

if TYPE_CHECKING:
    from .picture import Picture

__all__ = ["Scenario", "Run", "Step", "load"]


class Step(Verbs["Step"]):
    """One step of a scenario under construction; each method answers the step, so that they chain. ``at``, ``after``,
    ``wait_until`` and verbs begin the scenario's next one; ``run``, ``check`` and ``save`` are the scenario's.

    >>> Scenario("a", nodes=3).wait_until(leader="exists", within="2s").after("1s").crash("@leader").run().verdict
    'held'
    """

    def __init__(self, scenario: "Scenario", content: dict[str, Any], place: str = "timeline", begun: bool = True):
        self._scenario = scenario
        self._content = content
        self._place = place
        self._begun = begun  # whether the scenario has it

    def expect(self, **conditions: Any) -> "Step":
        """What must hold right after the step: ``expect(write="accepted", quorum="available")``."""
        return self._put("expect", _conditions(conditions))

    def say(self, text: str) -> "Step":
        """A caption for those who watch."""
        return self._put("say", text)

    def bookmark(self, text: str) -> "Step":
        """A place to come back to."""
        return self._put("bookmark", text)

    def slide(self, number: int) -> "Step":
        """The slide of a talk that this step shows."""
        return self._put("slide", number)

    def question(self, ask: str, choices: Sequence[str], answer: int, because: str = "") -> "Step":
        """Asks those who watch what happens next; ``answer`` is the number of the right choice, from 1."""
        asked: dict[str, Any] = {"ask": ask, "choices": list(choices), "answer": answer}
        return self._put("question", {**asked, "because": because} if because else asked)

    def as_(self, name: str) -> "Step":
        """A name for the hosts that the step hits: later steps say "@NAME"."""
        return self._put("as", name)

    def wait(self) -> "Step":
        """The timeline waits for the end of the operation."""
        return self._put("wait", True)

    def show_members(self, *nodes: Any) -> "Step":
        """What ``serf members`` prints on these hosts stands in the report."""
        return self._put("show_members", plain(list(nodes)))

    # The scenario's next step, and what the scenario can do.

    def _act(self, verb: str, values: tuple[Any, ...], fields: dict[str, Any]) -> "Step":
        return self._scenario._act(verb, values, fields)

    def at(self, when: Duration) -> "_When":
        """The next step happens this long after the start."""
        return self._scenario.at(when)

    def after(self, when: Duration) -> "_When":
        """The next step happens this long after this one has ended."""
        return self._scenario.after(when)

    def meanwhile(self, at: Duration) -> "_When":
        """What is done beside the timeline, at its exact time."""
        return self._scenario.meanwhile(at)

    def wait_until(self, *, within: Duration, **conditions: Any) -> "Step":
        """The next step comes as soon as these conditions hold."""
        return self._scenario.wait_until(within=within, **conditions)

    def step(self, **content: Any) -> "Step":
        """The next step, as a file has it."""
        return self._scenario.step(**content)

    def finally_(self, *, within: Duration | None = None, **conditions: Any) -> "Scenario":
        """What must hold at the scenario's end; answers the scenario."""
        return self._scenario.finally_(within=within, **conditions)

    def check(self) -> "Scenario":
        """Reads all of the scenario now; answers it."""
        return self._scenario.check()

    def run(self, seed: int | None = None, *, trace: bool = True, check: bool = False) -> "Run":
        """Runs the scenario."""
        return self._scenario.run(seed, trace=trace, check=check)

    def save(self, path: "str | os.PathLike[str]") -> pathlib.Path:
        """Writes the scenario's file."""
        return self._scenario.save(path)

    def to_json(self) -> str:
        """The text of the scenario's file."""
        return self._scenario.to_json()

    def _put(self, key: str, value: Any) -> "Step":
        return self._put_all({key: value})

    def _put_all(self, more: dict[str, Any]) -> "Step":
        steps = self._scenario._editable().get(self._place, [])
        number = next((i for i, step in enumerate(steps) if step is self._content), len(steps))
        self._scenario._expect_good({**self._content, **more}, self._place, number)
        self._content.update(more)
        if not self._begun:
            self._scenario._document.setdefault(self._place, []).append(self._content)
            self._begun = True
        self._scenario._changed()
        return self

    def __repr__(self) -> str:
        return f"<Step {to_json(self._content)}>"


class _When(Verbs[Step]):
    """The next step's trigger, and then its verb."""

    def __init__(self, scenario: "Scenario", content: dict[str, Any], place: str = "timeline"):
        self._scenario = scenario
        self._content = content
        self._place = place
        self._step: Step | None = None

    def _begin(self, key: str, value: Any) -> Step:
        if self._step is None:
            self._step = Step(self._scenario, self._content, self._place, begun=False)._put(key, value)
            return self._step
        return self._step._put(key, value)

    def say(self, text: str) -> Step:
        """A caption, and nothing else."""
        return self._begin("say", text)

    def expect(self, **conditions: Any) -> Step:
        """Asks whether these hold then."""
        return self._begin("expect", _conditions(conditions))

    def _act(self, verb: str, values: tuple[Any, ...], fields: dict[str, Any]) -> Step:
        value = verb_value(verb, values, fields)
        if self._step is not None:
            raise ScenarioError("a step has one verb; begin another step for the next one")
        return self._begin(verb, value)


class _Load:
    """``Scenario.load(path)`` reads a file, and ``sc.load(...)`` is the verb."""

    @overload
    def __get__(self, scenario: None, owner: Any) -> "Callable[..., Scenario]": ...
    @overload
    def __get__(self, scenario: "Scenario", owner: Any) -> Callable[..., Step]: ...
    def __get__(self, scenario: "Scenario | None", owner: Any) -> Callable[..., Any]:
        return owner.from_file if scenario is None else Verbs.load.__get__(scenario, owner)


class Scenario(Verbs[Step]):
    """A story for a cluster: what happens to it, step by step, and what must hold.

    Settings are those of :class:`Cluster`. Verbs are methods, as in the file; each begins a step:

    >>> sc = Scenario("two-die", nodes=5, seed=42)
    >>> _ = sc.wait_until(leader="exists", within="2s").say("They elect a leader.")
    >>> _ = sc.after("1s").crash("@follower", "@follower")
    >>> _ = sc.write(x=2).expect(write="accepted")
    >>> run = sc.run()
    >>> run.ok, run.verdict
    (True, 'held')

    ``node`` and ``invariants``: a class of one's own in place of Raft, as in :class:`Cluster`.

    ``to_json()`` and ``save()`` write the file that ``quorumlab run`` reads, with the same digest.
    """

    _noun = "scenario"

    def __init__(self, name: str = "scenario", *, seed: int = 1, title: str | None = None, description: str | None = None,
                 always: "str | Iterable[str] | None" = None, expect_violation: str | None = None, node: Any = None,
                 invariants: Iterable[Any] = (), **cluster: Any):
        if node is not None:
            cluster["node"] = node
        self._node = (node, tuple(invariants))
        self._document: dict[str, Any] = {"$schema": "scenario.schema.json", "name": name}
        for key, value in (("title", title), ("description", description)):
            if value is not None:
                self._document[key] = value
        self._document["seed"] = seed
        self._document["cluster"] = cluster_settings(cluster)
        self._document["timeline"] = []
        if always is not None:
            self._document["always"] = checker_names(always)
        if expect_violation is not None:
            self._document["expect_violation"] = expect_violation
        self._text: str | None = None
        self._file = ""
        self._settings: dict[str, str] = {}
        self._read: "_core.Scenario | None" = None
        self._compiled()

    # Building.

    _written = False  # by somebody, as a text
    _kind: Any = None  # of nodes of one's own, once it was read

    def _changed(self) -> None:
        self._written = False
        self._text = None
        self._read = None

    def _editable(self) -> dict[str, Any]:
        if self._file:
            raise ScenarioError(f"{self._file} was loaded as it is written; Scenario.from_dict(sc.to_dict()) can be changed")
        return self._document

    def _act(self, verb: str, values: tuple[Any, ...], fields: dict[str, Any]) -> Step:
        self._editable()
        return _When(self, {})._act(verb, values, fields)

    def at(self, when: Duration) -> _When:
        """The next step happens this long after the start: ``sc.at("2s").crash("n1")``."""
        return self._when("at", when)

    def after(self, when: Duration) -> _When:
        """The next step happens this long after the one before has ended."""
        return self._when("after", when)

    def _when(self, key: str, when: Any) -> _When:
        self._editable()
        if isinstance(when, (list, tuple)):
            value: Any = [duration_text(nanoseconds(w, key)) for w in when]
        else:
            value = duration_text(nanoseconds(when, key))
        content = {key: value}
        return _When(self, content)

    def meanwhile(self, at: Duration) -> _When:
        """What is done beside the timeline, at its exact time: ``sc.meanwhile("2s").crash("n1")``."""
        self._editable()
        return _When(self, {"at": duration_text(nanoseconds(at, "meanwhile"))}, "meanwhile")

    def wait_until(self, *, within: Duration, **conditions: Any) -> Step:
        """A step that comes as soon as these conditions hold; an error if they do not by then."""
        return self._step({"wait_until": _conditions(conditions), "within": duration_text(nanoseconds(within, "within"))})

    def expect(self, **conditions: Any) -> Step:
        """A step that asks whether these hold now."""
        return self._step({"expect": _conditions(conditions)})

    def say(self, text: str) -> Step:
        """A step that is a caption."""
        return self._step({"say": text})

    def step(self, **content: Any) -> Step:
        """A step as a file has it: ``sc.step(after="1s", crash="@leader", say="...")``."""
        fields = registry()["step"]["fields"]
        return self._step({k: plain(v, field_type(fields, k)) for k, v in content.items()})

    def _step(self, content: dict[str, Any]) -> Step:
        return Step(self, {}, begun=False)._put_all(content)

    def finally_(self, *, within: Duration | None = None, **conditions: Any) -> "Scenario":
        """What must hold at the end, or come true within this time."""
        last = _conditions(conditions)
        if within is not None:
            last["within"] = duration_text(nanoseconds(within, "within"))
        self._expect_good(last, "finally", len(self._editable().get("finally", [])))
        self._document.setdefault("finally", []).append(last)
        self._changed()
        return self

    def _expect_good(self, content: dict[str, Any], place: str, number: int) -> None:
        """Raises what is wrong with this step, whatever comes before and after it: only names that earlier ones
        gave matter."""
        document = {k: self._document[k] for k in ("name", "seed", "cluster") if k in self._document}
        before = self._document["timeline"][:number if place == "timeline" else None]
        document["timeline"] = [{"at": "0s"}, *(s for s in before if "as" in s)]
        at = len(document.setdefault(place, []))
        document[place].append(content)
        try:
            self._load(to_json(document))
        except ScenarioError as error:
            here = f"/{place}/{at}"
            wrong = [Problem(0, f"/{place}/{number}{p.pointer[len(here):]}", p.what) for p in error.problems
                     if p.pointer == here or p.pointer.startswith(here + "/")]
            if wrong:
                raise _in_words(wrong) from None

    # Files.

    load: _Load = _Load()  # type: ignore[assignment]

    @classmethod
    def from_file(cls, name: "str | os.PathLike[str]", **settings: Any) -> "Scenario":
        """A file, or a scenario that comes with quorumlab by its name. Settings as ``quorumlab run --set`` takes
        them: ``Scenario.from_file("quorum", **{"cluster.nodes": 7})``."""
        path = library.find(name)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            import difflib

            near = difflib.get_close_matches(str(name), list(library.scenarios()), 1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise ScenarioError(f'there is no scenario "{name}"{hint}', file=str(name)) from None
        return cls._of(text, str(path), {k: v if isinstance(v, str) else to_json(plain(v)) for k, v in settings.items()})

    @classmethod
    def _of(cls, text: str, file: str, settings: dict[str, str], node: Any = None, invariants: Iterable[Any] = ()) -> "Scenario":
        self = cls.__new__(cls)
        self._node = (node, tuple(invariants))
        self._text, self._file, self._settings, self._read = text, file, settings, None
        self._written = True
        self._document = {}
        self._compiled()
        if not file:
            self._document = self.to_dict()
            self._document.setdefault("timeline", [])
        return self

    @classmethod
    def from_json(cls, text: str, *, node: Any = None, invariants: Iterable[Any] = ()) -> "Scenario":
        """A scenario from the text of a file; comments and layout are kept. ``node``: the class that "cluster.node"
        names; without it, it is imported."""
        return cls._of(text, "", {}, node, invariants)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], *, node: Any = None, invariants: Iterable[Any] = ()) -> "Scenario":
        """A scenario from what a file holds, to be changed further."""
        self = cls.__new__(cls)
        self._node = (node, tuple(invariants))
        self._document = json.loads(to_json(plain(dict(document), registry()["scenario"])))
        self._document.setdefault("timeline", [])
        self._text, self._file, self._settings, self._read = None, "", {}, None
        self._compiled()
        return self

    def to_json(self) -> str:
        """The text of the file. One that was loaded stays as it was written."""
        if self._text is None:
            self._text = _pretty(self._document)
        return self._text

    def to_dict(self) -> dict[str, Any]:
        """What the file holds, without its comments."""
        import re

        strings = r'"(?:\\.|[^"\\])*"'
        bare = re.sub(rf"({strings})|//[^\n]*|/\*.*?\*/", lambda m: m.group(1) or "", self.to_json(), flags=re.S)
        return json.loads(bare)

    def save(self, path: "str | os.PathLike[str]") -> pathlib.Path:
        """Writes the file and answers its path; a scenario with mistakes is refused."""
        self._compiled()
        target = pathlib.Path(path)
        target.write_text(self.to_json(), encoding="utf-8")
        return target

    def _compiled(self) -> "_core.Scenario":
        if self._read is None:
            node, invariants = self._node
            if node is None and '"node"' in self.to_json():
                node = self._named_node()
            if node is None and invariants:
                raise ScenarioError("invariants are for nodes of one's own: Scenario(node=...); of the engines, checkers judge "
                                    "(quorumlab.checkers())")
            self._kind = None if node is None else kind_of(node, invariants)
            try:
                self._read = self._load(self.to_json())
            except ScenarioError as error:
                # Lines of a text that nobody wrote help nobody.
                raise error if self._written else _in_words(error.problems) from None
        return self._read

    def _load(self, text: str) -> "_core.Scenario":
        return _core.load_scenario(text, self._file, list(self._settings.items()), self._kind)

    def _named_node(self) -> Any:
        """The class that the file itself names; None if it cannot be read."""
        try:
            return self.to_dict()["cluster"]["node"]
        except (ValueError, LookupError, TypeError):
            return None

    def check(self) -> "Scenario":
        """Reads all of it now, and raises :class:`ScenarioError` with every mistake."""
        self._compiled()
        return self

    # What it says.

    @property
    def name(self) -> str:
        return self._compiled().name

    @property
    def title(self) -> str:
        return self._compiled().title

    @property
    def description(self) -> str:
        return self._compiled().description

    @property
    def seed(self) -> int:
        return self._compiled().seed

    @property
    def nodes(self) -> list[str]:
        """The servers' names."""
        return self._compiled().nodes

    @property
    def bookmarks(self) -> list[str]:
        return self._compiled().bookmarks

    def replay_command(self, seed: int | None = None) -> str:
        """One line for a shell."""
        return library.replay_command(self._file or self.name + library.ENDING, self.seed if seed is None else seed, self._settings)

    # Running.

    def run(self, seed: int | None = None, *, trace: bool = True, check: bool = False) -> "Run":
        """Runs all of it and judges: digest and verdict are those of ``quorumlab run``. ``trace=False`` keeps no
        records and is faster. With ``check`` a run that does not hold raises :class:`InvariantViolation` or
        :class:`ExpectationFailed`."""
        core = self._compiled()
        yes_or_no(trace, "trace")
        chosen = core.seed if seed is None else _seed(seed)
        try:
            run = Run(core.run(self.to_json(), chosen, trace, self.replay_command(chosen)), self)
        except NodeError as error:
            error._of_run(self, self.replay_command(chosen), None, f"\nreplay: error.scenario.run({chosen})")
            raise
        return run.check() if check else run

    def __repr__(self) -> str:
        try:
            core = self._compiled()
        except ScenarioError as error:
            return f"<Scenario with {len(error.problems)} mistake{'s' * (len(error.problems) > 1)}: check() tells them>"
        return f"<Scenario {core.name!r}: {len(core.nodes)} nodes, seed {core.seed}>"

    def __str__(self) -> str:
        core = self._compiled()
        return "\n".join(filter(None, (core.title or core.name, core.description)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Scenario._of, (self.to_json(), self._file, self._settings, *self._node)


class Run:
    """How a scenario went.

    ``ok`` and ``verdict``, ``exit_code`` as the command line's; ``digest``, ``seed``, ``events``, ``end`` (seconds);
    ``failures`` (dicts with step, line, time_ns, what), ``violation`` (a dict, or None), ``checks`` and
    ``operations`` (counts), ``steps`` (dicts with begun_ns, bookmark, slide), ``trace`` (None without one).
    """

    def __init__(self, result: dict[str, Any], scenario: Scenario):
        self._result = result
        self.scenario = scenario
        self.trace = None if result["tape"] is None else Trace(result["tape"])

    @property
    def verdict(self) -> str:
        """"held", "expectation failed", "invariant violated", "no progress" or "interrupted"."""
        return self._result["verdict"]

    @property
    def ok(self) -> bool:
        return self._result["exit_code"] == 0

    @property
    def exit_code(self) -> int:
        return self._result["exit_code"]

    @property
    def seed(self) -> int:
        return self._result["seed"]

    @property
    def digest(self) -> str:
        return self._result["digest"]

    @property
    def events(self) -> int:
        return self._result["events"]

    @property
    def end(self) -> float:
        """When it ended, in simulated seconds."""
        return self._result["end_ns"] / 1e9

    @property
    def failures(self) -> list[dict[str, Any]]:
        return self._result["failures"]

    @property
    def violation(self) -> dict[str, Any] | None:
        return self._result["violation"]

    @property
    def checks(self) -> dict[str, int]:
        return self._result["checks"]

    @property
    def operations(self) -> dict[str, int]:
        return self._result["operations"]

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self._result["steps"]

    @property
    def account(self) -> str:
        """The verdict at length, as the command line prints it."""
        return self._result["account"]

    @property
    def replay_command(self) -> str:
        return self.scenario.replay_command(self.seed)

    def story(self, *, colour: bool = False, verbose: bool = False, width: int = 100) -> str:
        """The run as a timeline in words, as ``quorumlab run`` prints it."""
        if self.trace is None:
            raise ScenarioError("the run kept no trace: run(trace=True)")
        return self.scenario._compiled().story(self.trace._tape, colour, verbose, width)

    def check(self) -> "Run":
        """Itself if all held; else raises :class:`InvariantViolation` or :class:`ExpectationFailed`."""
        if self.ok:
            return self
        if self.verdict == "invariant violated" and self.violation is not None:
            v = self.violation
            event = Event._make(self.trace._tape.event(v["record"])) if self.trace is not None and v["record"] else None
            raise InvariantViolation(f"{v['words']}\nreplay: {self.replay_command}", checker=v["checker"], event=event,
                                     seed=self.seed, trace=self.trace, replay_command=self.replay_command,
                                     scenario=self.scenario, details=v)
        what = "; ".join(f"{f['step']}: {f['what']}" for f in self.failures) or self.verdict
        event = None
        if self.trace is not None and len(self.trace):
            event = next(iter(self.trace.filter(kind="expectation_failed")), self.trace[-1])
        raise ExpectationFailed(f"{self.verdict}: {what}\nreplay: {self.replay_command}", self.seed, self.replay_command,
                                event=event, trace=self.trace, scenario=self.scenario)

    def __bool__(self) -> bool:
        return self.ok

    def when(self, mark: "int | str") -> float:
        """When a step began, in seconds: the step of a slide, by its number, or of a bookmark, by its text.

        >>> load("quorum").run().when("two are down") == load("quorum").run().when(21)
        True
        """
        known = [s["slide"] if isinstance(mark, int) else s["bookmark"] for s in self.steps]
        if isinstance(mark, bool) or not mark or mark not in known:
            word = "slide" if isinstance(mark, int) else "bookmark"
            raise ScenarioError(f"the run of {self.scenario.name}, which ended at {self.end:.3f} s ({self.verdict}), came to no {word} "
                                f"{mark!r}; it came to {[k for k in known if k]}")
        return self.steps[known.index(mark)]["begun_ns"] / 1e9

    def picture(self, at: "int | str | None" = None, *, width: int = 800, height: int = 500) -> "Picture":
        """What the visualizer shows when a step has been done, as pixels: at a slide (its number), a bookmark (its text)
        or a moment ("2s"); without one at the end."""
        if self.trace is None:
            raise ScenarioError("the run kept no trace: run(trace=True)")
        if at is None:
            return self.trace.picture(width=width, height=height)
        moment = isinstance(at, str) and _core.duration_ns(at) is not None
        # What a step does comes at the very moment when it begins.
        when = nanoseconds(at, "at") if moment else nanoseconds(self.when(at), "at") + 1
        return self.trace.picture(duration_text(when), width=width, height=height)

    def player(self, height: int = 600) -> "Any":
        """The run as a page in a notebook: diagram, search, causes, availability."""
        from .picture import Page

        if self.trace is None:
            raise ScenarioError("the run kept no trace: run(trace=True)")
        return Page(self.trace.to_html(), height)

    def __reduce__(self) -> tuple[Any, ...]:
        return _run_again, ({**self._result, "tape": None}, self.scenario, self.trace)

    def __repr__(self) -> str:
        return f"<Run of {self.scenario.name!r}: {self.verdict}, seed {self.seed}, {self.end:.3f} s, digest {self.digest}>"

    def __str__(self) -> str:
        return self.account

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        if self.trace is not None and len(self.trace) <= 2_000_000:
            from .picture import alone

            bundle["image/svg+xml"] = alone(self.trace.draw("svg", most=400))
        return bundle


def _run_again(result: dict[str, Any], scenario: Scenario, trace: Trace | None) -> Run:
    return Run({**result, "tape": None if trace is None else trace._tape}, scenario)


def load(name: "str | os.PathLike[str]", **settings: Any) -> Scenario:
    """A scenario that comes with quorumlab, by name, or from a file.

    >>> load("quorum").run().verdict
    'held'
    """
    return Scenario.from_file(name, **settings)


def _seed(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= seed < 2**64:
        raise ScenarioError(f"seed: expected a whole number from 0 to 2^64-1, got {seed!r}")
    return int(seed)


def _conditions(conditions: dict[str, Any]) -> dict[str, Any]:
    if not conditions:
        raise ScenarioError('expected a condition, for example leader="exists"')
    return plain(conditions, registry()["conditions"])


def _in_words(problems: Sequence[Problem]) -> ScenarioError:
    """Mistakes in a scenario that was made in Python: "step 2, crash: there is no node ..."."""
    lines = []
    for problem in problems:
        place, _, what = problem.pointer[1:].partition("/")
        number, _, rest = what.partition("/")
        if place in ("timeline", "meanwhile", "finally") and number.isdigit():
            word = {"timeline": "step", "meanwhile": "meanwhile, step", "finally": "finally"}[place]
            where = f"{word} {int(number) + 1}" + (f", {rest.replace('/', '.')}" if rest else "")
            lines.append(f"{where}: {_in_keywords(problem.what)}")
        else:
            lines.append(str(Problem(0, problem.pointer, problem.what)))
    return ScenarioError("\n".join(lines), [Problem(0, p.pointer, p.what) for p in problems])


def _pretty(document: dict[str, Any]) -> str:
    """A line for each step, as people write them."""
    lines = []
    for key, value in document.items():
        if key in ("timeline", "finally") and value:
            items = ",\n".join("    " + to_json(item) for item in value)
            lines.append(f"  {to_json(key)}: [\n{items}\n  ]")
        elif key == "cluster":
            lines.append(f"  {to_json(key)}: " + to_json(value, 2).replace("\n", "\n  "))
        else:
            lines.append(f"  {to_json(key)}: {to_json(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
