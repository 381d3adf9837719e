"""The probe's samples before and after, as the evidence has them: which records count, their numbers, their dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.contracts import Sample
from helpers.incident.evidence import Record
from helpers.incident.samples import read_samples
from helpers.report.reading import Reading

__all__ = ["Measured", "measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One set of samples: flat statistics, the samples if their tables can be read, and why not otherwise."""

    probe: str
    metric: str
    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    samples: tuple[Sample, ...]
    problem: str = ""


def measured(reading: Reading) -> tuple[Measured | None, Measured | None]:
    """Return what was measured before the change, and after it; None where nothing was."""
    before, after = _rounds(reading)
    verification = reading.document.verification
    return (
        _add_up(reading, before, verification.before if verification else None),
        _add_up(reading, after, verification.after if verification else None),
    )


def _rounds(reading: Reading) -> tuple[list[Record], list[Record]]:
    """The records of the last baseline before a change, and of the last verification; a re-run cell starts its set anew."""
    before: list[Record] = []
    after: list[Record] = []
    ended = {"before": False, "after": False}
    changed = False
    for r in reading.records:
        changed = changed or r.kind == "fix_intent"
        if r.kind == "measured" and r.step == "reproduce" and not changed:
            before, ended["before"] = ([] if ended["before"] else before) + [r], False
        elif r.kind == "measured" and r.step == "verify" and _same_probe(r, before):
            after, ended["after"] = ([] if ended["after"] else after) + [r], False
        elif r.kind in ("judged", "probe_lost") and r.step == "reproduce":
            ended["before"] = True
        elif r.kind == "verified":
            ended["after"] = True
    return before, after


def _same_probe(record: Record, before: Sequence[Record]) -> bool:
    return not before or record.data.get("probe") == before[-1].data.get("probe")


def _add_up(reading: Reading, records: Sequence[Record], known: Mapping[str, Any] | None) -> Measured | None:
    if not records:
        return None
    last = records[-1].data
    samples, problem = _samples(reading, records)
    summary = known or (last.get("summary") or {} if len(records) == 1 or problem else _summary(samples, str(last.get("metric", "ms"))))
    return Measured(str(last.get("probe", "")), str(last.get("metric", "ms")), last.get("settings") or {}, summary, tuple(samples), problem)


def _samples(reading: Reading, records: Sequence[Record]) -> tuple[list[Sample], str]:
    import pyarrow as pa

    found: list[Sample] = []
    for r in records:
        try:
            found += read_samples(reading.folder, r.data["table"])
        except FileNotFoundError:
            return [], f"The samples of record {r.seq} are missing: {r.data['table'].get('path', '')} is not there."
        except (KeyError, TypeError, OSError, pa.ArrowInvalid):
            return [], f"The samples of record {r.seq} cannot be read."
    return found, ""


def _summary(samples: Sequence[Sample], metric: str) -> Mapping[str, Any]:
    from helpers.statistics import summarise

    return summarise(samples).to_json(metric)
