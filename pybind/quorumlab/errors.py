"""The exceptions of quorumlab: each says where, what, and how to see it again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

if TYPE_CHECKING:
    from .scenario import Scenario
    from .trace import Event, Trace

__all__ = ["Error", "ScenarioError", "InvariantViolation", "ExpectationFailed", "NodeError", "Problem"]


class Error(Exception):
    """What every exception of quorumlab is."""


class Problem(NamedTuple):
    """One mistake in a scenario, an act or an argument."""

    line: int  # of the file, from 1; 0: not from a file
    pointer: str  # JSON pointer (RFC 6901), "/timeline/1/at"; "": the whole document
    what: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line > 1 else ""
        return place + (f"{self.pointer}: " if self.pointer else "") + self.what


def _in_keywords(what: str) -> str:
    """What a file calls "serf" is a keyword here."""
    for key, keyword in (("serf", "gossip"), ("etcd", "kv")):
        what = what.replace(f'the cluster needs "{key}"', f'the cluster needs {keyword}=True ("{key}" in a file)')
    return what


def _pointer(path: str) -> str:
    parts = [p for p in re.split(r"[.\[\]]", path) if p]
    return "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in parts)


class ScenarioError(Error, ValueError):
    """Bad input: a scenario, an act, a selector, a duration. Nothing was done, all is usable as before.

    Attributes: ``problems`` (all of them), and of the first one ``pointer`` (a JSON pointer, "" for an
    argument), ``line`` (from 1; 0 without a file) and ``hint`` (what was perhaps meant, or ""); ``file``.
    """

    def __init__(self, message: str, problems: Sequence[Problem] = (), file: str = ""):
        super().__init__(message)
        self.problems = tuple(problems) or (Problem(0, "", message),)
        self.file = file

    @classmethod
    def of_problems(cls, problems: Sequence[tuple[int, str, str]], file: str = "") -> "ScenarioError":
        """From (line, path, what) as the loader has them."""
        all_ = [Problem(line, _pointer(path), what if file else _in_keywords(what)) for line, path, what in problems]
        text = "\n".join((f"{file}: " if file else "") + str(p) for p in all_)
        return cls(text, all_, file)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.problems, self.file)

    @property
    def pointer(self) -> str:
        return self.problems[0].pointer

    @property
    def line(self) -> int:
        return self.problems[0].line

    @property
    def hint(self) -> str:
        """What was perhaps meant: "did you mean ...", or ""."""
        found = re.search(r"did you mean \"([^\"]+)\"|did you mean ([^\"?]+)\?", self.problems[0].what)
        return found.group(1) or found.group(2) if found else ""


class InvariantViolation(Error, AssertionError):
    """A checker tripped: what the protocol promises did not hold.

    Attributes: ``checker`` (its name), ``event`` (where it showed; None without a trace), ``seed``, ``trace``
    (None without one), ``replay_command`` (one line for a shell), ``scenario`` (what was done: of a cluster, the
    command reads it once it is saved), ``details`` (a dict).
    """

    def __init__(self, message: str, *, checker: str = "", event: "Event | None" = None, seed: int = 0,
                 trace: "Trace | None" = None, replay_command: str = "", scenario: "Scenario | None" = None,
                 details: dict[str, Any] | None = None):
        super().__init__(message)
        self.checker = checker
        self.event = event
        self.seed = seed
        self.trace = trace
        self.replay_command = replay_command
        self.scenario = scenario
        self.details = details or {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self), dict(self.__dict__))


def _again(kind: Any, message: str, attributes: dict[str, Any]) -> Any:
    return kind(message, **attributes)


def replay_words(command: str, name: str, own: bool) -> str:
    """How to see again what a cluster did, for the end of an error's message: its scenario is not on disk yet, and no
    command line runs nodes of one's own."""
    if own:
        return "\nreplay: error.scenario.run()"
    return f"\nreplay: {command}    # after error.scenario.save('{name}')"


class ExpectationFailed(Error, AssertionError):
    """What a step expected is not so, what was waited for did not come, or nobody fits a selector.

    Attributes: ``event`` (the last one before it; None without a trace), ``seed``, ``trace`` (None without one),
    ``replay_command`` (one line for a shell), ``scenario`` (what was done, and what was expected in vain: of a cluster,
    the command reads it once it is saved).
    """

    def __init__(self, message: str, seed: int = 0, replay_command: str = "", *, event: "Event | None" = None,
                 trace: "Trace | None" = None, scenario: "Scenario | None" = None):
        super().__init__(message)
        self.seed = seed
        self.replay_command = replay_command
        self.event = event
        self.trace = trace
        self.scenario = scenario

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self), dict(self.__dict__))


class NodeError(Error, RuntimeError):
    """A node that is written in Python raised in a handler; what it raised is the cause (``__cause__``), with the
    place. The node counts as killed and can be restarted; the rest of the cluster can be used further.

    Attributes: ``node`` (its name; "" for an invariant), ``handler`` ("on_message"), ``time`` (simulated seconds),
    ``seed`` (0: in a sweep); ``event`` (the last one of that node; None without a trace), ``trace``, ``replay_command``
    and ``scenario`` (what was done) as of other errors; in a sweep without them.
    """

    def __init__(self, message: str, node: str = "", handler: str = "", time: float = 0.0, seed: int = 0, *,
                 event: "Event | None" = None, trace: "Trace | None" = None, replay_command: str = "",
                 scenario: "Scenario | None" = None):
        super().__init__(message)
        self.event = event
        self.trace = trace
        self.replay_command = replay_command
        self.scenario = scenario
        self.node = node
        self.handler = handler
        self.time = time
        self.seed = seed

    @classmethod
    def of(cls, node: str, handler: str, time_ns: int, seed: int, cause: BaseException) -> "NodeError":
        """From what the compiled half saw."""
        who = f"{node}'s {handler}" if node else handler
        words = f": {cause}" if str(cause) else ""
        by = f", seed {seed}" if seed else ""
        error = cls(f"{who} raised {type(cause).__name__}{words} (at {time_ns / 1e9:.6f} s{by})", node, handler,
                    time_ns / 1e9, seed)
        error.__cause__ = cause
        return error

    def _of_run(self, scenario: "Scenario", replay_command: str, trace: "Trace | None", words: str) -> None:
        """Adds the run in which it was raised."""
        self.scenario, self.replay_command, self.trace = scenario, replay_command, trace
        if trace is not None:
            last = range(len(trace) - 1, max(-1, len(trace) - 200), -1)
            self.event = next((trace[i] for i in last if trace[i].node == self.node), None)
        self.args = (str(self) + words,)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self), dict(self.__dict__))
