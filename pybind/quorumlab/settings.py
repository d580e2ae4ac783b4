"""The settings of a cluster from keywords: short ones for what is asked for most, all others as in a file."""

from __future__ import annotations

from typing import Any, Mapping

from .errors import ScenarioError
from .node import name_of as node_name, resolved
from .values import plain, registry

#: Keywords that stand for a part of a part.
SHORT = {"election_timeout": "raft", "heartbeat": "raft", "pre_vote": "raft", "check_quorum": "raft", "rules_off": "raft",
         "read_mode": "raft", "latency": "network", "loss": "network"}


def cluster_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The "cluster" of a scenario file from keywords."""
    fields = {f["name"]: f.get("type") for f in registry()["cluster"]["fields"]}
    out: dict[str, Any] = {}
    given = dict(given)
    raft = given.pop("raft", True)
    for word, name in (("gossip", "serf"), ("kv", "etcd")):
        if word in given:
            given[name] = given.pop(word)
    for name in ("serf", "etcd"):
        if given.get(name) is True:
            given[name] = {}
        elif given.get(name) is False:
            del given[name]
    if "node" in given:
        if raft is not True or "serf" in given or "etcd" in given:
            raise ScenarioError("node= runs in place of the engines: leave raft, gossip and kv out")
        given["node"] = node_name(resolved(given["node"]))
    elif raft is not False and raft is not None:
        # Beside serf, Raft runs if it is asked for in so many words; alone it needs none.
        if raft is not True:
            given["raft"] = raft
        elif "serf" in given:
            given["raft"] = {}
    elif "serf" not in given:
        raise ScenarioError("raft=False needs gossip=True: something has to run on the nodes")
    for key in list(given):
        if key in SHORT:
            part = dict(given.get(SHORT[key], {}))
            part[key] = given.pop(key)
            given[SHORT[key]] = part
    out["nodes"] = plain(given.pop("nodes", 5), fields["nodes"])
    for key, value in given.items():
        if key not in fields:
            import difflib

            near = difflib.get_close_matches(key, [*fields, *SHORT, "gossip", "kv", "seed"], 1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise ScenarioError(f'there is no setting "{key}" of a cluster{hint}')
        out[key] = plain(value, fields[key])
    return out
