"""What is done to a cluster, and how it is taken back: acts, links, locks, and moments to come back to."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .errors import ScenarioError
from .values import Duration, nanoseconds, to_json
from .views import Operation

if TYPE_CHECKING:
    from . import _core
    from .cluster import Cluster

__all__ = ["Act", "Link", "Lock", "Snapshot"]


class Act:
    """Something that was done. As a context manager it is undone at the end, where that has a meaning:

    >>> from quorumlab import Cluster
    >>> sim = Cluster(nodes=5, seed=42).run_for("1s")
    >>> with sim.partition(["n1", "n2"], ["n3", "n4", "n5"]):
    ...     _ = sim.run_for("1s")
    """

    #: What takes a verb back.
    UNDO = {"crash": "restart", "kill": "restart", "pause": "resume", "block": "unblock", "clog": "unclog",
            "partition": "heal", "cut": "heal", "link": "link", "disk": "disk", "rule": "rule", "clock": "clock"}

    def __init__(self, cluster: "Cluster", verb: str, value: Any, hosts: list[str], operations: list[Operation]):
        self.cluster = cluster
        self.verb = verb
        self.value = value
        self.hosts = hosts  # those that were hit, where the verb names some
        self.operations = operations  # that it began
        self._command: "tuple[int, str] | None" = None  # as the cluster keeps it: this very object
        self._undone: "Act | None" = None

    def _stands(self) -> bool:
        """Whether it was done, or is about to be: not if the cluster has gone back to before it."""
        return any(a is self for a in self.cluster._pending) or any(c is self._command for c in self.cluster._commands)

    def undo(self) -> "Act | None":
        """Takes it back: crash by restart, partition by heal, settings by those of the start. None, and nothing is
        done, if there is nothing to take back: it was undone before, or the cluster has gone back to before it."""
        if self.verb not in self.UNDO:
            raise ScenarioError(f'"{self.verb}" cannot be taken back')
        if not self._stands() or self._undone is not None and self._undone._stands():
            return None
        self._undone = self._take_back()
        return self._undone

    def _take_back(self) -> "Act | None":
        other = self.UNDO[self.verb]
        c, v = self.cluster, self.value
        if other in ("restart", "resume", "unblock"):
            wanted = "down" if other == "restart" else "paused" if other == "resume" else "blocked"
            hosts = [h for h in self.hosts if _is(c[h], wanted)]
            return c._do(other, hosts) if hosts else None
        if other == "heal":
            # Others stay, if it is plain which ones this made.
            groups = v if isinstance(v, list) else [v["from"], v["to"]] if self.verb == "cut" else None
            groups = [[g] if isinstance(g, str) else g for g in groups or []]
            plain = groups and not any(name.startswith("@") for group in groups for name in group)
            return c._do("heal", groups if plain else True)
        if other == "unclog":
            return c._do("unclog", v)
        if other == "rule":
            return c._do("rule", {**({"nodes": v["nodes"]} if "nodes" in v else {}), "on" if "off" in v else "off":
                                  v.get("off", v.get("on"))})
        if other == "clock":
            return c._do("clock", {"nodes": v["nodes"]})
        return c._do(other, {k: v[k] for k in ("from", "to", "both", "nodes") if k in v})

    def __enter__(self) -> "Act":
        return self

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        if self.verb in self.UNDO:
            self.undo()

    def __repr__(self) -> str:
        return f"<{self.verb} {to_json(self.value)}>"


def _is(host: Any, word: str) -> bool:
    return not host.running if word == "down" else bool(getattr(host, word))


class Snapshot:
    """A moment of a cluster, to come back to: ``cluster.restore(snapshot)``."""

    def __init__(self, core: "_core.Session", commands: list[tuple[int, str]], document: dict[str, Any],
                 node: tuple[Any, tuple[Any, ...]], error_told: "str | None"):
        self._core = core
        self._commands = commands
        self._document = document
        self._node = node
        self._error_told = error_told

    def _fits(self, document: dict[str, Any], node: tuple[Any, tuple[Any, ...]]) -> bool:
        """Whether a cluster of this document could have been here; the seed comes along."""
        def parts(given: Any) -> Any:  # two partials are never equal
            return (given.func, given.args, given.keywords) if isinstance(given, functools.partial) else given

        return {**self._document, "seed": 0} == {**document, "seed": 0} and \
            (parts(self._node[0]), self._node[1]) == (parts(node[0]), node[1])

    @property
    def now(self) -> float:
        return self._core.now_ns / 1e9

    def __reduce__(self) -> tuple[Any, ...]:
        from .cluster import _snapshot_again

        return _snapshot_again, (self._document, self._core.seed, self._core.keeps_trace, list(self._commands),
                                 self._core.now_ns, self._core.events, self._node)

    def __repr__(self) -> str:
        return f"<Snapshot at {self.now:.6f} s, digest {self._core.digest}>"


class Link:
    """What lies between two hosts; setting an attribute changes it from now on."""

    FIELDS = ("latency", "loss", "duplicate", "corrupt", "reorder", "reorder_by", "bandwidth")

    def __init__(self, cluster: "Cluster", ends: dict[str, Any]):
        self.__dict__.update(_cluster=cluster, _ends=ends, _set={})

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.FIELDS:
            raise ScenarioError(f'a link has no "{name}"; it has {", ".join(self.FIELDS)}')
        settings = {**self._set, name: value}
        self._cluster._act("link", (), {**self._ends, **settings})
        self._set[name] = value

    def __getattr__(self, name: str) -> Any:
        if name in self.FIELDS:
            return self._set.get(name)
        raise AttributeError(f'a link has no "{name}"; it has {", ".join(self.FIELDS)}')

    def __repr__(self) -> str:
        def words(end: Any) -> str:
            return end if isinstance(end, str) else " ".join(map(str, end))

        e = self._ends
        ends = f"{words(e['from'])} {'and' if e.get('both') else 'to'} {words(e['to'])}" if "to" in e else \
            f"from {words(e['from'])}" if "from" in e else "everywhere"
        return f"<Link {ends}: {', '.join(f'{k} {v}' for k, v in self._set.items()) or 'nothing set here'}>"


class Lock:
    """A lock that a client takes in the etcd store; ``held`` says whether, ``token`` is for fencing."""

    def __init__(self, cluster: "Cluster", name: str, owner: str, ttl: int, client: Any, within: Duration):
        self.cluster, self.key, self.owner, self.ttl, self.client = cluster, f"/lock/{name}", owner, ttl, client
        self._within = nanoseconds(within, "within")
        self.token = 0

    @property
    def held(self) -> bool:
        """Whether it was taken and not given back; the lease may have run out all the same."""
        return self.token != 0

    def acquire(self) -> "Lock":
        """Asks until it has it; :class:`ExpectationFailed` if it takes too long."""
        end = self.cluster.now_ns + self._within
        while True:
            answer = self.cluster.put(self.key, self.owner, ttl=self.ttl, exists=False, client=self.client)
            if answer.ok:
                self.token = answer.node.get("createdIndex", 0)
                return self
            if self.cluster.now_ns >= end:
                raise self.cluster._failure(f"the lock {self.key} was not free by {self.cluster.now:.3f} s (seed {self.cluster.seed})")
            self.cluster.run_for("100ms")

    def release(self) -> bool:
        """Gives it back; False if it was no longer ours."""
        if not self.token:
            return False
        self.token = 0
        import urllib.parse

        answer = self.cluster._http("DELETE", self.key, "?prevValue=" + urllib.parse.quote(self.owner), None, None,
                                    self.client, None, True)
        return answer.ok

    def __repr__(self) -> str:
        return f"<Lock {self.key}: {f'held, token {self.token}' if self.held else 'not held'}>"

    def __enter__(self) -> "Lock":
        return self.acquire()

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        self.release()
