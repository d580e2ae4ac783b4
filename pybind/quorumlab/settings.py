"""The settings of a cluster from keywords: short ones for what is asked for most, all others as in a file."""

from __future__ import annotations

from typing import Any, Mapping

from . import library
from .errors import ScenarioError
from .node import name_of as node_name, resolved
from .values import did_you_mean, listed, plain, registry

#: Keywords that stand for a part of a part.
SHORT = {"election_timeout": "raft", "heartbeat": "raft", "pre_vote": "raft", "check_quorum": "raft", "rules_off": "raft",
         "read_mode": "raft", "latency": "network", "loss": "network"}


def rule_names(rules: Any, engine: str) -> list[str]:
    """Names of rules that an engine has; a single text is one of them."""
    known = [rule.name for rule in library.rules(engine)]
    names = [rule.name if isinstance(rule, library.Rule) else rule for rule in listed(rules)]
    for name in names:
        if str(name).replace("-", "_") not in known:
            other = next((rule.engine for rule in library.rules() if rule.name == name), None)
            word = {"serf": "gossip", "etcd": "kv"}.get(other or "", "raft")
            hint = f'; it is one of {other}: {word}={{"rules_off": ...}}' if other else \
                did_you_mean(name, known, f'quorumlab.rules("{engine}") lists them')
            raise ScenarioError(f'rules_off: {engine} has no rule "{name}"{hint}')
    return names


def checker_names(always: Any) -> list[str]:
    """Names of checkers; a single text is one of them."""
    known = [checker.name for checker in library.checkers()]
    names = [c.name if isinstance(c, library.Checker) else c for c in listed(always)]
    for name in names:
        if str(name).replace("-", "_") not in known:
            raise ScenarioError(f'always: there is no checker "{name}"{did_you_mean(name, known, "quorumlab.checkers() lists them")}')
    return names


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
    for engine in ("raft", "serf", "etcd"):
        settings = given.get(engine)
        if isinstance(settings, Mapping) and "rules_off" in settings:
            off = settings["rules_off"]
            given[engine] = {**settings, "rules_off": rule_names(off, engine) if isinstance(off, (str, list, tuple, set)) else off}
    out["nodes"] = plain(given.pop("nodes", 5), fields["nodes"])
    for key, value in given.items():
        if key not in fields:
            hint = did_you_mean(key, [*fields, *SHORT, "gossip", "kv", "seed"])
            raise ScenarioError(f'there is no setting "{key}" of a cluster{hint}')
        out[key] = plain(value, fields[key])
    return out
