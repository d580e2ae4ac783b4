"""Durations, and Python values as a scenario file holds them: guided by the registry of verbs, so that 1.5 is a
duration where one belongs, and a number everywhere else."""

from __future__ import annotations

import datetime
import functools
import json
import math
import re
from typing import Any, Iterable, Union

from . import _core
from .errors import ScenarioError

__all__ = ["Duration", "nanoseconds"]

#: "150ms" (units ns us ms s m h), seconds as a number, or a timedelta.
Duration = Union[str, float, int, datetime.timedelta]


def nanoseconds(value: Duration, what: str = "a duration", *, signed: bool = False) -> int:
    """A duration as whole nanoseconds.

    >>> nanoseconds("150ms"), nanoseconds(1.5), nanoseconds(datetime.timedelta(milliseconds=2))
    (150000000, 1500000000, 2000000)
    >>> nanoseconds(-1)
    Traceback (most recent call last):
        ...
    quorumlab.errors.ScenarioError: a duration: expected a duration of 0 or more, got -1
    """
    if isinstance(value, str):
        ns = _core.duration_ns(value)
        if ns is None:
            raise ScenarioError(f'{what}: expected a duration like "150ms", 1.5 (seconds) or a timedelta, got "{value}"')
    elif isinstance(value, datetime.timedelta):
        ns = (value.days * 86_400 + value.seconds) * 1_000_000_000 + value.microseconds * 1_000
    elif isinstance(value, bool) or not hasattr(value, "__float__"):
        raise ScenarioError(f'{what}: expected a duration like "150ms", 1.5 (seconds) or a timedelta, got {value!r}')
    elif hasattr(value, "__index__"):
        ns = int(value) * 1_000_000_000
    else:
        seconds = float(value)
        if not math.isfinite(seconds) or abs(seconds) > 1e11:
            raise ScenarioError(f"{what}: expected a duration below 100 years, got {value!r}")
        ns = round(seconds * 1e9)
    if ns < 0 and not signed:
        raise ScenarioError(f"{what}: expected a duration of 0 or more, got {value!r}".replace("'", '"'))
    if abs(ns) > 100 * 365 * 86_400 * 1_000_000_000:
        raise ScenarioError(f"{what}: longer than 100 years: {value!r}")
    return ns


def yes_or_no(value: Any, what: str) -> bool:
    """True or False, and nothing that merely counts as one."""
    if type(value).__name__ not in ("bool", "bool_"):  # Python's and NumPy's
        raise ScenarioError(f"{what}: expected True or False, got {value!r}")
    return bool(value)


