"""Why something that was sent is not taken."""

from __future__ import annotations

__all__ = ["Refusal"]

RETRY_S = {"full": 60, "busy": 5, "closing": 60}  # a triage takes half a minute; a body is read at once


class Refusal(Exception):
    """The answer to a sender: its `status`, the short name that is counted and logged, and a sentence without anything of what was sent."""

    def __init__(self, status: int, name: str, said: str) -> None:
        self.status = status
        self.name = name
        self.said = said
        super().__init__(f"{name}: {said}")

    @property
    def headers(self) -> dict[str, str]:
        """When to come again; and that no more of this connection is read where a body was not read to its end."""
        again = {"retry-after": str(RETRY_S[self.name])} if self.name in RETRY_S else {}
        return {**again, **({"connection": "close"} if self.name not in ("invalid", "full", "replayed", "unmapped") else {})}
