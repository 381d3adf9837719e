"""Fakes for tests: whole incidents, written record by record as a run would write them, for every verdict.

`write_incident(folder, "resolved", "missing_index")` makes a folder with evidence.jsonl, its tables and incident.json.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from helpers.contracts import Sample
from helpers.incident.document import StepName, Verdict
from helpers.incident.evidence import EvidenceLog, read_evidence
from helpers.incident.samples import keep_table
from helpers.incident.story import tell
from helpers.redaction import write_text
from helpers.statistics import Comparison, Expectation, compare, summarise

__all__ = ["write_incident"]

START = datetime(2026, 7, 3, 3, 12, 9, 412000, tzinfo=UTC)
PROBE = "GET /orders?customer_id=42"
EXPECT = "p95_ms < 150"
QUERY = "SELECT id, total, created_at FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 20"
GONE = "postgres does not answer: connection refused."


def write_incident(folder: Path, verdict: str = "resolved", runbook: str = "missing_index", *, foreign: str = "") -> Path:
    """Write an incident that ends with `verdict` into `folder` and return the folder.

    Args:
        folder: Made when it is not there; its name is the incident's id.
        verdict: One of the seven verdicts.
        runbook: missing_index or lock_contention.
        foreign: Text put wherever a real incident holds text that others wrote: table and application names, statements, errors.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with _clock() as clock:
        made = _Incident(folder, runbook, foreign, clock)
        made.tell(Verdict(verdict))
        document = tell(read_evidence(folder)).document()
        document.evidence_head = made.log.head
        write_text(folder / "incident.json", document.to_json())
    return folder


class _Clock:
    now = START


