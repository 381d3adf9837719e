"""A system made of a dictionary, for tests of runbooks and of the loop without any server.

`fake_incident` opens a real incident (real evidence, real reports) whose only system, `postgres`, is a FakeSystem: it can be slow,
gone, or refuse; its probe and fix act on its dictionary.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview, Probe, Sample, Sessions
from helpers.errors import FixFailed, Unreachable
from helpers.incident.loop import Incident
from helpers.incident.systems import Systems
from helpers.results import Diagnosis, Status
from helpers.settings import Profile

__all__ = ["FakeFix", "FakeProbe", "FakeSystem", "fake_diagnosis", "fake_incident"]


@dataclass
class FakeSystem:
    """Session and writer in one: `state["latency_ms"]` is what FakeProbe measures; `gone` makes every question fail."""

    state: dict[str, Any] = field(default_factory=lambda: {"latency_ms": 400.0})
    gone: bool = False
    system: ClassVar[str] = "postgres"

    async def ping(self) -> str:
        """Return a name; raise Unreachable when gone."""
        self.ask()
        return "a fake database"

    def ask(self) -> None:
        """Raise Unreachable when gone."""
        if self.gone:
            raise Unreachable("postgres", "the fake is gone")

    async def close(self) -> None:
        """Do nothing."""

    async def identity(self) -> str:
        """Return a fixed name."""
        return "the fake"

    def footprint(self) -> dict[str, float]:
        """Return nothing spent."""
        return {"queries": 0}


class FakeSystems(Systems):
    """The systems of an incident, all of them one FakeSystem."""

    def __init__(self, profile: Profile, fake: FakeSystem) -> None:
        super().__init__(profile, "runbook:fake")
        self.fake = fake

    async def get(self, system: str) -> Any:
        """Return the fake; raise Unreachable when gone."""
        self.fake.ask()
        self.sessions[system] = self.fake
        return self.fake

    async def writer(self, system: str) -> Any:
        """Return the fake; raise Unreachable when gone."""
        return await self.get(system)


@dataclass(frozen=True)
class FakeProbe(Probe):
    """Samples around the fake's `latency_ms`, spread by ±5 % in a fixed pattern."""

    n: int = 60
    needs: ClassVar[str] = "postgres"

    @property
    def name(self) -> str:
        """A fixed name."""
        return "fake probe"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return `n` samples."""
        fake: FakeSystem = sessions["postgres"]
        fake.ask()
        latency = float(fake.state["latency_ms"])
        return [Sample(latency * (0.95 + 0.1 * (i * 7 % 20) / 20), i * 0.01) for i in range(self.n)]


@dataclass(frozen=True)
class FakeFix(Fix):
    """Set the fake's latency to `to_ms`; its inverse sets it back. `fails` breaks in the middle, `loses` kills the system after."""

    to_ms: float = 10.0
    fails: bool = False
    loses: bool = False
    needs: ClassVar[str] = "postgres"

    async def preview(self, session: FakeSystem) -> FixPreview:
        """Return the change and its inverse."""
        was = session.state["latency_ms"]
        return FixPreview([f"SET latency {self.to_ms}"], [f"SET latency {was}"], {"latency_ms": was}, needed=was != self.to_ms)

    async def apply(self, writer: FakeSystem, preview: FixPreview) -> None:
        """Change it."""
        writer.state["latency_ms"] = self.to_ms
        if self.fails:
            raise FixFailed("the fake broke in the middle")

    async def read_back(self, session: FakeSystem) -> str:
        """Say that it is changed."""
        session.gone = self.loses
        return f"latency is {session.state['latency_ms']}"

    async def undo(self, writer: FakeSystem, inverse: dict[str, Any]) -> None:
        """Set it back."""
        writer.state["latency_ms"] = inverse["latency_ms"]


async def fake_diagnosis(
    pg: FakeSystem, *, code: str | None = "fake_mode", status: Status = Status.PROBLEM, target: dict[str, Any] | None = None
) -> Diagnosis:
    """The diagnosis asked for; raises Unreachable when the fake is gone."""
    pg.ask()
    return Diagnosis(status, code, "thing(part)", f"thing(part): {code}.", target or {}, because=["the fake says so"])


def fake_incident(
    folder: Path, *, fake: FakeSystem | None = None, apply: bool = True, confirm: str = "", protected: bool = False
) -> Incident:
    """Return an open incident `fake_mode` in `folder` on a FakeSystem."""
    profile = Profile(name="fake", postgres="postgres://fake", protected=protected)
    folder.mkdir(parents=True, exist_ok=True)
    incident = Incident(folder, FakeSystems(profile, fake or FakeSystem()), apply=apply, confirm=confirm)
    opened = {"id": folder.name, "runbook": "fake_mode", "title": "A fake", "profile": "fake", "apply": apply, "protected": protected}
    incident.record("opened", {**opened, "parameters": {}, "systems": ["postgres"]}, step="open")
    return incident
