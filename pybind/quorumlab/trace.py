"""The trace of a run: every fact, with its time, its cause and its words."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, Sequence, Union, overload

from . import _core
from .errors import ScenarioError
from .values import Duration, did_you_mean, listed, nanoseconds, whole_number

if TYPE_CHECKING:
    import os

    import numpy
    import pandas

    from .picture import Picture

__all__ = ["Event", "Trace", "load_trace"]

FAR = 2**63 - 1
FORMATS = ("svg", "html", "perfetto", "shiviz", "mermaid")


class Event(NamedTuple):
    """One fact of a run."""

    id: int  # its number in the trace, from 1
    time_ns: int  # true time since the start, in nanoseconds
    kind: str  # "became_leader", "packet_sent", ...
    node: str  # whom it is about; "" for nobody
    peer: str  # who else has to do with it; "" for nobody
    reason: str  # why, as an identifier; "" for none
    cause: int  # the id of the event that caused it; 0: none
    extra: int  # by kind, as are a, b and c
    a: int
    b: int
    c: int
    words: str  # one plain sentence

    @property
    def time(self) -> float:
        """Seconds since the start."""
        return self.time_ns / 1e9

    def __str__(self) -> str:
        return f"{self.time:.6f} s  {self.words}"


@functools.lru_cache(maxsize=1)
def kind_numbers() -> dict[str, int]:
    return {name: number for number, name in _core.kinds().items()}


#: Other words for kinds of events.
ALIASES = {"leader_elected": "became_leader", "election_started": "became_candidate", "packet_lost": "packet_dropped",
           "crash": "process_crashed", "kill": "process_killed", "restart": "process_started",
           "committed": "commit_advanced", "quorum_lost": "quorum_unavailable", "quorum_regained": "quorum_available"}
#: Words for several kinds.
GROUPS = {"vote": ("vote_granted", "vote_refused", "vote_counted"),
          "role": ("became_leader", "became_follower", "became_candidate", "became_pre_candidate"),
          "packet": ("packet_sent", "packet_delivered", "packet_dropped", "packet_duplicated", "packet_corrupted", "packet_held"),
          "write": ("write_submitted", "write_durable", "write_failed", "writes_lost"),
          "process": ("process_started", "process_killed", "process_crashed", "process_paused", "process_resumed",
                      "process_wiped", "process_stopped", "process_blocked", "process_unblocked"),
          "client": ("client_invoked", "client_answered", "client_timed_out", "client_refused"),
          "quorum": ("quorum_available", "quorum_unavailable")}


def kinds_of(words: "str | Sequence[str]") -> list[int]:
    """The numbers of kinds by their names, "became_leader", by other words, "leader_elected", or by group, "vote"."""
    numbers = kind_numbers()
    out = []
    if not isinstance(words, (str, list, tuple, set, frozenset)):
        raise ScenarioError(f'kind: expected a name like "became_leader", or several, got {words!r}')
    for word in listed(words):
        if not isinstance(word, str):
            raise ScenarioError(f'kind: expected a name like "became_leader", got {word!r}')
        names = GROUPS.get(word) or (ALIASES.get(word, word),)
        for name in names:
            if name not in numbers:
                hint = did_you_mean(word, [*numbers, *ALIASES, *GROUPS], "quorumlab.kinds() lists them")
                raise ScenarioError(f'there is no kind of event "{word}"{hint}')
            out.append(numbers[name])
    return out


def _moment(value: Duration) -> int:
    return nanoseconds(value, "a moment of the trace")


class Trace:
    """Every fact of a run, in order: a sequence of :class:`Event`.

    Slices by place, ``trace[10:20]`` and ``trace[-1]``, and by time, ``trace["1s":"2s"]`` (the end is not in
    it), share the records with the whole; so do filters.

    >>> from quorumlab import Cluster
    >>> trace = Cluster(nodes=3, seed=1).run_for("2s").trace
    >>> trace.filter(kind="became_leader")[0].words
    'n3 leads in term 1 with 2 votes; its log ends at 0'
    """

    def __init__(self, tape: "_core.Tape", ids: Any = None):
        self._tape = tape
        self._ids = range(1, len(tape) + 1) if ids is None else ids

    @property
    def names(self) -> list[str]:
        """The names of all hosts; a record's number n means ``names[n - 1]``."""
        return self._tape.names

    @property
    def seed(self) -> int:
        return self._tape.seed

    def digest(self) -> str:
        """16 hexadecimal digits: of all that the world saw in the whole run, as the command line prints it."""
        return self._tape.digest

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Event]:
        event = self._tape.event
        for i in self._ids:
            yield Event._make(event(int(i)))

    @overload
    def __getitem__(self, at: int) -> Event: ...
    @overload
    def __getitem__(self, at: slice) -> "Trace": ...
    def __getitem__(self, at: "int | slice") -> "Event | Trace":
        if not isinstance(at, slice):
            if isinstance(at, str) or hasattr(at, "total_seconds"):
                raise ScenarioError(f'a moment is no event: trace[{at!r}:] is what comes from then on, trace[{at!r}:][0] the first of it')
            if not hasattr(at, "__index__"):
                raise TypeError(f'expected a place, trace[3], or a stretch, trace[3:5] or trace["1s":"2s"], got {at!r}')
            return Event._make(self._tape.event(int(self._ids[at])))
        if all(isinstance(v, int) or v is None for v in (at.start, at.stop)):
            return Trace(self._tape, self._ids[at])
        if at.step is not None:
            raise ScenarioError("a slice by time has no step")
        import bisect

        first = 0 if at.start is None else _core_first(self._tape, _moment(at.start))
        last = len(self._tape) if at.stop is None else _core_first(self._tape, _moment(at.stop))
        if isinstance(self._ids, range) and self._ids.step == 1:
            low, high = max(self._ids.start, first + 1), min(self._ids.stop, last + 1)
            return Trace(self._tape, range(low, max(low, high)))
        ids = self._ids
        return Trace(self._tape, ids[bisect.bisect_left(ids, first + 1): bisect.bisect_left(ids, last + 1)])

    def filter(self, *, kind: "str | Sequence[str] | None" = None, node: Any = None, peer: Any = None,
               reason: "str | None" = None, after: "Duration | None" = None, before: "Duration | None" = None) -> "Trace":
        """The events of these kinds (names as in ``Event.kind``, or "vote", "role", "packet", "write", "process",
        "client", "quorum"), about this host, with this peer, for this reason, from ``after`` on and before ``before``.
        """
        import numpy

        part = self
        if after is not None or before is not None:
            part = self[slice(after if after is not None else 0.0, before)]
        ids = part._id_array()
        records = part.records
        keep = numpy.ones(len(ids), dtype=bool)
        if kind is not None:
            keep &= numpy.isin(records["kind"], kinds_of(kind))
        for column, host in (("node", node), ("peer", peer)):
            if host is not None:
                keep &= records[column] == self._host(host)
        if reason is not None:
            numbers = [n for n, name in _core.reasons().items() if name == reason and n]
            if not numbers:
                raise ScenarioError(f'there is no reason "{reason}"{did_you_mean(reason, [n for n in _core.reasons().values() if n])}')
            keep &= numpy.isin(records["reason"], numbers)
        return Trace(self._tape, ids[keep])

    def _host(self, host: Any) -> int:
        name = getattr(host, "name", host)
        if name not in self.names:
            raise ScenarioError(f'there is no host "{name}"; there are {" ".join(self.names)}')
        return self.names.index(name) + 1

    def explain(self, event: "Event | int") -> "Explanation":
        """Why this came to be: the event, what caused it, what caused that, back to the first cause.

        >>> from quorumlab import Cluster
        >>> trace = Cluster(nodes=3, seed=1).run_for("2s").trace
        >>> len(trace.explain(trace.filter(kind="became_leader")[0])) > 3
        True
        """
        if not isinstance(event, Event) and (isinstance(event, bool) or not hasattr(event, "__index__")):
            raise ScenarioError(f"explain: expected an event, or its number, got {event!r}")
        number = event.id if isinstance(event, Event) else int(event)
        return Explanation(Trace(self._tape, self._tape.why(number)))

    # Bulk.

    def chunks(self) -> "list[numpy.ndarray]":
        """The whole run's records where they lie, in runs of at most 4,096: read-only structured arrays that copy
        nothing and keep the trace alive. Columns: time_ns (int64), cause (uint64), kind, reason (uint16), node,
        peer, extra (uint32), a, b, c (uint64)."""
        return [self._tape.chunk(i) for i in range(self._tape.chunk_count())]

    @functools.cached_property
    def records(self) -> "numpy.ndarray":
        """These records as one structured array (columns as in :meth:`chunks`, 56 bytes each). They are copied
        together once, at some GB/s, since the trace lies in chunks; columns of it are views."""
        ids = self._ids
        if isinstance(ids, range) and ids.step == 1:
            out = self._tape.records(max(ids.start - 1, 0), max(ids.stop - 1, 0))
        else:
            out = self._tape.records(0, len(self._tape))[self._id_array() - 1]
        out.flags.writeable = False
        return out

    def _id_array(self) -> "numpy.ndarray":
        import numpy

        ids = self._ids
        if isinstance(ids, range):
            return numpy.arange(ids.start, ids.stop, ids.step, dtype=numpy.int64)
        return numpy.asarray(ids, dtype=numpy.int64)

    def column(self, name: str) -> "numpy.ndarray":
        """One column of :attr:`records`, a view; ``time`` is in seconds (float64), computed."""
        if name == "time":
            return self.records["time_ns"] / 1e9
        if name not in (self.records.dtype.names or ()):
            raise ScenarioError(f'there is no column "{name}"; there are time, {", ".join(self.records.dtype.names or ())}')
        return self.records[name]

    def to_records(self) -> list[dict[str, Any]]:
        """A list of dicts, one for each event; needs no pandas."""
        return [event._asdict() for event in self]

    def to_pandas(self, words: bool = False) -> "pandas.DataFrame":
        """A DataFrame, by event ``id``: ``time`` (float64, seconds), ``kind``, ``node``, ``peer``, ``reason``
        (categoricals of names; missing where there is none), ``cause`` (uint64, an id; 0: none), ``extra``
        (uint32), ``a``, ``b``, ``c`` (uint64, by kind). With ``words`` a sentence for each, which takes longer."""
        import numpy
        import pandas

        r = self.records
        index = pandas.Index(self._id_array(), name="id")
        columns: dict[str, Any] = {"time": r["time_ns"] / 1e9}
        columns["kind"] = _categorical(r["kind"], _core.kinds())
        names = {i + 1: name for i, name in enumerate(self.names)}
        columns["node"] = _categorical(r["node"], names)
        columns["peer"] = _categorical(r["peer"], names)
        columns["reason"] = _categorical(r["reason"], {n: w for n, w in _core.reasons().items() if w})
        for name in ("cause", "extra", "a", "b", "c"):
            columns[name] = numpy.ascontiguousarray(r[name])
        if words:
            columns["words"] = self._tape.words([int(i) for i in self._ids])
        return pandas.DataFrame(columns, index=index, copy=False)

    # Files and pictures.

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Writes the whole run: .qlt (binary, opens again), or .jsonl (an export)."""
        import os

        self._tape.save(os.fspath(path))

    def _range(self) -> tuple[int, int]:
        if len(self._ids) == len(self._tape) or not len(self._ids):
            return 0, FAR
        r = self._tape.records
        first, last = int(self._ids[0]), int(self._ids[-1])
        return int(r(first - 1, first)["time_ns"][0]), int(r(last - 1, last)["time_ns"][0])

    def draw(self, format: str = "svg", *, background: bool = False, most: int = 10_000) -> str:
        """The space-time diagram of this stretch as text of the format "svg", "html" (a page that needs nothing
        else), "perfetto", "shiviz" or "mermaid". ``background``: heartbeats, too. At most ``most`` events are
        drawn; the picture says what it leaves out."""
        if format not in FORMATS:
            raise ScenarioError(f'there is no format "{format}"; there are {", ".join(FORMATS)}')
        return self._tape.draw(format, *self._range(), bool(background), whole_number(most, "most", 1), "")

    def picture(self, at: "Duration | None" = None, *, width: int = 800, height: int = 500) -> "Picture":
        """What the visualizer shows at a moment of the run (without one: at the end of this stretch), as pixels."""
        from .picture import Picture, screenshot

        when = min(self._range()[1], self._end()) if at is None else _moment(at)
        return Picture(screenshot(self._tape, when, width, height))

    def _end(self) -> int:
        count = len(self._tape)
        return int(self._tape.records(count - 1, count)["time_ns"][0]) if count else 0

    def to_html(self) -> str:
        """A self-contained page: diagram, search, causes, availability."""
        return self.draw("html")

    def render(self, mode: str = "svg") -> str:
        """ "svg", "html", or "ansi" (the events as lines of text)."""
        if mode == "ansi":
            return "\n".join(str(event) for event in self)
        return self.draw(mode)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        if 0 < len(self) <= 2_000_000:
            from .picture import alone

            bundle["image/svg+xml"] = alone(self.draw("svg", most=400))
        return bundle

    def __repr__(self) -> str:
        if not len(self):
            return "<Trace: no events>"
        r = self._tape.records
        ends = [int(r(int(i) - 1, int(i))["time_ns"][0]) / 1e9 for i in (self._ids[0], self._ids[-1])]
        return f"<Trace: {len(self):,} events, {ends[0]:.3f} to {ends[1]:.3f} s, digest {self.digest()}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        return self.digest() == other.digest() and len(self) == len(other) and bool((self.records == other.records).all())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self._tape.encode(), self._tape.said(), self._ids)


class Explanation(Sequence[Event]):
    """A chain of causes, the newest event first; it prints as a story, the oldest first."""

    def __init__(self, chain: Trace):
        self._chain = list(chain)

    def __len__(self) -> int:
        return len(self._chain)

    def __getitem__(self, at: Any) -> Any:
        return self._chain[at]

    def __str__(self) -> str:
        return "\n".join(f"{e.time:12.6f} s  {e.words}" for e in reversed(self._chain))

    def __repr__(self) -> str:
        return f"<Explanation: {len(self)} events back to {self._chain[-1].words!r}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self)}


def _categorical(numbers: Any, names: dict[int, str]) -> Any:
    import numpy
    import pandas

    # Two numbers may share a name: the world's "lost" and a node's.
    categories = list(dict.fromkeys(name for number, name in sorted(names.items()) if number))
    codes = numpy.full(max([*names, int(numbers.max()) if len(numbers) else 0]) + 1, -1, dtype=numpy.int16)
    for number, name in names.items():
        if number:
            codes[number] = categories.index(name)
    return pandas.Categorical.from_codes(codes[numbers], categories=categories)


def _core_first(tape: "_core.Tape", time_ns: int) -> int:
    return tape.first_at(time_ns)


def _unpickled(data: bytes, said: Any, ids: Any) -> Trace:
    return Trace(_core.decode_trace(data, said), ids)


def load_trace(path: "str | os.PathLike[str]") -> Trace:
    """A trace from a .qlt file, as :meth:`Trace.save` and ``quorumlab run --trace`` write it. OSError if it cannot be
    read, :class:`ScenarioError` if it is none."""
    with open(path, "rb"):  # or OSError, as everywhere
        pass
    import os

    return Trace(_core.load_trace(os.fspath(path)))
