"""What comes with quorumlab: its scenarios, and the rules of its engines."""

from __future__ import annotations

import os
import pathlib
import shlex
from typing import Iterator, Mapping, NamedTuple, Optional

from . import _core

__all__ = ["Rule", "rules", "scenarios"]

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


def replay_command(file: str, seed: int, settings: Mapping[str, str]) -> str:
    """One line for a shell that repeats a run."""
    words = ["quorumlab", "run", file, "--seed", str(seed)]
    for key, value in settings.items():
        words += ["--set", f"{key}={value}"]
    return " ".join(shlex.quote(w) for w in words)
