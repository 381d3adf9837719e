"""What a run tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Event", "OnEvent"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `started` (text: the folder; data: runbook, profile, apply), `cell` (a code cell begins; text: the heading it stands under;
    data: index, total), `evidence` (data: the record), `stopping` (text: why), `recovering`, `finished` (data: verdict, exit_code).
    """

    kind: Literal["started", "cell", "evidence", "stopping", "recovering", "finished"]
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)


OnEvent = Callable[[Event], None]
