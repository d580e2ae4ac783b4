"""What can be read of a running cluster: hosts, logs, keys, the quorum, what clients were told. Reading changes
nothing, and is always of this moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Iterator, Mapping, NamedTuple

if TYPE_CHECKING:
    from .cluster import Cluster

__all__ = ["Host", "Server", "Program", "Quorum", "Operation", "Entry", "Keys", "Agent"]


class Entry(NamedTuple):
    """An entry of a server's log."""

    index: int  # type: ignore[assignment]  # its place in the log, not tuple's search
    term: int
    kind: str  # "write", "erase", "config", "empty"; of the etcd store "command"
    key: str | None
    value: str | None
    payload: bytes


class Agent(NamedTuple):
    """What a serf agent believes of a member."""

    name: str
    address: str
    status: str  # "alive", "leaving", "left", "failed"
    tags: dict[str, str]


class Host:
    """A host of a cluster: a server, a client, or one that runs a program. Attributes are of this moment."""

    def __init__(self, cluster: "Cluster", number: int):
        self.cluster = cluster
        self._host_id = number

    @property
    def name(self) -> str:
        return self.cluster._hosts[self._host_id - 1]

    @property
    def status(self) -> dict[str, Any]:
        """All that is known of it, as a dict."""
        return self.cluster._core.status(self._host_id)

    @property
    def kind(self) -> str:
        """"server", "client" or "program"."""
        return self.status["kind"]

    @property
    def running(self) -> bool:
        """Whether its process lives; it may be paused."""
        return self.status["running"]

    @property
    def paused(self) -> bool:
        return self.status["paused"]

    @property
    def blocked(self) -> bool:
        return self.status["blocked"]

    @property
    def clock(self) -> float:
        """What its wall clock shows, in seconds since 1970."""
        return self.status["wall_ns"] / 1e9

    def __getitem__(self, name: str) -> Any:
        return self.status[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Host) and other.cluster is self.cluster and other._host_id == self._host_id

    def __hash__(self) -> int:
        return hash((id(self.cluster), self._host_id))

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<{self.kind.capitalize()} {self.name}{'' if self.running else ': down'}>"


class Program(Host):
    """A host that runs a recipe: an election, a lock, an address that moves."""

    @property
    def holds(self) -> bool:
        """Whether it believes to hold its key."""
        return self.status.get("holds", False)

    @property
    def token(self) -> int:
        """Its fencing token; 0 when it holds nothing."""
        return self.status.get("token", 0)

    @property
    def follows(self) -> str:
        """Who is the master, as far as it knows; "" for nobody."""
        return self.status.get("follows", "")


class Server(Host):
    """A server: Raft, its state machine, a serf agent, or all of them. Of one that is down, what only a running
    process knows is None (or empty)."""

    @property
    def role(self) -> str:
        """"leader", "follower", "candidate", "pre_candidate", or "down" or "paused"."""
        s = self.status
        return "down" if not s["running"] else "paused" if s["paused"] else s.get("role") or s.get("state") or "none"

    @property
    def node(self) -> Any:
        """The object of one's own class that runs here (``Cluster(node=...)``), to be looked at; None where none
        runs."""
        return self.cluster._core.node(self._host_id)

    @property
    def is_leader(self) -> bool:
        """Whether it believes to lead."""
        s = self.status
        return s.get("role") == "leader" or s.get("leads", False)

    @property
    def term(self) -> int | None:
        return self.status.get("term")

    @property
    def voted_for(self) -> str | None:
        """For whom it voted in its term; "" for nobody."""
        return self.status.get("voted_for")

    @property
    def leader(self) -> str | None:
        """Whom it believes to lead; "" for nobody."""
        return self.status.get("leader")

    @property
    def last_index(self) -> int | None:
        return self.status.get("last_index")

    @property
    def commit_index(self) -> int | None:
        return self.status.get("commit_index")

    @property
    def applied_index(self) -> int | None:
        return self.status.get("applied_index")

    @property
    def log(self) -> list[Entry]:
        """The entries in its memory; what a snapshot covers is gone."""
        return [Entry._make(e) for e in self.cluster._core.log(self._host_id)]

    @property
    def kv(self) -> "Keys":
        """What its own state machine holds, as a mapping: it may be behind."""
        return Keys(self.cluster._core.store(self._host_id))

    @property
    def members(self) -> dict[str, Agent]:
        """What its serf agent lists, by name."""
        return {m[0]: Agent._make(m) for m in self.cluster._core.members(self._host_id)}

    def __repr__(self) -> str:
        s = self.status
        if not s["running"] or s["paused"]:
            return f"<Server {self.name}: {self.role}>"
        if "role" in s:
            return f"<Server {self.name}: {s['role']} of term {s['term']}>"
        if "state" in s:
            return f"<Server {self.name}: {s['state']}>" if s["state"] else f"<Server {self.name}>"
        return f"<Server {self.name}: an agent>" if s["gossip"] else f"<Server {self.name}>"


