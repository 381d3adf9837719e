"""What one walk of a triage has measured is not measured again for another; a plain incident measures for itself."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Probe, Sample
from helpers.fakes import fake_incident
from helpers.incident.lending import Loan, Taken, lent
from helpers.incident.measuring import reproduce


@dataclass(frozen=True)
class Counted(Probe):
    """A probe that makes load, and remembers what it chose; `log` takes down how many samples it took."""

    query: str
    samples: int = 60
    chooses: bool = False
    value: float = 400.0

    needs: ClassVar[str] = "postgres"
    log: ClassVar[list[int]] = []

    def __post_init__(self):
        object.__setattr__(self, "_chosen", [])

    @property
    def name(self):
        return self.query

    def shorter(self):
        return replace(self, samples=min(self.samples, 20))

    async def measure(self, sessions):
        self.log.append(self.samples)
        await asyncio.sleep(0.01)
        if self.chooses:
            self.__dict__["_chosen"].append(self.query)
        return [Sample(self.value, n / 10) for n in range(self.samples)]


async def measured(tmp_path, *probes, shared=True):
    """How many samples each measurement took, and how many each incident has, when these are looked at at once."""
    Counted.log.clear()
    incidents = [fake_incident(tmp_path / str(n)) for n in range(len(probes))]
    for incident in incidents:
        incident.systems.turns = incidents[0].systems.turns
    taken = Taken()

    async def one(incident, probe):
        with lent(Loan(incident.systems, {}, incident.folder, taken)) if shared else nullcontext():
            await reproduce(incident, [probe], "p95_ms < 150")
            return len(incident.baseline)

    sizes = await asyncio.gather(*map(one, incidents, probes))
    return sizes, Counted.log.copy()


async def test_walks_measure_in_short_and_once(tmp_path):
    """Two runbooks that ask for the same statement; another statement is another measurement."""
    sizes, log = await measured(tmp_path, Counted("a"), Counted("a"), Counted("b"))
    assert (sizes, log) == ([20, 20, 20], [20, 20])


async def test_what_chose_its_own_target_is_its_own(tmp_path):
    """Samples of something that another probe chose would be nobody's."""
    sizes, log = await measured(tmp_path, Counted("a", chooses=True), Counted("a", chooses=True))
    assert (sizes, log) == ([20, 20], [20, 20])


async def test_few_samples_that_do_not_decide_are_not_all(tmp_path):
    """A later set is shared as the first is."""
    sizes, log = await measured(tmp_path, *[Counted("a", samples=3)] * 2)
    assert (sizes, log) == ([9, 9], [3, 3, 3])


async def test_a_plain_incident_measures_in_full(tmp_path):
    """Nothing is shared."""
    sizes, log = await measured(tmp_path, Counted("a"), Counted("a"), shared=False)
    assert (sizes, log) == ([60, 60], [60, 60])