def whole_number(value: Any, what: str, least: int) -> int:
    """A whole number of this size or more."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ScenarioError(f"{what}: expected a whole number of {least} or more, got {value!r}")
    return int(value)


def duration_text(ns: int) -> str:
    """The shortest exact text: "1.5s", "20ms"."""
    return _core.duration_text(ns)


@functools.lru_cache(maxsize=1)
def registry() -> dict[str, Any]:
    """Every key that a scenario file may hold, with its type and what it means."""
    return _core.registry()


def did_you_mean(word: Any, known: Iterable[str], else_: str = "") -> str:
    """'; did you mean "crash"?', for the end of a message: the nearest word that there is, or up to three that share
    something with it; or '; ' and what else helps."""
    import difflib

    names, word = list(known), str(word)
    near = difflib.get_close_matches(word, names, 1)
    if not near and len(word) > 2:
        parts = [p for p in re.split(r"[^a-z0-9]+", word.lower()) if len(p) > 2]
        near = [n for n in names if word.lower() in n or any(p in n.split("_") for p in parts)][:3]
        near = near or difflib.get_close_matches(word, names, 3, 0.45)
    if near:
        quoted = [f'"{n}"' for n in near]
        return f"; did you mean {', '.join(quoted[:-1]) + ' or ' if quoted[1:] else ''}{quoted[-1]}?"
    return f"; {else_}" if else_ else ""


def listed(value: Any) -> list[Any]:
    """A list; a single text is a list of one, and not of its letters."""
    return [value] if isinstance(value, str) else list(value)


def name_of(value: Any) -> Any:
    """The name of a host, if it is one."""
    return value.name if hasattr(value, "_host_id") else value


def plain(value: Any, kind: dict[str, Any] | None = None) -> Any:
    """A value as JSON may hold it. What does not fit the type is left as it is, for the loader to tell."""
    value = name_of(value)
    if value is None:
        raise ScenarioError("expected a value, got None (there is no leader, perhaps)")
    kinds = _alternatives(kind)
    names = {k["kind"] for k in kinds}
    number = isinstance(value, (int, float)) and not isinstance(value, bool) or type(value).__module__ == "numpy"
    if isinstance(value, datetime.timedelta) or number and names & {"duration", "signed_duration"} \
            and not names & {"number", "integer", "fraction"}:
        ns = nanoseconds(value, signed=True)
        return ("-" if ns < 0 else "") + duration_text(abs(ns))
    if isinstance(value, dict):
        return _plain_dict(value, kinds)
    if isinstance(value, (list, tuple, set, frozenset)):
        item = next((k.get("item") for k in kinds if k["kind"] == "list"), None)
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [plain(v, item) for v in items]
    if isinstance(value, (str, bool, int, float)):
        return value
    if hasattr(value, "item"):  # a number of NumPy
        return plain(value.item(), kind)
    raise ScenarioError(f"expected a text, a number, a list or a dict, got {value!r}")


def _plain_dict(value: dict[Any, Any], kinds: list[dict[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    item = None
    for kind in kinds:
        fields.update({f["name"]: f.get("type") for f in kind.get("fields", ())})
        if kind["kind"] == "map":
            item = kind.get("item")
    out = {}
    for key, v in value.items():
        key = name_of(key)
        if not isinstance(key, str):
            raise ScenarioError(f"expected a key that is a text, got {key!r}")
        name = key[:-1] if key.endswith("_") and key[:-1] in fields else key
        out[name] = plain(v, fields.get(name, item))
    return out


def _alternatives(kind: dict[str, Any] | None) -> list[dict[str, Any]]:
    if kind is None:
        return [{"kind": ""}]
    if kind["kind"] != "any_of":
        return [kind]
    return [k for option in kind["options"] for k in _alternatives(option)]


def field_type(fields: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The type of a field of the registry, by its name."""
    return next((f.get("type") for f in fields if f["name"] == name), None)


def to_json(value: Any, indent: int | None = None) -> str:
    """As the loader reads it; infinities and not-a-numbers have no place there."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except (ValueError, UnicodeError) as error:
        raise ScenarioError(f"cannot be written as JSON: {error}") from None


def verb_value(verb: str, values: tuple[Any, ...], fields: dict[str, Any]) -> Any:
    """What stands behind a verb in a scenario, from the arguments of a method."""
    kind = field_type(registry()["verbs"], verb)
    options = _alternatives(kind)
    known = {f["name"] for k in options for f in k.get("fields", ())}
    given = {}
    for name, value in fields.items():
        if value is not None:
            given[name[:-1] if name.endswith("_") and name not in known else name] = value
    if values and given:
        # The nodes in front of settings: disk("n1", full=True).
        given = {"nodes": values[0] if len(values) == 1 else list(values), **given}
    elif values and not any(k["kind"] in ("selector", "list", "yes") for k in options):
        given = {"nodes": values[0] if len(values) == 1 else list(values)}
    elif values:
        groups = any(k["kind"] == "list" and k["item"]["kind"] == "list" for k in options)
        if groups:
            return plain([[v] if isinstance(v, str) or hasattr(v, "_host_id") else list(v) for v in values])
        flat: list[Any] = []
        for v in values:
            flat.extend(v) if isinstance(v, (list, tuple, set, frozenset)) else flat.append(v)
        return plain(flat[0] if len(flat) == 1 else flat, kind)
    elif not given and any(k["kind"] == "yes" for k in options):
        return True
    return plain(given, kind)
