"""Triage: every runbook's first three steps at once, in short, on what is open already; then a ranking. It changes nothing."""

from typing import Any

__all__ = ["triage"]


def __getattr__(name: str) -> Any:
    if name == "triage":
        from helpers.triage.board import triage

        return triage
    raise AttributeError(name)
