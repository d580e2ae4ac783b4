"""Writes _verbs.py from the registry of verbs: python3 -m quorumlab._generate > pybind/quorumlab/_verbs.py"""

from __future__ import annotations

import keyword
import textwrap
from typing import Any

from .values import _alternatives, registry

HEAD = '''"""The verbs of scenarios as methods. Written by quorumlab._generate from the registry of verbs, which also makes
the JSON Schema: a test compares. Do not edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Iterable, TypeVar, Union

from .values import Duration

if TYPE_CHECKING:
    from .views import Host

R = TypeVar("R")
#: A host's name, a selector like "@leader", or a host; or several. (None, for ``sim.leader`` may be: told when it is.)
Targets = Union[str, "Host", None, Iterable[Union[str, "Host", None]]]


class Verbs(Generic[R]):
    """What can be done to a cluster, in a scenario and at once alike. Keywords that Python keeps for itself
    have an underscore at their end: ``from_``, ``for_``."""

    _noun = "step"

    def _act(self, verb: str, values: tuple[Any, ...], fields: dict[str, Any]) -> R:
        raise NotImplementedError

    if not TYPE_CHECKING:  # a type checker finds the mistake by itself

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(name)
            from .values import did_you_mean

            known = [n for n in dir(type(self)) if not n.startswith("_")]
            raise AttributeError(f'a {self._noun} has no "{name}"{did_you_mean(name, known)}')
'''

SIMPLE = {"boolean": "bool", "integer": "int", "text": "str", "name": "Any", "label": "str", "choice": "str",
          "duration": "Duration", "signed_duration": "Duration", "yes": "bool", "selector": "Targets"}


def annotation(kind: dict[str, Any]) -> str:
    names = {SIMPLE.get(k["kind"], "Any") for k in _alternatives(kind)}
    return names.pop() if len(names) == 1 else "Any"


def python_name(name: str) -> str:
    return name + "_" if keyword.iskeyword(name) else name


def wrapped(begin: str, parts: list[str], end: str) -> list[str]:
    """Folded between parts only, under the opening bracket."""
    if not parts:
        return [begin + end]
    lines = [begin]
    for i, part in enumerate(parts):
        text = part + (", " if i + 1 < len(parts) else end)
        if len(lines[-1]) + len(text.rstrip()) > 118:
            lines.append(" " * len(begin))
        lines[-1] += text
    return [line.rstrip() for line in lines]


def method(verb: dict[str, Any]) -> str:
    options = _alternatives(verb["type"])
    objects = [k for k in options if k["kind"] == "object"]
    others = [k for k in options if k["kind"] != "object"]
    fields = {f["name"]: f for k in objects for f in k["fields"]}
    required = [f for f in fields.values() if f["required"]] if len(objects) == 1 and not others else []
    takes_nodes = "nodes" in fields
    positional = bool(others) and any(k["kind"] != "yes" for k in others) or takes_nodes
    arguments = ["self"]
    pairs = verb["name"] == "write"
    if positional:
        arguments.append("*nodes: Targets")
        required = []
        fields.pop("nodes", None)
    else:
        for f in required:
            given = "" if not pairs else " | None = None"
            arguments.append(f"{python_name(f['name'])}: {annotation(f['type'])}{given}")
    rest = [f for f in fields.values() if f not in required]
    if rest and not positional:
        arguments.append("*")
    arguments += [f"{python_name(f['name'])}: {annotation(f['type'])} | None = None" for f in rest]
    if pairs:
        arguments.append("**pair: Any")
    lines = wrapped(f"    def {python_name(verb['name'])}(", arguments, ") -> R:")
    doc = verb["doc"]
    described = [*([] if positional else required), *rest]
    body = [f'        """{doc}']
    if described:
        body.append("")
        for f in described:
            missing = f" Without it: {f['missing']}." if f["missing"] else ""
            body += textwrap.wrap(f"{python_name(f['name'])}: {f['doc']}{missing}", 108, initial_indent=" " * 8,
                                  subsequent_indent=" " * 12)
        body.append('        """')
    else:
        body[0] += '"""'
    if len(body[0]) > 118:
        body[:1] = textwrap.wrap(body[0].strip(), 108, initial_indent=" " * 8, subsequent_indent=" " * 8)
    if pairs:
        body += ["        if pair:",
                 "            if key is not None or len(pair) != 1:",
                 '                raise TypeError("write() takes a key and a value, or one pair like x=2")',
                 "            key, value = pair.popitem()"]
    names = [f"\"{python_name(f['name'])}\": {python_name(f['name'])}" for f in described]
    body += wrapped(f"        return self._act(\"{verb['name']}\", {'nodes' if positional else '()'}, {{", names, "})")
    text = "\n".join(lines + body)
    return text.replace("\\", "\\\\")


def source() -> str:
    """The text of _verbs.py."""
    return HEAD + "".join("\n" + method(v) + "\n" for v in registry()["verbs"])


if __name__ == "__main__":
    print(source(), end="")
