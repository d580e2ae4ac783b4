"""Nodes of your own: a class in Python that takes the place of Raft on every server.

>>> import quorumlab
>>> class Echo(quorumlab.Node):
...     def on_request(self, request):
...         self.log(f"{request.verb} {request.key}")
...         self.reply(request, request.key.upper())
>>> sim = quorumlab.Cluster(node=Echo, nodes=1, seed=1)
>>> sim.get("hello").value
'HELLO'
"""

from __future__ import annotations

import functools
import importlib
import inspect
import random
from typing import TYPE_CHECKING, Any, Callable, Iterable, Sequence, TypeVar, Union

from . import _core
from .errors import ScenarioError

if TYPE_CHECKING:
    from .values import Duration

__all__ = ["Node", "Request", "invariant"]


class Request:
    """What a client asks: ``verb`` ("write", "read" or "erase"), ``key``, ``value`` (of a write, a text), ``client``
    ("c1"), ``number``, ``stale`` (whether an old value would do).

    A client that hears nothing asks again, perhaps another node: the same request then comes twice. Of writes and
    erasures ``number`` counts up within the client, so that ``(client, number)`` tells a new one from a repeated one;
    a client may wait for several at a time, and when it asked this it waited for none below ``oldest`` any more.
    """

    __slots__ = ("verb", "key", "value", "client", "number", "oldest", "stale", "answered", "_id")

    def __init__(self, verb: str, key: str, value: str | None, client: str, number: int, oldest: int, stale: bool, id: int):
        self.verb = verb
        self.key = key
        self.value = value
        self.client = client
        self.number = number
        self.oldest = oldest
        self.stale = stale
        self.answered = False
        self._id = id

    def __repr__(self) -> str:
        what = f"{self.key}={self.value}" if self.verb == "write" else self.key
        return f"<Request of {self.client}: {self.verb} {what}>"


