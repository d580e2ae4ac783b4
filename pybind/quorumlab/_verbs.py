"""The verbs of scenarios as methods. Written by quorumlab._generate from the registry of verbs, which also makes
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

    def kill(self, *nodes: Targets) -> R:
        """The process ends like after kill -9: what it handed to the operating system survives, connections
        to it are refused."""
        return self._act("kill", nodes, {})

    def crash(self, *nodes: Targets) -> R:
        """The power fails: what was not on disk is gone, the last write may be torn, the network is silent."""
        return self._act("crash", nodes, {})

    def restart(self, *nodes: Targets) -> R:
        """The process starts again with what its disk kept."""
        return self._act("restart", nodes, {})

    def pause(self, *nodes: Targets) -> R:
        """The process stands still (SIGSTOP); its messages wait in a bounded buffer."""
        return self._act("pause", nodes, {})

    def resume(self, *nodes: Targets) -> R:
        """It goes on (SIGCONT): what waited is handled in order, late."""
        return self._act("resume", nodes, {})

    def block(self, *nodes: Targets) -> R:
        """Its sends block and what comes in waits in a bounded buffer, while its timers run on: a process
        that is too slow for its messages."""
        return self._act("block", nodes, {})

    def unblock(self, *nodes: Targets) -> R:
        """Its sends return; then what waited is handled in order."""
        return self._act("unblock", nodes, {})

    def wipe(self, *nodes: Targets) -> R:
        """Its files are removed; the process must be down. Beyond what Raft allows."""
        return self._act("wipe", nodes, {})

    def partition(self, *nodes: Targets, groups: Any | None = None, isolate: Any | None = None,
                  halves: bool | None = None, bridge: Targets | None = None, ring: bool | None = None,
                  one_way: Any | None = None) -> R:
        """Cuts the network into sides. Hosts that are not named stay connected to everybody.

        groups: No traffic between different groups.
        isolate: These on one side, all other nodes on the other.
        halves: Two sides by lot, as equal as can be.
        bridge: Two sides that only this node sees both of.
        ring: Each node sees a majority, no two the same.
        one_way: Nothing goes from the first to the second; the way back is open.
        """
        return self._act("partition", nodes, {"groups": groups, "isolate": isolate, "halves": halves,
                                              "bridge": bridge, "ring": ring, "one_way": one_way})

    def cut(self, from_: Any, to: Any, *, both: bool | None = None) -> R:
        """Nothing gets through from some hosts to others; what is under way arrives.

        from_: Who sends.
        to: Who receives.
        both: Both ways. Without it: false.
        """
        return self._act("cut", (), {"from_": from_, "to": to, "both": both})

    def heal(self, *nodes: Targets) -> R:
        """Ends all partitions and cuts, or those between the groups named."""
        return self._act("heal", nodes, {})

    def link(self, *, from_: Any | None = None, to: Any | None = None, both: bool | None = None,
             latency: Any | None = None, loss: Any | None = None, duplicate: Any | None = None,
             corrupt: Any | None = None, reorder: Any | None = None, reorder_by: Duration | None = None,
             bandwidth: int | None = None) -> R:
        """Links behave like this from now on; what is not given is as in cluster.network.

        from_: Who sends; missing: everybody.
        to: Who receives; missing: everybody.
        both: Both ways. Without it: false.
        latency: How long a packet travels, drawn for each packet. Without it: ["5ms", "15ms"].
        loss: How likely a packet is lost. Without it: 0.
        duplicate: How likely a packet arrives twice. Without it: 0.
        corrupt: How likely one bit of a packet is flipped. Without it: 0.
        reorder: How likely a packet is held back, so that later ones overtake it. Without it: 0.
        reorder_by: How long such a packet is held back at most. Without it: "20ms".
        bandwidth: Bytes a second; 0: no limit. Without it: 0.
        """
        return self._act("link", (), {"from_": from_, "to": to, "both": both, "latency": latency, "loss": loss,
                                      "duplicate": duplicate, "corrupt": corrupt, "reorder": reorder,
                                      "reorder_by": reorder_by, "bandwidth": bandwidth})

    def clog(self, *, from_: Any | None = None, to: Any | None = None, both: bool | None = None) -> R:
        """Packets are held back until unclog, none is lost.

        from_: Who sends.
        to: Who receives.
        both: Both ways. Without it: false.
        """
        return self._act("clog", (), {"from_": from_, "to": to, "both": both})

    def unclog(self, *, from_: Any | None = None, to: Any | None = None, both: bool | None = None) -> R:
        """What was held arrives, in order.

        from_: Who sends.
        to: Who receives.
        both: Both ways. Without it: false.
        """
        return self._act("unclog", (), {"from_": from_, "to": to, "both": both})

    def disk(self, *nodes: Targets, latency: Any | None = None, failure: Any | None = None, full: bool | None = None,
             lying: bool | None = None, torn: bool | None = None) -> R:
        """Disks behave like this from now on; what is not given is as in cluster.disk.

        latency: How long a write takes until it is durable. Without it: ["500us", "2ms"].
        failure: How likely a write fails. Without it: 0.
        full: Every write fails. Without it: false.
        lying: The disk says "durable" at once, and loses it when the power goes. Without it: false.
        torn: A crash may leave a part of the write that was under way. Without it: true.
        """
        return self._act("disk", nodes, {"latency": latency, "failure": failure, "full": full, "lying": lying,
                                         "torn": torn})

    def stall(self, *nodes: Targets, for_: Duration | None = None) -> R:
        """No write to these disks completes for a while.

        for_: How long no write completes.
        """
        return self._act("stall", nodes, {"for_": for_})

    def rot(self, *nodes: Targets, file: str | None = None, bits: int | None = None) -> R:
        """Bits flip in what is durable on these disks.

        file: Which file. Without it: "log".
        bits: How many bits flip. Without it: 1.
        """
        return self._act("rot", nodes, {"file": file, "bits": bits})

    def clock(self, *nodes: Targets, step: Duration | None = None, offset: Duration | None = None,
              drift: Any | None = None, frozen: bool | None = None) -> R:
        """Clocks behave like this from now on.

        step: The wall clock jumps by this much, once.
        offset: The wall clock is ahead by this much. Without it: "0s".
        drift: The clocks run faster by this much: "100ppm", "-2%". Without it: "0ppm".
        frozen: The clocks stand still. Without it: false.
        """
        return self._act("clock", nodes, {"step": step, "offset": offset, "drift": drift, "frozen": frozen})

    def rule(self, *nodes: Targets, off: Any | None = None, on: Any | None = None) -> R:
        """Switches safety rules: to see what they are for.

        off: Rules that are not obeyed from now on.
        on: Rules that are obeyed again.
        """
        return self._act("rule", nodes, {"off": off, "on": on})

    def write(self, key: str | None = None, value: Any | None = None, *, times: int | None = None,
              every: Duration | None = None, within: Duration | None = None, to: Targets | None = None,
              client: Any | None = None, **pair: Any) -> R:
        """A client sets a key. The timeline waits for the end only if `expect` speaks of it, or with `wait`.

        key: The key.
        value: Its new value.
        times: So many operations; {i} in key and value stands for 1, 2, ... Without it: 1.
        every: The time between them. Without it: "0s".
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        if pair:
            if key is not None or len(pair) != 1:
                raise TypeError("write() takes a key and a value, or one pair like x=2")
            key, value = pair.popitem()
        return self._act("write", (), {"key": key, "value": value, "times": times, "every": every, "within": within,
                                       "to": to, "client": client})

    def load(self, every: Duration, *, key: str | None = None, value: Any | None = None, to: Any | None = None,
             until: Duration | None = None, within: Duration | None = None, client: Any | None = None) -> R:
        """A client writes again and again, none waiting for another, while the timeline goes on.

        every: The time between two writes.
        key: The key; {i} stands for 1, 2, ... Without it: "k".
        value: The value; {i} stands for 1, 2, ... Without it: "{i}".
        to: The nodes asked, in turn; missing: the client chooses.
        until: When it ends, counted from the start of the run; missing: with the timeline.
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("load", (), {"every": every, "key": key, "value": value, "to": to, "until": until,
                                      "within": within, "client": client})

    def read(self, key: str, *, mode: str | None = None, within: Duration | None = None, to: Targets | None = None,
             client: Any | None = None) -> R:
        """A client reads a key. The timeline waits for the end only if `expect` speaks of it, or with `wait`.

        key: The key.
        mode: stale: from the asked node's own copy, however old. Without it: "linearizable".
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("read", (), {"key": key, "mode": mode, "within": within, "to": to, "client": client})

    def erase(self, key: str, *, within: Duration | None = None, to: Targets | None = None,
              client: Any | None = None) -> R:
        """A client removes a key.

        key: The key.
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("erase", (), {"key": key, "within": within, "to": to, "client": client})

    def add(self, *nodes: Targets, learner: bool | None = None, joint: bool | None = None,
            within: Duration | None = None, to: Targets | None = None, client: Any | None = None) -> R:
        """A client asks that nodes become voters, or learners.

        learner: They receive the log but do not vote. Without it: false.
        joint: By joint consensus even if one step would do. Without it: false.
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("add", nodes, {"learner": learner, "joint": joint, "within": within, "to": to,
                                        "client": client})

    def remove(self, *nodes: Targets, joint: bool | None = None, within: Duration | None = None,
               to: Targets | None = None, client: Any | None = None) -> R:
        """A client asks that nodes leave the cluster.

        joint: By joint consensus even if one step would do. Without it: false.
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("remove", nodes, {"joint": joint, "within": within, "to": to, "client": client})

    def promote(self, *nodes: Targets, joint: bool | None = None, within: Duration | None = None,
                to: Targets | None = None, client: Any | None = None) -> R:
        """A client asks that learners become voters.

        joint: By joint consensus even if one step would do. Without it: false.
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("promote", nodes, {"joint": joint, "within": within, "to": to, "client": client})

    def change(self, *, add: Any | None = None, remove: Any | None = None, within: Duration | None = None,
               to: Targets | None = None, client: Any | None = None) -> R:
        """A client asks for several changes at once, by joint consensus.

        add: Who becomes a voter.
        remove: Who leaves.
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("change", (), {"add": add, "remove": remove, "within": within, "to": to, "client": client})

    def transfer(self, *nodes: Targets, within: Duration | None = None, to: Targets | None = None,
                 client: Any | None = None) -> R:
        """A client asks that leadership moves to this node.

        within: The client gives up after this long. Without it: the cluster's client.timeout.
        to: The node that is asked, and no other; missing: the client chooses, and tries others.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("transfer", nodes, {"within": within, "to": to, "client": client})

    def drop(self, from_: Targets, to: Targets, kind: str, number: int) -> R:
        """One message is lost.

        from_: Who sends it.
        to: Who would receive it.
        kind: Its type: of Raft, or from ping on what a packet of gossip begins with.
        number: Which of that kind between the two, counted from the start; of gossip: which packet of all
            that the sender sent.
        """
        return self._act("drop", (), {"from_": from_, "to": to, "kind": kind, "number": number})

    def duplicate(self, from_: Targets, to: Targets, kind: str, number: int) -> R:
        """One message arrives twice.

        from_: Who sends it.
        to: Who would receive it.
        kind: Its type: of Raft, or from ping on what a packet of gossip begins with.
        number: Which of that kind between the two, counted from the start; of gossip: which packet of all
            that the sender sent.
        """
        return self._act("duplicate", (), {"from_": from_, "to": to, "kind": kind, "number": number})

    def delay(self, from_: Targets, to: Targets, kind: str, number: int, by: Duration) -> R:
        """One message arrives later.

        from_: Who sends it.
        to: Who would receive it.
        kind: Its type: of Raft, or from ping on what a packet of gossip begins with.
        number: Which of that kind between the two, counted from the start; of gossip: which packet of all
            that the sender sent.
        by: How much later it arrives.
        """
        return self._act("delay", (), {"from_": from_, "to": to, "kind": kind, "number": number, "by": by})

    def join(self, by: Any, to: Any, *, replay: bool | None = None) -> R:
        """serf join: an agent contacts others, and learns whom they know.

        by: Whose agent is told.
        to: Whom it contacts.
        replay: It wants to hear of old events. Without it: false.
        """
        return self._act("join", (), {"by": by, "to": to, "replay": replay})

    def leave(self, *nodes: Targets) -> R:
        """serf leave: the agent tells everybody and ends."""
        return self._act("leave", nodes, {})

    def force_leave(self, by: Any, member: Any, *, prune: bool | None = None) -> R:
        """serf force-leave: a failed member is taken for one that left.

        by: Whose agent is told.
        member: Who is to be taken for gone.
        prune: And forgotten at once. Without it: false.
        """
        return self._act("force_leave", (), {"by": by, "member": member, "prune": prune})

    def tags(self, by: Any, *, set: Any | None = None, delete: Any | None = None) -> R:
        """serf tags: the agent's tags change.

        by: Whose agent is told.
        set: Tags and their values.
        delete: Tags that go.
        """
        return self._act("tags", (), {"by": by, "set": set, "delete": delete})

    def event(self, by: Any, name: str, *, payload: str | None = None, coalesce: bool | None = None) -> R:
        """serf event: a user event goes to everybody.

        by: Whose agent is told.
        name: The event's name.
        payload: What comes with it. Without it: "".
        coalesce: Handlers hear only the latest of its name. Without it: true.
        """
        return self._act("event", (), {"by": by, "name": name, "payload": payload, "coalesce": coalesce})

    def query(self, *nodes: Targets, by: Any | None = None, name: str | None = None, payload: str | None = None,
              tags: Any | None = None, ack: bool | None = None, relay: int | None = None,
              timeout: Duration | None = None) -> R:
        """serf query: everybody is asked. The timeline waits for the end only if `expect` speaks of it, or
        with `wait`.

        by: Whose agent is told.
        name: The query's name.
        payload: What comes with it. Without it: "".
        tags: Only agents whose tags match these regular expressions.
        ack: Everybody says that it heard the query. Without it: true.
        relay: Answers also come by way of so many others. Without it: 0.
        timeout: Answers count until then. Without it: from the number of members.
        """
        return self._act("query", nodes, {"by": by, "name": name, "payload": payload, "tags": tags, "ack": ack,
                                          "relay": relay, "timeout": timeout})

    def on_query(self, by: Any, name: str, payload: str) -> R:
        """What these agents' handlers answer to a query from now on.

        by: Whose agent is told.
        name: The query's name.
        payload: What its handler answers.
        """
        return self._act("on_query", (), {"by": by, "name": name, "payload": payload})

    def key(self, by: Any, do: str, *, key: str | None = None) -> R:
        """serf keys: a key is installed, used, removed or listed everywhere.

        by: Whose agent is told.
        do: What.
        key: The key in base64. Without it: "".
        """
        return self._act("key", (), {"by": by, "do": do, "key": key})

    def http(self, path: str, *, method: str | None = None, form: Any | None = None, body: str | None = None,
             content_type: str | None = None, session: str | None = None, name: str | None = None,
             to: Targets | None = None, follow: bool | None = None, within: Duration | None = None,
             client: Any | None = None) -> R:
        """A client sends one request to the etcd API, as curl would. The timeline waits for the end only if
        `expect` speaks of it, or with `wait`.

        path: Path and query, escaped as on the request line: "/v2/keys/message?wait=true".
        method: As on the request line. Without it: "GET".
        form: Sent as a form, as curl's -d does.
        body: Sent as it is.
        content_type: Of the body. Without it: of a form: application/x-www-form-urlencoded.
        session: "ID/SEQUENCE": sent again under the same, it takes effect once.
        name: For `answer`, when other requests have come in between.
        to: The node that is asked. Without it: the one that the client believes in.
        follow: It goes where an answer of 307 sends it, as curl -L does. Without it: true.
        within: The client gives up after this long. Without it: the cluster's client.timeout.
        client: Which client asks: c1, c2, ... Without it: "c1".
        """
        return self._act("http", (), {"path": path, "method": method, "form": form, "body": body,
                                      "content_type": content_type, "session": session, "name": name, "to": to,
                                      "follow": follow, "within": within, "client": client})
