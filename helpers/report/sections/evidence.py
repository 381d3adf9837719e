"""One check as evidence: what was asked, what came back, and what it speaks for and against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.incident.evidence import Record
from helpers.report.blocks import Block, Bullets, Paragraph, Section
from helpers.report.detail import Detail
from helpers.report.numbers import duration
from helpers.report.pictures.hit_bars import hit_bars
from helpers.report.pictures.lock_tree import lock_tree
from helpers.report.pictures.time_share import time_share
from helpers.report.tables import cell, evidence_table

__all__ = ["check_section"]


def check_section(record: Record, again: list[int], detail: Detail, *, said: str = "") -> Section:
    """Return one `checked` record; `again` are the records of earlier answers to the same question, `said` what its step said already."""
    data = record.data
    blocks: list[Block] = [
        Paragraph(text) for text in (str(data.get("summary") or ""), str(data.get("reason") or "")) if text not in ("", said)
    ]
    if data.get("remedy"):
        blocks.append(Paragraph(f"What would help: {data['remedy']}"))
    if data.get("code"):
        blocks.append(Paragraph(f"Named: {data['code']} · {data.get('subject', '')}"))
    blocks += [Bullets(tuple(str(x) for x in data[kind]), kind) for kind in ("because", "against") if data.get(kind)]
    by_time = hit_bars(data)
    blocks += [by_time] if by_time is not None else []
    blocks += _rows(data, detail)
    blocks.append(Paragraph(_small_print(record, again), "muted"))
    return Section(
        str(data.get("title") or data.get("check") or "Check").removesuffix("."), tuple(blocks), status=str(data.get("status", ""))
    )


def _rows(data: Mapping[str, Any], detail: Detail) -> list[Block]:
    rows = [row for row in data.get("rows") or [] if isinstance(row, Mapping)]
    if not rows:
        return []
    table = data.get("table")
    path = str(table.get("path", "")) if isinstance(table, Mapping) else ""
    pictures = [picture for picture in (lock_tree(rows), time_share(rows)) if picture is not None]
    return [*pictures, *evidence_table(rows, total=int(data.get("n_rows") or len(rows)), path=path, detail=detail)]


def _small_print(record: Record, again: list[int]) -> str:
    data = record.data
    arguments = ", ".join(
        f"{name} = {cell(name, value)}" for name, value in (data.get("arguments") or {}).items() if value not in (None, "", [], {})
    )
    ms = data.get("ms")
    parts = [f"Record {record.seq}", f"{data.get('check')} asked {data.get('system')}" + (f" with {arguments}" if arguments else "")]
    handed = data.get("handed")
    if isinstance(handed, Mapping):
        parts.append(f"read by {handed.get('by')} at {str(handed.get('at'))[11:19]}, not asked again")
    else:
        parts += [f"took {duration(ms / 1000)}"] if isinstance(ms, int | float) else []
    parts += [f"asked before in {', '.join(f'record {seq}' for seq in again[-5:])}"] if again else []
    return "; ".join(parts) + "."
