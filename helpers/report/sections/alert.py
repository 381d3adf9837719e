"""The alert a triage began with: what its sender says, as it says it."""

from __future__ import annotations

from helpers.report.blocks import Facts, Paragraph, Section
from helpers.report.reading import Reading

__all__ = ["alert"]

_SHOWN = ("source", "severity", "starts_at", "service", "text", "url", "fingerprint")


def alert(reading: Reading) -> Section | None:
    """Return what was reported, None where nobody reported anything."""
    records = reading.of("alerted")
    if not records:
        return None
    said = records[-1].data
    pairs = [(name.replace("_", " "), str(said[name])) for name in _SHOWN if said.get(name)]
    pairs += [(name, str(value)) for name, value in {**said.get("labels", {}), **said.get("hints", {})}.items()]
    pairs += [("in the same notification", "; ".join(said["also"]))] if said.get("also") else []
    over = (
        ()
        if said["status"] == "firing"
        else (Paragraph("It is resolved by now, its sender says: what is found below is as of now.", "warning"),)
    )
    return Section("The alert", (Paragraph(f"{said['title']} ({said['status']})", "lead"), *over, Facts(tuple(pairs))), anchor="alert")