@contextmanager
def _clock() -> Iterator[_Clock]:
    clock = _Clock()

    class Told(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return clock.now

    with mock.patch("helpers.incident.evidence.datetime", Told):
        yield clock


class _Incident:
    def __init__(self, folder: Path, runbook: str, foreign: str, clock: _Clock) -> None:
        self.folder, self.runbook, self.foreign, self.clock = folder, runbook, foreign, clock
        self.log = EvidenceLog(folder)
        self.random = random.Random(7)  # noqa: S311 (samples, not secrets)
        self.index = runbook == "missing_index"
        self.table = foreign or "orders"
        self.subject = f"{self.table}(customer_id)" if self.index else f"pid 4711 ({foreign or 'billing-worker'})"

    def add(self, kind: str, step: str, data: dict[str, Any], *, took_s: float = 0.05) -> int:
        self.clock.now += timedelta(seconds=took_s)
        return self.log.append(kind, step, data).seq

    def end(self, step: StepName, status: str, summary: str) -> None:
        self.add("step", step, {"status": status, "summary": summary})

    def tell(self, verdict: Verdict) -> None:
        apply = verdict in (Verdict.RESOLVED, Verdict.NOT_RESOLVED)
        self._open(apply=apply, answers=verdict is not Verdict.UNREACHABLE)
        if verdict is Verdict.UNREACHABLE:
            self._unreachable()
        else:
            slow = self._reproduce(median_ms=21.0 if verdict is Verdict.HEALTHY else 610.0)
            self._isolate()
            self._investigate(verdict)
            if verdict in (Verdict.RESOLVED, Verdict.NOT_RESOLVED, Verdict.CAUSE_FOUND):
                self._fix(apply=apply)
            if apply:
                self._verify(slow, median_ms=17.0 if verdict is Verdict.RESOLVED else 604.0)
        self._close()

    def _open(self, *, apply: bool, answers: bool) -> None:
        titles = {
            "missing_index": "A statement scans a table because no index serves it",
            "lock_contention": "One session holds everyone up",
        }
        parameters = {"endpoint": PROBE, "slo_p95_ms": 150, "apply": apply}
        opened = {"id": self.folder.name, "runbook": self.runbook, "title": titles[self.runbook], "profile": "sandbox", "apply": apply}
        self.add("opened", "open", {**opened, "protected": False, "parameters": parameters, "systems": ["postgres", "api"]})
        said = f"PostgreSQL 18.1, database app as {self.foreign or 'runbook_reader'}" if answers else GONE
        self.add("pinged", "open", {"system": "postgres", "ok": answers, "answer": said})
        self.add(
            "pinged",
            "open",
            {"system": "api", "ok": answers, "answer": "HTTP 200 from http://127.0.0.1:8000" if answers else "api refuses."},
        )

    def _unreachable(self) -> None:
        reason = f"{GONE} {self.foreign}".strip()
        self.add("probe_lost", "reproduce", {"probe": PROBE, "reason": reason})
        self.end("reproduce", "unknown", reason)
        self._checked("isolate", "statements_by_total_time", "Statements by the time they take", "UNKNOWN", "", reason=GONE, lost=True)
        self.end("isolate", "unknown", GONE)
        self.add("concluded", "investigate", {"how": "unknown", "summary": GONE, "other": None, "cause": None})
        self.end("investigate", "unknown", GONE)
        self.add("fix_refused", "fix", {"reason": "No fix without a reproduced symptom and a named cause."})
        self.end("fix", "skipped", "No fix without a reproduced symptom and a named cause.")

    def _samples(self, median_ms: float, step: str, round_: str) -> list[Sample]:
        values = [median_ms * math.exp(self.random.gauss(0, 0.28)) for _ in range(200)]
        samples = [Sample(value, i * 0.05) for i, value in enumerate(values)]
        if median_ms > 100:
            samples[60] = Sample(5000.0, 3.0, ok=False, error=self.foreign or "ReadTimeout after 5 s")
        settings = {"endpoint": PROBE, "samples": 200, "concurrency": 4, "warmup": 20, "timeout_s": 5.0}
        rows = [{"value": s.value, "at_s": s.at_s, "ok": s.ok, "error": s.error} for s in samples]
        data = {
            "probe": PROBE,
            "needs": "api",
            "metric": "ms",
            "settings": settings,
            "round": round_,
            "summary": summarise(samples).to_json("ms"),
        }
        self.add("measured", step, {**data, "table": keep_table(self.folder, round_, rows)}, took_s=18.4)
        return samples

    def _reproduce(self, median_ms: float) -> list[Sample]:
        samples = self._samples(median_ms, "reproduce", "before")
        holds, value = Expectation.parse(EXPECT, "ms").judge(summarise(samples))
        self.add("judged", "reproduce", {"expectation": EXPECT, "value": value, "holds": str(holds)})
        self.end("reproduce", "done", f"{PROBE}: p95 is {value:,.4g} ms over 200 samples, expected {EXPECT}.")
        return samples

    def _checked(
        self, step: str, check: str, title: str, status: str, summary: str, *, rows: Sequence[dict[str, Any]] = (), **more: Any
    ) -> int:
        data: dict[str, Any] = {
            "check": check,
            "system": "postgres",
            "title": title,
            "arguments": {"limit": 10},
            "status": status,
            "summary": summary,
        }
        data |= {"reason": "", "remedy": "", "rows": list(rows)[:20], "n_rows": len(rows), "facts": {}, "ms": 12.7, "lost": False}
        if len(rows) > 20:
            data["table"] = keep_table(self.folder, check, rows)
        return self.add("checked", step, data | more)

    def _isolate(self) -> None:
        if self.index:
            rows = [
                {"queryid": 8412 + i, "query": self.foreign or q, "calls": calls, "mean_ms": ms, "total_ms": calls * ms, "share_pct": share}
                for i, (q, calls, ms, share) in enumerate(_STATEMENTS)
            ]
            said = "One statement takes 94 % of the time."
            self._checked("isolate", "statements_by_total_time", "Statements by the time they take", "PROBLEM", said, rows=rows)
        else:
            said = "23 sessions wait for a lock, 41.2 s the longest; at the head: pid 4711 (billing-worker, idle in transaction)."
            self._checked(
                "isolate", "lock_tree", "Who waits for a lock, and who is at the head of the queue", "PROBLEM", said, rows=self._locks()
            )
        self.end("isolate", "done", said)

    def _locks(self) -> list[dict[str, Any]]:
        names = ["billing-worker", "orders-api", "orders-api", "nightly-report", "admin"]
        rows = []
        for i in range(24):
            by = [] if i == 0 else [4711] if i < 8 else [4712]
            rows.append({
                "pid": 4711 + i, "blocked_by": by, "application_name": self.foreign or names[min(i, 4)],
                "state": "active" if i else "idle in transaction", "waiting_s": round(41.2 - i * 1.3, 1) if i else 0.0,
                "in_transaction_s": 312.4 if i == 0 else 41.2, "wait_event_type": "Lock" if i else "Client", "wait_event": "transactionid" if i else "ClientRead",
                "usename": "app", "datname": "app", "client_addr": None, "backend_type": "client backend",
                "query": self.foreign or "UPDATE accounts SET balance = balance - $1 WHERE id = $2",
            })  # fmt: skip
        return rows

    def _said(self) -> str:
        if self.index:
            return f"No index of {self.table} serves customer_id: the statement reads 2,000,000 rows to keep 41."
        return f"{self.subject} is idle in transaction for 312 s and holds up 23 sessions."

    def _investigate(self, verdict: Verdict) -> None:
        said = self._said()
        how = {Verdict.HEALTHY: "sound", Verdict.OTHER_CAUSE: "other", Verdict.INCONCLUSIVE: "unknown"}.get(verdict, "cause")
        text = {
            "sound": "Every scan is served by an index.",
            "other": "The statistics of orders are stale.",
            "unknown": "The samples disagree.",
        }.get(how, said)
        because = [
            f"{self.table} is read whole: 2,000,000 rows, 41 kept.",
            "No valid index begins with customer_id.",
            f"The statement: {self.foreign or QUERY}",
        ]
        status = {"sound": "OK", "unknown": "UNKNOWN"}.get(how, "PROBLEM")
        code = {"cause": self.runbook, "other": "stale_statistics"}.get(how)
        against = ["The last ANALYZE is 3 days old."] if how == "cause" else []
        more: dict[str, Any] = {"code": code, "subject": self.subject, "because": because, "against": against}
        number = self._checked("investigate", self.runbook, "Which column an index would serve", status, text, **more)
        cause: dict[str, Any] | None = None
        if how == "cause":
            cause = {"code": self.runbook, "subject": self.subject, "summary": said, "because": because, "evidence": [number]}
        self.add("concluded", "investigate", {"how": how, "summary": text, "other": code if how == "other" else None, "cause": cause})
        self.end("investigate", "unknown" if how == "unknown" else "done", text)

    def _fix(self, *, apply: bool) -> None:
        statement = f'CREATE INDEX CONCURRENTLY "orders_customer_id_idx" ON {self.table} (customer_id);'
        undo = 'DROP INDEX CONCURRENTLY IF EXISTS "orders_customer_id_idx";'
        index = {
            "name": "create_index", "arguments": {"table": self.table, "columns": ["customer_id"]}, "reversible": True, "preview": [statement], "undo": [undo],
            "effects": ["Writes go on while it builds.", "It reads the table twice, about 210 MB.", "The index will take about 43 MB."],
            "patch": f"-- migrate:up transaction:false\n{statement}\n\n-- migrate:down transaction:false\n{undo}\n",
        }  # fmt: skip
        session = {
            "name": "end_backend", "arguments": {"pid": 4711, "backend_start": "2026-07-03T03:01:55+00:00"}, "reversible": False,
            "preview": ["SELECT pg_cancel_backend(4711);", "SELECT pg_terminate_backend(4711);"], "undo": [], "patch": "",
            "effects": ["Its open transaction of 312 s is rolled back.", "Its client must connect again."],
        }  # fmt: skip
        self.add("fix_previewed", "fix", {"needs": "postgres", **(index if self.index else session)})
        advice = "Add the index to the migrations, or the next deployment drops it." if self.index else "Bound idle transactions."
        self.add("follow_up", "fix", {"text": advice})
        if not apply:
            self.end("fix", "skipped", "Previewed, not applied: a dry run.")
            return
        self.add("guard", "fix", {"guard": "invalid_indexes", "round": "before", "status": "OK", "summary": "No index is INVALID."})
        self.add("fix_intent", "fix", {"inverse": {"index": "orders_customer_id_idx"}})
        said = 'The index "orders_customer_id_idx" is valid, 43 MB.' if self.index else "pid 4711 is gone."
        self.add("fix_applied", "fix", {"read_back": said, "ms": 8240.0}, took_s=8.24)
        self.end("fix", "done", said)

    def _verify(self, before: list[Sample], median_ms: float) -> None:
        after = self._samples(median_ms, "verify", "after")
        c, (holds, value) = compare(before, after), Expectation.parse(EXPECT, "ms").judge(summarise(after))
        self.add("guard", "verify", {"guard": "invalid_indexes", "round": "after", "status": "OK", "summary": "No index is INVALID."})
        passed = str(c.decision) == "improved"
        why = f"p95 is {value:,.4g} ms (expected {EXPECT}); {c.why}."
        data = {
            "probe": PROBE, "metric": "ms", "expectation": EXPECT, "before": summarise(before).to_json("ms"), "after": summarise(after).to_json("ms"),
            "effect": c.ratio, "ci": list(c.ratio_ci), "p_value": c.p_value, "decision": str(c.decision), "expectation_holds": str(holds),
            "guards": [{"guard": "invalid_indexes", "before": "OK"}], "passed": passed, "why": why, "method": Comparison.METHOD,
        }  # fmt: skip
        self.add("verified", "verify", data)
        if not passed and self.index:
            self.add("undone", "verify", {"reason": "not verified (no change)", "by": "verification"}, took_s=1.1)
        self.end("verify", "done" if passed else "failed", why)

    def _close(self) -> None:
        for name in tell(read_evidence(self.folder)).steps.values():
            if name.status == "pending" and name.name != "document":
                self.end(name.name, "skipped", "Not reached.")
        self.end("document", "done", "The incident is written down.")
        cost = {"postgres": {"queries": 31, "time_ms": 214.8, "connections": 1}, "api": {"requests": 440}, "duration_s": 52.3}
        self.add("closed", "document", {"footprint": cost})


_STATEMENTS = (
    (QUERY, 12840, 611.2, 94.1),
    ("UPDATE carts SET updated_at = now() WHERE session_id = $1", 20411, 14.2, 3.5),
    ("SELECT * FROM feature_flags WHERE environment = $1", 88120, 0.9, 1.0),
    ("INSERT INTO order_events (order_id, kind, payload) VALUES ($1, $2, $3)", 6120, 9.1, 0.7),
    ("SELECT 1", 210344, 0.02, 0.1),
)
