"""The append-only, hash-chained record of everything asked, measured and changed.

One JSON line per record: `seq`, `at` (UTC), `step`, `kind`, `data`, `prev` (the hash before) and `hash` (SHA-256 over the canonical
JSON of the rest). A changed, removed or re-ordered line breaks the chain; tables (parquet) are chained by their own SHA-256.
What it cannot show is a chain re-written whole: keep `evidence_head` elsewhere (the report prints it) to notice that.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from helpers.errors import EvidenceBroken, SecretLeak
from helpers.redaction import find_secret, redact_value

__all__ = ["EVIDENCE", "EvidenceLog", "Record", "audit", "read_evidence"]

EVIDENCE = "evidence.jsonl"
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Record:
    """One line of evidence."""

    seq: int
    at: str
    step: str
    kind: str
    data: dict[str, Any]
    prev: str
    hash: str


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: times as ISO text, bytes as hex, non-finite numbers as None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


class EvidenceLog:
    """Append records to one incident's `evidence.jsonl`; continues the chain of a file that exists."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / EVIDENCE
        records = list(read_evidence(folder)) if self.path.exists() else []
        self._seq, self.head = (records[-1].seq, records[-1].hash) if records else (0, GENESIS)
        self._drop_torn_tail()

    def _drop_torn_tail(self) -> None:
        """A crash in the middle of a write leaves a line without its end: it was never evidence."""
        if self.path.exists():
            data = self.path.read_bytes()
            if data and not data.endswith(b"\n"):
                os.truncate(self.path, data.rfind(b"\n") + 1)

    def append(self, kind: str, step: str, data: Mapping[str, Any], *, durable: bool = False) -> Record:
        """Write one record, redacted, and return it; `durable` also waits for the disk.

        Raises:
            SecretLeak: a known secret survived redaction; nothing was written.

        """
        body = {"seq": self._seq + 1, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), "step": step, "kind": kind}
        body |= {"data": redact_value(plain(data)), "prev": self.head}
        record = Record(**body, hash=_digest(body))  # type: ignore[arg-type]
        line = json.dumps({**body, "hash": record.hash}, ensure_ascii=True, separators=(",", ":"))
        hint = find_secret(line)
        if hint is not None:
            raise SecretLeak(f"The evidence {kind} would hold the secret {hint}.")
        with self.path.open("a", encoding="ascii") as file:
            file.write(line + "\n")
            file.flush()
            if durable:
                os.fsync(file.fileno())
        self._seq, self.head = record.seq, record.hash
        return record


def read_evidence(folder: Path) -> Iterator[Record]:
    """Yield an incident's records in order; a torn last line is left out.

    Raises:
        EvidenceBroken: a line in the middle is not a record.

    """
    path = folder / EVIDENCE
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            yield Record(**json.loads(line))
        except (ValueError, TypeError):
            raise EvidenceBroken(f"{path.name} line {number} is not a record.") from None


def audit(folder: Path) -> list[str]:
    """Return what does not hold in an incident's evidence, empty when all of it does: chain, tables, incident.json's head."""
    problems: list[str] = []
    prev, seq = GENESIS, 0
    try:
        for record in read_evidence(folder):
            body = {"seq": record.seq, "at": record.at, "step": record.step, "kind": record.kind, "data": record.data, "prev": record.prev}
            if record.prev != prev or record.seq != seq + 1:
                problems.append(f"record {record.seq}: does not follow record {seq}")
            if _digest(body) != record.hash:
                problems.append(f"record {record.seq} ({record.kind}): its content does not hash to what it says")
            problems += _audit_table(folder, record)
            prev, seq = record.hash, record.seq
    except (OSError, EvidenceBroken) as error:
        problems.append(str(error))
    return problems + _audit_summary(folder, prev)


def _audit_table(folder: Path, record: Record) -> list[str]:
    table = record.data.get("table")
    if not isinstance(table, dict) or "path" not in table:
        return []
    path = folder / str(table["path"])
    if not path.is_file():
        return [f"record {record.seq}: its table {table['path']} is missing"]
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    return [] if found == table["sha256"] else [f"record {record.seq}: its table {table['path']} was changed"]


def _audit_summary(folder: Path, head: str) -> list[str]:
    path = folder / "incident.json"
    if not path.is_file():
        return ["incident.json is missing: the run did not end by itself"]
    try:
        said = json.loads(path.read_text(encoding="utf-8")).get("evidence_head")
    except (ValueError, AttributeError):
        return ["incident.json is not a JSON object"]
    return [] if said == head else [f"incident.json says the evidence ends at {str(said)[:12]}…, it ends at {head[:12]}…"]
