"""The lock tree: who is at the head of the queue, and who waits behind whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.escaping import visible
from helpers.report.blocks import Node, Tree
from helpers.report.numbers import quantity

__all__ = ["lock_tree"]

Row = Mapping[str, Any]
LEAVES = 4


def lock_tree(rows: Sequence[Row]) -> Tree | None:
    """Return the tree that rows with `pid` and `blocked_by` describe, longest wait first, or None when these are no such rows."""
    if not rows or not all(_is_lock_row(row) for row in rows):
        return None
    by_pid = {row["pid"]: row for row in rows}
    unseen = {pid for row in rows for pid in row["blocked_by"] if pid not in by_pid}
    everyone = {**by_pid, **{pid: {"pid": pid, "blocked_by": [], "unseen": True} for pid in sorted(unseen, key=str)}}
    heads = [row for row in everyone.values() if not row["blocked_by"]]
    placed: set[Any] = set()
    nodes = [_node(row, everyone, placed, "head of the queue") for row in heads]
    # What no head reaches waits in a cycle; `placed` grows while this runs.
    nodes += [_node(row, everyone, placed, "waits in a cycle") for row in rows if row["pid"] not in placed]
    return Tree("Who waits for whom: the head of each queue first, its victims below it.", tuple(nodes))


def _node(row: Row, everyone: Mapping[Any, Row], placed: set[Any], mark: str = "") -> Node:
    placed.add(row["pid"])
    waiting = (other for other in everyone.values() if row["pid"] in other["blocked_by"])
    behind = [_node(other, everyone, placed) for other in waiting if other["pid"] not in placed]
    return Node(_who(row), _what(row), mark, _gathered(behind))


def _gathered(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Those with a queue of their own first; of many that only wait, a few and how many more."""
    heads, leaves = [n for n in nodes if n.children], [n for n in nodes if not n.children]
    if len(leaves) <= LEAVES + 1:
        return (*heads, *leaves)
    return (*heads, *leaves[:LEAVES], Node(f"{len(leaves) - LEAVES} more sessions", "wait here too; they are in the table's rows"))


def _who(row: Row) -> str:
    name = visible(row.get("application_name") or "", limit=80)
    return f"pid {row['pid']}" + (f" · {name}" if name else "")


def _what(row: Row) -> str:
    if row.get("unseen"):
        return "not among the rows shown"
    parts = [visible(row.get("state") or row.get("backend_type") or "", limit=60)]
    if row["blocked_by"]:
        waits = "/".join(visible(row[k], limit=40) for k in ("wait_event_type", "wait_event") if row.get(k))
        others = ", ".join(str(pid) for pid in row["blocked_by"])
        parts.append(f"waits {quantity(row.get('waiting_s'), 's')} for pid {others}" + (f" ({waits})" if waits else ""))
    elif isinstance(row.get("in_transaction_s"), int | float):
        parts.append(f"in a transaction for {quantity(row['in_transaction_s'], 's')}")
    return ", ".join(part for part in parts if part)


def _is_lock_row(row: Row) -> bool:
    blockers = row.get("blocked_by")
    return isinstance(row.get("pid"), int) and isinstance(blockers, list) and all(isinstance(pid, int) for pid in blockers)
