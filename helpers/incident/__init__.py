"""The loop: six steps, evidence, verification, verdict. It knows no driver."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.incident.loop import Incident
    from helpers.incident.opening import open_incident

__all__ = ["Incident", "open_incident"]


def __getattr__(name: str) -> Any:
    if name == "open_incident":
        from helpers.incident.opening import open_incident

        return open_incident
    if name == "Incident":
        from helpers.incident.loop import Incident

        return Incident
    raise AttributeError(name)
