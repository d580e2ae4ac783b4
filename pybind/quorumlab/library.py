"""What comes with quorumlab: its scenarios, the rules of its engines, its checkers, and the kinds of events."""

from __future__ import annotations

import os
import pathlib
import shlex
from typing import Iterator, Mapping, NamedTuple, Optional

from . import _core

__all__ = ["Checker", "Kind", "Rule", "checkers", "kinds", "rules", "scenarios"]

ENDING = ".scenario.json"


def folders() -> Iterator[pathlib.Path]:
    """Folders that hold scenarios, the nearest first: the working directory's, the package's, the source's."""
    seen = set()
    for folder in (pathlib.Path("scenarios"), pathlib.Path(__file__).parent / "scenarios",
                   pathlib.Path(_core.source_folder) / "scenarios"):
        if folder.is_dir() and folder.resolve() not in seen:
            seen.add(folder.resolve())
            yield folder


def scenarios() -> dict[str, pathlib.Path]:
    """The scenarios that are at hand: {name: file}, by name.

    >>> "quorum" in scenarios()
    True
    """
    found: dict[str, pathlib.Path] = {}
    for folder in folders():
        for path in sorted(folder.rglob("*" + ENDING), key=lambda p: (len(str(p)), str(p))):
            found.setdefault(path.name[: -len(ENDING)], path)
    return dict(sorted(found.items()))


def find(name: "str | os.PathLike[str]") -> pathlib.Path:
    """The file itself, or the scenario of that name; "measure/split-vote" where another folder has the same name."""
    path = pathlib.Path(name)
    if path.exists():
        return path
    if "/" in str(name):
        inside = (folder / (str(name) + ENDING) for folder in folders())
        return next((file for file in inside if file.exists()), path)
    return scenarios().get(str(name), path)


class Rule(NamedTuple):
    """A rule that an engine obeys; ``rules_off=rule.name`` switches it off."""

    engine: str
    """"raft", "serf" or "etcd"."""
    name: str
    source: str
    """Where it is stated: a section of a paper or a document, a commit."""
    meaning: str
    """What it demands."""


def rules(engine: Optional[str] = None) -> list[Rule]:
    """The rules that the engines obey, all or those of one engine, in the order of the engine's own list.

    >>> rules("raft")[6]
    Rule(engine='raft', name='one_vote_per_term', source='Raft 5.2', meaning='a node grants one vote in a term')

    Raises ValueError for an engine that there is not.
    """
    known = [Rule(*each) for each in _core.rules()]
    engines = list(dict.fromkeys(rule.engine for rule in known))
    if engine is not None and engine not in engines:
        raise ValueError(f"no engine {engine!r}: there are {', '.join(engines)}")
    return [rule for rule in known if engine in (None, rule.engine)]


class Checker(NamedTuple):
    """What watches every run; ``always=[checker.name]`` lets only some of them watch."""

    name: str
    judges: str
    """Whom: "raft", "gossip", "store" (etcd's), "programs" (that use the store), "serf and raft"."""
    promise: str
    """What must hold."""


def checkers() -> list[Checker]:
    """The checkers, in the order in which reports list them.

    >>> checkers()[0]
    Checker(name='election_safety', judges='raft', promise='at most one leader in a term')
    """
    return [Checker(*each) for each in _core.checkers()]


class Kind(NamedTuple):
    """A kind of events: ``trace.filter(kind=kind.name)``, ``sim.on(kind.name)``, ``sim.run(until=kind.name)``."""

    name: str
    groups: "tuple[str, ...]"
    """Words that stand for it and for others: "vote", "role", ..."""
    aliases: "tuple[str, ...]"
    """Other words for it: "leader_elected"."""
    example: str
    """What such an event says, of n1 and n2."""


def kinds() -> list[Kind]:
    """The kinds of events that a trace may hold, in the order of their numbers.

    >>> next(kind for kind in kinds() if "leader_elected" in kind.aliases)
    Kind(name='became_leader', groups=('role',), aliases=('leader_elected',), example='n1 leads in term 3 with 3 votes; its log ends at 3')
    """
    from .trace import ALIASES, GROUPS

    return [Kind(name, tuple(g for g, names in GROUPS.items() if name in names),
                 tuple(word for word, of in ALIASES.items() if of == name), _core.kind_example(number))
            for number, name in _core.kinds().items()]


def replay_command(file: str, seed: int, settings: Mapping[str, str]) -> str:
    """One line for a shell that repeats a run."""
    words = ["quorumlab", "run", file, "--seed", str(seed)]
    for key, value in settings.items():
        words += ["--set", f"{key}={value}"]
    return " ".join(shlex.quote(w) for w in words)