class Keys(Mapping[str, str]):
    """Keys and values of a state machine at one moment; ``index(key)`` says where a key was last changed."""

    def __init__(self, items: dict[str, tuple[str, int]]):
        self._items = items

    def __getitem__(self, key: str) -> str:
        return self._items[key][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def index(self, key: str) -> int:
        return self._items[key][1]

    def __repr__(self) -> str:
        return repr({k: v[0] for k, v in self._items.items()})


class Quorum:
    """Whether a majority of the voters runs, unpaused, and can reach each other. Truthy if so. ``have``: the most
    that can, ``need``: how many it takes, ``voters``; ``side``: the names of the largest side."""

    def __init__(self, available: bool, have: int, need: int, voters: int, sides: list[list[str]]):
        self.available, self.have, self.need, self.voters = available, have, need, voters
        self.sides = sides
        self.side: list[str] = max(sides, key=len, default=[])

    def __bool__(self) -> bool:
        return self.available

    def __repr__(self) -> str:
        word = "available" if self.available else "unavailable"
        return f"<Quorum {word}: {self.have} of {self.voters}, {self.need} needed>"


class Operation:
    """What a client asked for, and what became of it."""

    def __init__(self, cluster: "Cluster", number: int):
        self.cluster = cluster
        self.id = number

    @property
    def status(self) -> dict[str, Any]:
        return self.cluster._core.operation(self.id)

    @property
    def verb(self) -> str:
        return self.status["verb"]

    @property
    def outcome(self) -> str:
        """"pending", "accepted", "not-found", "refused" or "timed-out"."""
        return self.status["outcome"]

    @property
    def done(self) -> bool:
        return self.outcome != "pending"

    @property
    def ok(self) -> bool:
        """Whether it was accepted; over HTTP, answered with a status below 300."""
        s = self.status
        return s["outcome"] == "accepted" and (s["verb"] != "http" or s["count"] < 300)

    @property
    def code(self) -> int:
        """The status of an answer over HTTP; 0 without one."""
        s = self.status
        return s["count"] if s["verb"] == "http" else 0

    @property
    def answer(self) -> dict[str, Any]:
        """The body of an answer over HTTP; empty without one."""
        s = self.status
        if s["verb"] != "http" or not s["value"]:
            return {}
        try:
            return json.loads(s["value"])
        except ValueError:
            return {"text": s["value"]}

    @property
    def node(self) -> dict[str, Any]:
        """The key that an answer over HTTP speaks of: key, value, createdIndex, modifiedIndex, ttl, ..."""
        return self.answer.get("node", {})

    @property
    def value(self) -> str | None:
        """What a read found, or what a command printed; None for nothing."""
        s = self.status
        if s["verb"] == "http":
            return self.node.get("value")
        return s["value"] if s["outcome"] == "accepted" else None

    @property
    def reason(self) -> str:
        return self.status["reason"]

    @property
    def server(self) -> str:
        """Who answered."""
        return self.status["server"]

    @property
    def index(self) -> int:
        """Where it stands in the log, as answered; 0 without an answer."""
        return self.status["index"]

    @property
    def acks(self) -> int:
        """Of a query to serf's agents: how many said that they heard it."""
        return self.status["acks"]

    @property
    def responses(self) -> int:
        """Of a query: how many answered."""
        return self.status["responses"]

    @property
    def latency(self) -> float | None:
        """Seconds from the question to the end; None while it is pending."""
        s = self.status
        return None if s["outcome"] == "pending" else (s["completed_ns"] - s["invoked_ns"]) / 1e9

    def result(self) -> "Operation":
        """Itself, once it has an end; time passes until then."""
        if not self.done:
            self.cluster.run(until=lambda _: self.done, within="2h")
        return self

    def check(self) -> "Operation":
        """Itself, if it was accepted; else raises :class:`ExpectationFailed`."""
        self.result()
        if not self.ok:
            raise self.cluster._failure(f"{self!r} (seed {self.cluster.seed})")
        return self

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        s = self.status
        code = f" {s['count']}" if s["verb"] == "http" and s["count"] else ""
        about = f" {s['key']}" if s["key"] else ""
        return f"<Operation {self.id} {s['verb']}{about}: {s['outcome']}{code}>"
