"""How many answers say something else than the database does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import BadAnswer, ParameterError, Refused, Unreachable
from helpers.http.cached import kept_by
from helpers.http.connect import Api, parse_endpoint
from helpers.http.fields import agrees, value_at

__all__ = ["StaleAnswers"]


@dataclass(frozen=True)
class StaleAnswers(Probe):
    """Requests of `endpoint` whose `field` differs from what the query `truth` gives, right before and right after.

    Empty `endpoint` or `truth`: the probe does not apply. `field` is a path in the JSON: `prices.0.price_cents`.
    """

    endpoint: str
    field: str = ""
    truth: str = ""
    samples: int = 16

    needs: ClassVar[str] = "api"
    sequential: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("postgres",)

    def __post_init__(self) -> None:
        if self.endpoint:
            parse_endpoint(self.endpoint)
        if self.truth and not self.truth.lstrip().lower().startswith(("select", "with", "values", "table")):
            raise ParameterError(
                "`truth` reads nothing.", remedy="Give a query of one value: select price_cents from products where sku = 'A1'"
            )

    @property
    def name(self) -> str:
        """What is counted."""
        return f"answers of {self.endpoint} that are not what is stored"

    @property
    def applies(self) -> bool:
        """Whether there is something to compare."""
        return bool(self.endpoint and self.truth)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request, in ms, `ok` False when it is stale; `error` says which cache gave it.

        Raises:
            Refused: there is no PostgreSQL to compare with.
            BadAnswer: the answer has no such field.
            Unreachable: nothing answers.

        """
        api: Api = sessions["api"]
        if "postgres" not in sessions:
            raise Refused("postgres", "No PostgreSQL answers to compare with.", remedy="See `postgres = …` of the profile.")
        _, path = parse_endpoint(self.endpoint)
        taken, began = [], time.monotonic()
        for _ in range(self.samples):
            before, started = await sessions["postgres"].value(self.truth), time.perf_counter()
            reading = await api.read(path)
            took = (time.perf_counter() - started) * 1000
            after = await sessions["postgres"].value(self.truth)
            if not reading.status:
                raise Unreachable("api", f"{self.endpoint} got no answer ({reading.error}).", remedy="Check the profile's api address.")
            try:
                said = value_at(reading.body, self.field)
            except KeyError as missing:
                raise BadAnswer(
                    "api", f"{self.endpoint} ({reading.status}): {missing.args[0]}.", remedy="Give `field` as it stands in the answer."
                ) from None
            fresh = agrees(said, before) or agrees(said, after)
            taken.append(Sample(took, time.monotonic() - began, fresh, "" if fresh else kept_by(reading.headers) or "made for the request"))
        return taken
