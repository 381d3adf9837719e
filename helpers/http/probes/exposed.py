"""Whether routes answer whom they should not: nobody at all, or another tenant; and whether documentation is open in production."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import TimedOut
from helpers.http.access_run import matrix_of
from helpers.http.checks.openapi import openapi
from helpers.http.connect import Api
from helpers.http.targets import given_endpoints

__all__ = ["Exposed"]

FEWEST = 8  # samples, as the statistics need them


@dataclass(frozen=True)
class Exposed(Probe):
    """Time in ms of asking each route; one that answers whom it should not is a failed one. Arguments as those of http.access_matrix.

    With `production`, documentation that anybody may read is a failed one, too.
    """

    private: str = ""
    credentials_a: str = ""
    credentials_b: str = ""
    public: str = ""
    production: bool = False

    needs: ClassVar[str] = "api"
    sequential: ClassVar[bool] = True

    def __post_init__(self) -> None:
        given_endpoints(self.private), given_endpoints(self.public)

    @property
    def name(self) -> str:
        """What is counted."""
        return "routes that answer whom they should not"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per route, asked again until there are eight; none when it hangs. Raises Unreachable when it is not there."""
        api: Api = sessions["api"]
        began = time.perf_counter()
        taken: list[Sample] = []
        with contextlib.suppress(TimedOut):  # an API that hangs is there: what it does not answer is no sample
            await api.ping()
        open_pages = (await openapi(api)).facts["open_pages"] if self.production else []
        given = {"private": self.private, "a": self.credentials_a, "b": self.credentials_b, "public": self.public}
        matrix = await matrix_of(api, **given)
        while len(taken) < FEWEST:
            rows = await matrix.ask(api)
            at_s = time.perf_counter() - began
            taken += [Sample(row.took_ms, at_s, not row.finding, row.finding) for row in rows if row.nobody]
            taken += [Sample(0.0, at_s, ok=False, error=f"{page} is open") for page in open_pages]
            if not any(row.nobody for row in rows):
                break
        return taken
