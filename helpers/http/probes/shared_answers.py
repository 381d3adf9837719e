"""How many times one caller is given what another was answered."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import BadAnswer, Unreachable
from helpers.http.callers import ask_both
from helpers.http.connect import Api, parse_endpoint
from helpers.http.credentials import headers_of

__all__ = ["SharedAnswers"]


@dataclass(frozen=True)
class SharedAnswers(Probe):
    """Rounds in which A asks `endpoint`, then B does: not `ok` when one is given the other's answer, which is not his own.

    `endpoint` answers each caller with his own; credentials are references (`env:NAME`, `file:PATH`). Nothing of the answers is kept.
    """

    endpoint: str
    credentials_a: str = ""
    credentials_b: str = ""
    samples: int = 8

    needs: ClassVar[str] = "api"
    sequential: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.endpoint:
            parse_endpoint(self.endpoint)

    @property
    def name(self) -> str:
        """What is counted."""
        return f"answers of {self.endpoint} that are another caller's"

    @property
    def applies(self) -> bool:
        """Whether there are two callers and something to ask."""
        return bool(self.endpoint and self.credentials_a and self.credentials_b)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per round, in ms of its requests; `error` says which cache gave it.

        Raises:
            ParameterError: credentials that are no reference.
            BadAnswer: A is refused: the credentials expired, or are another's.
            Unreachable: nothing answers.

        """
        api: Api = sessions["api"]
        a, b = headers_of(self.credentials_a), headers_of(self.credentials_b)
        taken, began = [], time.monotonic()
        for _ in range(self.samples):
            started = time.perf_counter()
            both = await ask_both(api, self.endpoint, a, b)
            if not both.status_a:
                raise Unreachable("api", f"{self.endpoint} got no answer.", remedy="Check the profile's api address.")
            if both.status_a in (401, 403):
                raise BadAnswer("api", f"{self.endpoint} refuses A ({both.status_a}).", remedy="The credentials expired, or are another's.")
            took = (time.perf_counter() - started) * 1000
            taken.append(
                Sample(took, time.monotonic() - began, not both.leaks, (both.kept or "made for the request") if both.leaks else "")
            )
        return taken
