"""A primary and its backups: three tries. The first loses what it promised, the second only sometimes, the third
never; :func:`quorumlab.fuzz` tells them apart.

>>> import quorumlab
>>> from quorumlab.examples.primary_backup import Hasty, Careful
>>> quorumlab.fuzz(20, node=Hasty).ok
False
>>> quorumlab.fuzz(20, node=Careful).ok
True
"""

from __future__ import annotations

from typing import Any

from quorumlab import Node, Request

__all__ = ["Hasty", "Unsynced", "Careful"]


class Hasty(Node):
    """n1 is the primary for ever. It answers at once, tells the backups, and writes nothing down."""

    data: dict[str, str | None]  # None: erased

    def on_start(self) -> None:
        self.data = {}
        self.status = "primary" if self.id == "n1" else "backup"

    def on_request(self, request: Request) -> None:
        if self.status != "primary":
            self.refuse(request, leader="n1")
        elif request.verb == "read":
            self.reply(request, self.data.get(request.key))
        else:
            self.data[request.key] = request.value
            self.broadcast({"type": "Copy", "key": request.key, "value": request.value})
            self.reply(request)  # and if the power fails now?

    def on_message(self, sender: str, message: Any) -> None:
        self.data[message["key"]] = message["value"]


class Unsynced(Hasty):
    """It writes, but answers first: what is not on the disk yet is promised already."""

    def on_start(self) -> None:
        super().on_start()
        self.data = self.disk or {}

    def on_request(self, request: Request) -> None:
        super().on_request(request)
        if request.verb != "read" and self.status == "primary":
            self.persist(self.data)


class Careful(Hasty):
    """It writes first, so that the answer waits for the disk, and so does a read of what is not there yet. And it
    knows which requests it has carried out: a client that hears nothing asks again, and then must not write again."""

    done: list[tuple[str, int]]

    def on_start(self) -> None:
        super().on_start()
        self.done = []
        if self.disk:
            self.data, self.done = self.disk

    def on_request(self, request: Request) -> None:
        if request.verb == "read" or self.status != "primary":
            return super().on_request(request)
        if (request.client, request.number) not in self.done:
            self.done.append((request.client, request.number))
            self.data[request.key] = request.value
            self.persist((self.data, self.done))
            self.broadcast({"type": "Copy", "key": request.key, "value": request.value})
        self.reply(request)
