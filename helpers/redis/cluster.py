"""The nodes of a Redis Cluster, and one question put to each primary.

A session asks the node of its address only: its keys, its memory, its clients. What holds for the cluster is seen when all are asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from helpers.errors import SystemProblem
from helpers.redis.session import Redis

__all__ = ["SLOTS", "Node", "each", "parse_nodes", "read_nodes"]

SLOTS = 16384  # Redis Cluster specification

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Node:
    """One node as the asked one sees it; `failing` is `fail?` (this node thinks so) or `fail` (most do), else empty."""

    node_id: str
    host: str
    port: int
    role: str
    primary_id: str
    slots: int
    failing: str
    linked: bool
    asked: bool

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def parse_nodes(text: str) -> list[Node]:
    """Return the nodes of CLUSTER NODES' reply; lines that are no node are left out."""
    return [node for node in map(_node, text.splitlines()) if node is not None]


def _node(line: str) -> Node | None:
    fields = line.split()
    if len(fields) < 8 or "@" not in fields[1]:
        return None
    host, _, port = fields[1].split("@", 1)[0].rpartition(":")
    flags = fields[2].split(",")
    slots = sum(_count(part) for part in fields[8:] if not part.startswith("["))  # [slot->-node]: migrating, still here
    return Node(
        fields[0], host, int(port), "primary" if "master" in flags else "replica", fields[3].strip("-"), slots,
        next((f for f in ("fail", "fail?", "noaddr", "handshake") if f in flags), ""), fields[7] == "connected", "myself" in flags,
    )  # fmt: skip


def _count(part: str) -> int:
    first, _, last = part.partition("-")
    return int(last or first) - int(first) + 1


async def read_nodes(redis: Redis) -> list[Node]:
    """Return the cluster's nodes, none for a server that is no cluster. Raises SystemProblem: closed, or not answered."""
    if (await redis.info("server")).get("redis_mode") != "cluster":
        return []
    text: Any = await redis.ask("CLUSTER NODES")
    return parse_nodes(text.decode("utf-8", "replace"))


async def each(
    redis: Redis, nodes: Sequence[Node], question: Callable[[Redis], Awaitable[Answer]]
) -> list[tuple[Node, Answer | SystemProblem]]:
    """Return what each node answers to `question`, all at once; a node that cannot be asked has its SystemProblem as answer."""

    async def ask(node: Node) -> Answer | SystemProblem:
        try:
            return await question(redis if node.asked else await redis.node(node.host, node.port))
        except SystemProblem as problem:
            return problem

    return list(zip(nodes, await asyncio.gather(*map(ask, nodes)), strict=True))
