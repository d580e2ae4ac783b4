"""Raft in two hundred lines: elections, a replicated log, a disk, linearizable reads, and clients that ask twice. No
snapshots, no changes of membership. The paper's section stands beside each rule ("In Search of an Understandable
Consensus Algorithm", extended version).

>>> import quorumlab
>>> from quorumlab.examples.raft import Raft
>>> sim = quorumlab.Cluster(node=Raft, nodes=3, seed=1)
>>> sim.put("x", 1).ok, sim.get("x").value
(True, '1')
>>> quorumlab.fuzz(10, node=Raft).ok
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quorumlab import Node, Request, invariant

__all__ = ["Raft", "AskVote", "Vote", "Append", "Appended"]

Entry = tuple[Any, ...]  # term, client, number, key, value; value None erases the key, key None does nothing
NOTHING: Entry = (0, "", 0, None, None)
TERM = 0


@dataclass
class AskVote:
    term: int
    last: int  # where the candidate's log ends, and with which term
    last_term: int


@dataclass
class Vote:
    term: int
    granted: bool


@dataclass
class Append:
    term: int
    before: int  # the entry before the new ones, and its term
    before_term: int
    entries: list[Entry]
    commit: int
    round: int


@dataclass
class Appended:
    term: int
    ok: bool
    match: int  # ok: the log agrees up to here; else: try here
    round: int


class Raft(Node):
    election = (0.2, 0.4)  # seconds
    heartbeat = 0.05
    most_entries = 50  # in one message

    def on_start(self) -> None:
        # The three things that must survive (figure 2), and what is lost without harm.
        self.term: int
        self.vote: str | None
        self.entries: list[Entry]
        self.term, self.vote, self.entries = self.disk or (0, None, [NOTHING])
        self.commit = self.applied = self.round = 0
        self.data: dict[str, str | None] = {}
        self.done: set[tuple[str, int]] = set()
        self.waiting: dict[int, Request] = {}  # writes, by their place in the log
        self.reads: list[tuple[int, Request]] = []  # by the round that confirms them
        self.follow(None)

    def save(self) -> None:
        # Answers that are sent from here on wait for the disk: a promise survives its promiser (5.1, 5.2, 5.3).
        self.persist((self.term, self.vote, self.entries))

    @property
    def last(self) -> int:
        return len(self.entries) - 1

    def on_message(self, sender: str, message: Any) -> None:
        if message.term > self.term:  # 5.1
            self.term, self.vote = message.term, None
            self.save()
            self.follow(None)
        if isinstance(message, AskVote):
            self.on_ask_vote(sender, message)
        elif isinstance(message, Append):
            self.on_append(sender, message)
        elif message.term == self.term:  # an answer to what was asked in this term
            if isinstance(message, Vote) and self.status == "candidate" and message.granted:
                self.votes.add(sender)
                self.count_votes()
            elif isinstance(message, Appended) and self.status == "leader":
                self.on_appended(sender, message)

    def on_timer(self, name: str) -> None:
        if self.status == "leader":
            self.replicate()
        else:
            self.campaign()

    # Elections (5.2, 5.4.1).

    def follow(self, leader: str | None) -> None:
        self.status, self.leader = "follower", leader
        for _, request in self.reads:
            self.refuse(request, leader)
        # Of writes that wait nobody knows what becomes of them: they get no answer.
        self.reads, self.waiting = [], {}
        self.set_timer("alarm", self.random.uniform(*self.election))

    def campaign(self) -> None:
        self.status, self.leader = "candidate", None
        self.term, self.vote, self.votes = self.term + 1, self.id, {self.id}
        self.save()
        self.set_timer("alarm", self.random.uniform(*self.election))
        self.broadcast(AskVote(self.term, self.last, self.entries[self.last][TERM]))
        self.count_votes()

    def on_ask_vote(self, sender: str, ask: AskVote) -> None:
        up_to_date = (ask.last_term, ask.last) >= (self.entries[self.last][TERM], self.last)  # 5.4.1
        granted = ask.term == self.term and self.vote in (None, sender) and up_to_date
        if granted and self.vote is None:
            self.vote = sender
            self.save()
        if granted:
            self.set_timer("alarm", self.random.uniform(*self.election))
        self.send(sender, Vote(self.term, granted))

    def count_votes(self) -> None:
        if self.status == "candidate" and len(self.votes) >= self.majority:
            self.status, self.leader = "leader", self.id
            self.log(f"leads term {self.term}")
            self.next = {peer: self.last + 1 for peer in self.peers}
            self.match = {peer: 0 for peer in self.peers}
            self.confirmed = {peer: 0 for peer in self.peers}
            self.append((self.term, "", 0, None, None))  # commits what earlier terms left (8)

    # The log (5.3).

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.save()
        self.replicate()
        self.advance()

    def replicate(self) -> None:
        self.set_timer("alarm", self.heartbeat)
        for peer in self.peers:
            before = self.next[peer] - 1
            new = self.entries[before + 1:before + 1 + self.most_entries]
            self.send(peer, Append(self.term, before, self.entries[before][TERM], new, self.commit, self.round))

    def on_append(self, sender: str, m: Append) -> None:
        if m.term < self.term:
            return self.send(sender, Appended(self.term, False, 0, 0))
        self.follow(sender)
        if m.before > self.last or self.entries[m.before][TERM] != m.before_term:
            return self.send(sender, Appended(self.term, False, min(self.last, m.before - 1), m.round))
        for place, entry in enumerate(m.entries, m.before + 1):
            if place > self.last or self.entries[place][TERM] != entry[TERM]:
                self.entries[place:] = m.entries[place - m.before - 1:]
                self.save()
                break
        match = m.before + len(m.entries)
        self.commit = max(self.commit, min(m.commit, match))
        self.apply()
        self.send(sender, Appended(self.term, True, match, m.round))

    def on_appended(self, sender: str, m: Appended) -> None:
        self.confirmed[sender] = max(self.confirmed[sender], m.round)
        if m.ok:
            self.match[sender] = max(self.match[sender], m.match)
            self.next[sender] = max(self.next[sender], self.match[sender] + 1)
        else:
            self.next[sender] = max(min(self.next[sender], m.match + 1), self.match[sender] + 1, 1)
        self.advance()

    def advance(self) -> None:
        # Others were told of an entry only once it was on our disk, so that we may count ourselves.
        on_majority = sorted([self.last, *self.match.values()], reverse=True)[self.majority - 1]
        if on_majority > self.commit and self.may_commit(on_majority):
            self.commit = on_majority
        self.apply()
        self.answer_reads()

    def may_commit(self, place: int) -> bool:
        return self.entries[place][TERM] == self.term  # 5.4.2, figure 8

    # Clients (8).

    def on_request(self, request: Request) -> None:
        if self.status != "leader":
            self.refuse(request, self.leader)
        elif request.verb == "read":
            self.round += 1
            self.reads.append((self.round, request))
            self.replicate()
            self.answer_reads()
        else:
            self.waiting[self.last + 1] = request
            self.append((self.term, request.client, request.number, request.key, request.value))

    def apply(self) -> None:
        while self.applied < self.commit:
            self.applied += 1
            _, client, number, key, value = self.entries[self.applied]
            if key is not None and (client, number) not in self.done:  # a client may ask twice
                self.done.add((client, number))
                self.data[key] = value
            if self.applied in self.waiting:
                self.reply(self.waiting.pop(self.applied))

    def answer_reads(self) -> None:
        # Whoever led a moment ago may not know that it was deposed: a majority has to answer first (8).
        confirmed = sorted([self.round, *self.confirmed.values()], reverse=True)[self.majority - 1]
        while self.reads and self.reads[0][0] <= confirmed and self.may_commit(self.commit):
            _, request = self.reads.pop(0)
            self.reply(request, self.data.get(request.key))

    # What must hold after every event (figure 3).

    @invariant
    def one_leader_in_a_term(nodes: Any) -> bool:
        terms = [node.term for node in nodes if node.status == "leader"]
        return len(terms) == len(set(terms))

    @invariant
    def committed_logs_agree(nodes: Any) -> bool:
        shortest = min((node.commit for node in nodes), default=0)
        return len({node.entries[shortest] for node in nodes}) <= 1