class Node:
    """One server, to derive from. The world calls the handlers; what a handler asks for happens once it returns.

    ``id``: its name, "n1"; ``peers``: the others' names; ``disk``: what the disk kept, as :meth:`persist` wrote it,
    None on the first start. ``__init__`` may set up attributes (no need to call this class's). An object is one life
    of the process: after a crash or a kill a new one is made, and knows only what ``disk`` says.

    Randomness comes from ``self.random``, time from ``self.now``: then a seed decides all, in every process. A set of
    texts is iterated in another order in every process: sort it first.
    """

    id: str = ""
    peers: tuple[str, ...] = ()
    disk: Any = None
    _world: "_core.NodeWorld" = _core.NodeWorld()
    _seed: int = 0
    _random: "random.Random | None" = None
    _status: str = ""

    # What the world calls.

    def on_start(self) -> None:
        """The process has started; ``self.disk`` holds what an earlier life left."""

    def on_message(self, sender: str, message: Any) -> None:
        """A message came; it may come twice, late, or never."""

    def on_timer(self, name: str) -> None:
        """A timer has run out."""

    def on_request(self, request: Request) -> None:
        """A client asks; :meth:`reply` now or later, or :meth:`refuse`."""
        self.refuse(request)

    # A method on_durable(self) is called, where there is one, once all that was persisted is on the disk.

    # What handlers may do.

    def send(self, to: str, message: Any, *, at_once: bool = False) -> None:
        """Sends a message to a node. It may be lost, doubled, overtaken; a damaged one does not arrive.

        A message is a value: None, bool, int, float, str, bytes, list, tuple, dict, a dataclass or a named tuple of them. The receiver
        gets a copy. Pictures show its name: a dataclass's, what a dict has under "type", the first text of a tuple.

        It leaves once all that was persisted before is durable; ``at_once``: without waiting for that.
        """
        self._world.send(to, message, at_once)

    def broadcast(self, message: Any, *, at_once: bool = False) -> None:
        """Sends to all others."""
        for peer in self.peers:
            self._world.send(peer, message, at_once)

    def persist(self, value: Any) -> None:
        """The disk keeps this value in place of the one before: never a mixture, even if the power fails.

        It takes a while, in which the node goes on: but messages and replies that it sends later wait until the value
        is durable, and are lost with it. What must not be promised before it is on the disk is therefore safe if it is
        sent after ``persist``, and not if before.
        """
        self._world.persist(value)

    def set_timer(self, name: str, delay: "Duration") -> None:
        """``on_timer(name)`` is called this long from now by the node's own clock: "150ms", or seconds. A timer of
        that name that was set before is gone."""
        self._world.set_timer(name, delay)

    def cancel_timer(self, name: str) -> bool:
        """Takes a timer back; whether there was one."""
        return self._world.cancel_timer(name)

    def reply(self, request: Request, value: str | None = None) -> None:
        """Answers a request: done. Of a read, ``value`` is what was found, None: nothing is there. Leaves once all that
        was persisted before is durable."""
        self._answer(request)
        if value is not None and type(value) is not str:
            raise TypeError(f"reply: expected a text or None, got {value!r}")
        self._world.reply(request._id, request.verb != "read" or value is not None, value)

    def refuse(self, request: Request, leader: str | None = None) -> None:
        """Answers a request: surely not done, ask again; the ``leader`` if it is known, else somebody else."""
        self._answer(request)
        self._world.refuse(request._id, leader)

    def _answer(self, request: Request) -> None:
        if not isinstance(request, Request):
            raise TypeError(f"expected a Request, got {request!r}")
        if request.answered:
            raise ValueError(f"{request!r} was answered before")
        request.answered = True

    def say(self, text: str) -> None:
        """Says something to who looks on: a speech bubble."""
        self._world.say(text)

    def log(self, text: str) -> None:
        """Writes a line in the node's log: it stands in the trace."""
        self._world.log(text)

    @property
    def status(self) -> str:
        """What the node is, "primary" say: pictures and traces show it. Who says "leader" or "primary" is whom
        ``sim.leader`` and "@leader" mean (:attr:`leading` names the words)."""
        return self._status

    @status.setter
    def status(self, status: str) -> None:
        if not isinstance(status, str):
            raise TypeError(f"status: expected a text, got {status!r}")
        if status != self._status:
            self._world.become(status, status in self.leading)
            self._status = status

    #: The words for ``status`` that mean that the node leads.
    leading: Sequence[str] = ("leader", "primary")

    @property
    def now(self) -> float:
        """Seconds by this node's own clock, which may run fast or slow, but never backwards."""
        return self._world.now_ns / 1e9

    @property
    def wall(self) -> float:
        """Seconds since 1970 by its wall clock, which may jump."""
        return self._world.wall_ns / 1e9

    @property
    def random(self) -> random.Random:
        """Chance, decided by the seed: another one for each node and each of its lives."""
        if self._random is None:
            self._random = random.Random(self._seed)
        return self._random

    @property
    def majority(self) -> int:
        """How many nodes are more than half of them all."""
        return (len(self.peers) + 1) // 2 + 1

    def __repr__(self) -> str:
        status = self._status
        return f"<{type(self).__name__} {self.id or 'of no cluster'}{': ' + status if status else ''}>"


F = TypeVar("F", bound=Callable[..., Any])

#: A class of nodes; one with its arguments, functools.partial(MyNode, timeout=2); or where it stands, "module:Class".
NodeClass = Union[type, "functools.partial[Any]", str]


def invariant(function: F) -> F:
    """Marks what must hold after every event: a function of the list of running nodes, which answers False or raises
    AssertionError where it does not hold. Inside a class of nodes it is watched wherever that class runs; others are
    given by name, ``Cluster(node=..., invariants=[...])``.

    >>> class Lonely(Node):
    ...     @invariant
    ...     def one_leads(nodes):
    ...         return sum(node.status == "leader" for node in nodes) <= 1
    """
    function.__dict__["_quorumlab_invariant"] = True
    return function


