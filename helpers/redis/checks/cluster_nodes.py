"""The nodes of a Redis Cluster side by side.

A runbook asks one node. This says which: the one that fails, is full, or carries more than its share.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import SystemProblem
from helpers.redis.cluster import SLOTS, Node, each, read_nodes
from helpers.redis.connect import Redis
from helpers.redis.replies import Value, parse_fields
from helpers.results import CheckResult, Status

__all__ = ["ClusterNode", "cluster_nodes", "judge"]

FULL_PCT = 90.0  # redis_exporter's and check_redis' common warning on maxmemory
UNEVEN = 2.0  # twice the median primary's load for a slot: one node works for two
MATTERS = {"used_memory_bytes": 100 * 2**20, "ops_per_s": 1000.0}  # a node does some 100,000 a second: below a hundredth nobody waits


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """One node; what it did not tell is None, and why is in `problem`."""

    address: str
    role: str
    slots: int
    keys: int | None
    used_memory_bytes: int | None
    maxmemory_pct: float | None
    ops_per_s: float | None
    connected_clients: int | None
    problem: str


async def cluster_nodes(redis: Redis) -> CheckResult[ClusterNode]:
    """Every node with its slots, keys, memory, rate and clients, primaries first.

    Returns:
        PROBLEM when slots are not served, a node fails, is 90 % full or does twice its share; UNKNOWN when a primary cannot be asked;
        SKIPPED on a server that is no cluster.

    Raises:
        SystemProblem: the node of the address cannot be asked.

    Source: Redis Cluster specification; INFO.
    """
    nodes = sorted(await read_nodes(redis), key=lambda n: (n.role, n.address))
    if not nodes:
        return CheckResult(Status.SKIPPED, reason="This server is no cluster.")
    answers = await each(redis, nodes, lambda session: session.info("memory", "stats", "clients", "keyspace"))
    return judge([_row(node, answer) for node, answer in answers])


def _row(node: Node, answer: dict[str, Value] | SystemProblem) -> ClusterNode:
    told: dict[str, Value] = {} if isinstance(answer, SystemProblem) else answer
    used, limit = _number(told, "used_memory"), _number(told, "maxmemory")
    problem = {"fail": "failed", "fail?": "may have failed"}.get(node.failing, node.failing) or (
        str(answer) if isinstance(answer, SystemProblem) else ""
    )
    ops, clients = _number(told, "instantaneous_ops_per_sec"), _number(told, "connected_clients")
    return ClusterNode(
        node.address, node.role, node.slots, _keys(told) if told else None, None if used is None else int(used),
        round(100.0 * used / limit, 1) if used is not None and limit else None, ops, None if clients is None else int(clients), problem,
    )  # fmt: skip


def _number(told: dict[str, Value], name: str) -> float | None:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) else None


def _keys(told: dict[str, Value]) -> int:
    return int(parse_fields(str(told.get("db0", ""))).get("keys", 0))  # a cluster has one database


def judge(rows: Sequence[ClusterNode]) -> CheckResult[ClusterNode]:
    """Return the rows with what they add up to; pure."""
    primaries = [r for r in rows if r.role == "primary" and r.slots]
    served = sum(r.slots for r in primaries if r.problem != "failed")
    found = [f"{SLOTS - served} of {SLOTS} slots are not served."] if served < SLOTS else []
    found += [f"{r.address} ({r.role}) {r.problem}." for r in rows if r.problem in ("failed", "may have failed")]
    found += [f"{r.address} is {r.maxmemory_pct:.0f} % full." for r in primaries if (r.maxmemory_pct or 0) >= FULL_PCT]
    found += _uneven(primaries)
    blind = [r for r in rows if r.problem and r.problem not in ("failed", "may have failed")]
    facts = {"primaries": len(primaries), "replicas": len(rows) - len(primaries), "slots_served": served}
    if found:
        return CheckResult(Status.PROBLEM, rows, " ".join(found), facts=facts)
    if blind:
        reason = f"{blind[0].address} could not be asked: {blind[0].problem}"
        return CheckResult(Status.UNKNOWN, rows, reason=reason, remedy="Let the nodes' addresses be reached from here.", facts=facts)
    return CheckResult(Status.OK, rows, f"{len(primaries)} primaries serve all slots, none carries twice its share.", facts=facts)


def _uneven(primaries: Sequence[ClusterNode]) -> list[str]:
    """Return what one primary carries beyond twice the median's for each of its slots."""
    found = []
    for name, unit in (("used_memory_bytes", "memory"), ("ops_per_s", "operations")):
        loads = {r.address: getattr(r, name) / r.slots for r in primaries if getattr(r, name) is not None}
        usual = statistics.median(loads.values()) if len(loads) > 2 else 0.0
        worst = max(loads, key=lambda a: loads[a], default="")
        much = any(r.address == worst and getattr(r, name) >= MATTERS[name] for r in primaries)
        if usual and much and loads[worst] >= UNEVEN * usual:
            found.append(f"{worst} has {loads[worst] / usual:.1f} times the {unit} of the median primary for each slot.")
    return found
