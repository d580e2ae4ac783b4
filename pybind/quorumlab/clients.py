"""What clients ask of a cluster, and wait for: keys and values of Raft's map or of the etcd store, and locks."""

from __future__ import annotations

from typing import Any

from .acts import Act, Lock
from .errors import ScenarioError
from .values import Duration
from .views import Operation

__all__ = ["Clients"]


class Clients:
    """The part of :class:`Cluster` that asks as a client does."""

    _document: dict[str, Any]

    def _act(self, verb: str, values: tuple[Any, ...], fields: dict[str, Any]) -> Act:
        raise NotImplementedError

    @property
    def _kv(self) -> bool:
        return "etcd" in self._document["cluster"]

    def put(self, key: str, value: Any, *, ttl: int | None = None, previous: Any = None, exists: bool | None = None,
            to: Any = None, client: Any = None, within: Duration | None = None, wait: bool = True) -> Operation:
        """A client sets a key; time passes until it is answered, or with ``wait=False`` not. Of the etcd store
        also ``ttl`` (seconds), and only if its value is ``previous``, or if it ``exists`` (or not).

        >>> from quorumlab import Cluster
        >>> sim = Cluster(nodes=3, seed=7).run_for("1s")
        >>> sim.put("x", 1).ok, sim.get("x").value
        (True, '1')
        """
        if self._kv:
            form: dict[str, Any] = {"value": value}
            if ttl is not None:
                form["ttl"] = ttl
            if previous is not None:
                form["prevValue"] = previous
            if exists is not None:
                form["prevExist"] = exists
            return self._http("PUT", key, "", form, to, client, within, wait)
        if ttl is not None or previous is not None or exists is not None:
            raise ScenarioError("ttl, previous and exists need the etcd store: Cluster(kv=True)")
        return self._ask(self._act("write", (), {"key": key, "value": value, "to": to, "client": client, "within": within}), wait)

    def get(self, key: str, *, stale: bool = False, to: Any = None, client: Any = None, within: Duration | None = None,
            wait: bool = True) -> Operation:
        """A client reads a key: the newest value, or with ``stale`` the asked server's own, however old."""
        if self._kv:
            return self._http("GET", key, "" if stale else "?quorum=true", None, to, client, within, wait)
        mode = "stale" if stale else None
        return self._ask(self._act("read", (), {"key": key, "mode": mode, "to": to, "client": client, "within": within}), wait)

    def delete(self, key: str, *, to: Any = None, client: Any = None, within: Duration | None = None,
               wait: bool = True) -> Operation:
        """A client removes a key."""
        if self._kv:
            return self._http("DELETE", key, "", None, to, client, within, wait)
        return self._ask(self._act("erase", (), {"key": key, "to": to, "client": client, "within": within}), wait)

    def wait(self, key: str, *, index: int | None = None, to: Any = None, client: Any = None,
             within: Duration | None = None) -> Operation:
        """A client waits for a change of a key of the etcd store (of ``index`` or later), and time goes on:
        ``watch = sim.wait("x"); sim.put("x", 1); watch.result()``."""
        query = "?wait=true" + ("" if index is None else f"&waitIndex={int(index)}")
        return self._http("GET", key, query, None, to, client, "1h" if within is None else within, False)

    def lock(self, name: str, *, owner: str = "python", ttl: int = 10, client: Any = None, within: Duration = "10s") -> "Lock":
        """A lock by the etcd store: the key ``/lock/NAME``, made only if it is not there, for ``ttl`` seconds. Asks
        again until it is free; what it holds has a fencing token.

        >>> from quorumlab import Cluster
        >>> sim = Cluster(nodes=3, kv=True, seed=3).run_for("3s")
        >>> with sim.lock("job") as lock:
        ...     lock.held
        True
        """
        return Lock(self, name, owner, ttl, client, within)  # type: ignore[arg-type]

    def _http(self, method: str, key: str, query: str, form: dict[str, Any] | None, to: Any, client: Any,
              within: Duration | None, wait: bool) -> Operation:
        if not self._kv:
            raise ScenarioError("this needs the etcd store: Cluster(kv=True)")
        import urllib.parse

        path = "/v2/keys/" + urllib.parse.quote(str(key).lstrip("/")) + query
        return self._ask(self._act("http", (), {"method": method, "path": path, "form": form, "to": to, "client": client,
                                                "within": within}), wait)

    def _ask(self, act: Act, wait: bool) -> Operation:
        if not act.operations:
            raise ScenarioError("a hook cannot wait for an answer; write() and read() do not wait")
        operation = act.operations[0]
        return operation.result() if wait else operation