HANDLERS = {"on_start": 0, "on_message": 2, "on_timer": 1, "on_request": 1, "on_durable": 0}


def resolved(node: Any) -> Any:
    """The class behind "module:Class"; all else as it is."""
    if not isinstance(node, str):
        return node
    module, _, name = node.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    except (ImportError, AttributeError, ValueError) as error:
        raise ScenarioError(f'node: there is no "{node}": {error}') from None


def name_of(node: Any) -> str:
    """"module:Class", as a scenario calls it."""
    of = node.func if isinstance(node, functools.partial) else node
    if not isinstance(of, type):
        raise ScenarioError(f"node: expected a class derived from quorumlab.Node, got {node!r}")
    return f"{of.__module__}:{of.__qualname__}"


_kinds: dict[Any, Any] = {}


def kind_of(node: Any, invariants: Iterable[Callable[..., Any]] = ()) -> Any:
    """What the compiled half makes nodes of. Mistakes are told here, before anything runs."""
    node = resolved(node)
    of = node.func if isinstance(node, functools.partial) else node
    if not isinstance(of, type) or not issubclass(of, Node):
        raise ScenarioError(f"node: expected a class derived from quorumlab.Node, got {node!r}")
    for name, count in HANDLERS.items():
        handler = getattr(of, name, None)
        if handler is None:
            continue
        if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
            raise ScenarioError(f"node: {of.__name__}.{name} must be a plain method: with yield in it, nothing of it would run")
        if inspect.iscoroutinefunction(handler) or not callable(handler):
            raise ScenarioError(f"node: {of.__name__}.{name} must be a plain method")
        try:
            inspect.signature(handler).bind(*[None] * (count + 1))
        except TypeError as error:
            wants = ", ".join(("self", *list(inspect.signature(getattr(Node, name, _on_durable)).parameters)[1:]))
            raise ScenarioError(f"node: {of.__name__}.{name} must take ({wants}): {error}") from None
    _expect_handlers(of)
    args = node.args if isinstance(node, functools.partial) else ()
    keywords = node.keywords if isinstance(node, functools.partial) else {}
    try:
        inspect.signature(of).bind(*args, **keywords)
    except TypeError as error:
        raise ScenarioError(f"node: {of.__name__}() cannot be called so: {error}") from None
    watched = [getattr(of, name) for name in sorted(dir(of))
               if getattr(inspect.getattr_static(of, name), "_quorumlab_invariant", False)]
    watched += [f for f in invariants if f not in watched]
    for function in watched:
        if not callable(function):
            raise ScenarioError(f"invariants: expected functions of the running nodes, got {function!r}")
    key = (of, args, tuple(sorted(keywords.items(), key=lambda item: item[0])), tuple(watched))
    try:
        if key in _kinds:
            return _kinds[key]
    except TypeError:  # arguments that have no hash
        return _core.NodeKind(of, tuple(args), dict(keywords), watched, hasattr(of, "on_durable"))
    _kinds[key] = _core.NodeKind(of, tuple(args), dict(keywords), watched, hasattr(of, "on_durable"))
    return _kinds[key]


def _expect_handlers(of: type) -> None:
    """on_mesage is never called. A method that is near to a handler which the class has, too, is its own affair."""
    import difflib

    for name in sorted(n for n in dir(of) if n.startswith("on") and n not in HANDLERS and callable(getattr(of, n))):
        near = difflib.get_close_matches(name, HANDLERS, 1, 0.85)
        if near and getattr(of, near[0], None) is getattr(Node, near[0], None):
            raise ScenarioError(f'node: {of.__name__}.{name} would never be called; did you mean "{near[0]}"?')


def _on_durable(self: Any) -> None:
    """The signature of on_durable."""
