"""One cell of the matrix: a runbook run against a state, and whether what it said is allowed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from helpers.incident.document import IncidentDocument
from helpers.incident.recovery import undo
from helpers.runner.catalogue import find_runbook
from helpers.sandbox import Sandbox
from tests.runbooks.server import BIN, dump
from tests.runbooks.states import State

USUAL = {"api": "GET /orders?customer_id=42", "platform": "GET /api/orders?customer_id=42"}
RESULTS = os.environ.get("RUNBOOK_MATRIX")


@dataclass(frozen=True)
class Cell:
    """What one runbook said of one state; `wrong` is empty where that is allowed."""

    state: str
    code: str
    runbook: str
    verdict: str
    cause: str
    other: str
    undone: bool
    wrong: str
    summary: str

    def keep(self) -> Cell:
        """Append it to the results that RUNBOOK_MATRIX names, from which docs/matrix.md is made."""
        if RESULTS:
            with Path(RESULTS).open("a") as file:
                file.write(json.dumps(asdict(self)) + "\n")
        return self


def already(state: State) -> set[str]:
    """The runbooks whose cell of this state the results hold: a run that was stopped goes on where it was."""
    path = Path(RESULTS) if RESULTS else None
    if path is None or not path.exists():
        return set()
    cells = [json.loads(line) for line in path.read_text().splitlines()]
    return {cell["runbook"] for cell in cells if cell["state"] == str(state) and not cell["wrong"]}


async def off_diagonal(run: Any, sandbox: Sandbox, state: State, runbook: str, given: dict[str, Any]) -> Cell:
    """Run another failure mode's runbook, dry."""
    result = await run(runbook, sandbox, systems=state.systems, **await parameters(sandbox, runbook, given))
    return _cell(state, runbook, result.document, _wrong_elsewhere(state, result.document)).keep()


async def diagonal(run: Any, sandbox: Sandbox, state: State, subject: str, given: dict[str, Any]) -> Cell:
    """Run the fault's own runbook with its fix applied, and undo that."""
    before = await catalog(sandbox) if "postgres" in state.services else ""
    result = await run(state.fault, sandbox, apply=True, systems=state.systems, **await parameters(sandbox, state.fault, given))
    document = result.document
    wrong = _wrong_here(state, subject, document)
    undone = False
    if document.fix is not None and document.fix.reversible and document.fix.applied:
        undone, said, _ = await undo(result.folder)
        wrong = wrong or ("" if undone else f"the undo failed: {said}")
    if before and (undone or not (document.fix and document.fix.applied)) and await catalog(sandbox) != before:
        wrong = wrong or "the catalog is not what it was"
    return _cell(state, state.fault, document, wrong, undone=undone).keep()


async def parameters(sandbox: Sandbox, runbook: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a person would give: the fault's parameters this runbook has, and of a query most of what it takes now as expectation."""
    declared = {p.name for p in find_runbook(runbook).parameters}
    chosen = {name: value for name, value in given.items() if name in declared}
    usual = USUAL.get(find_runbook(runbook).area)
    if usual is None:  # these are told apart by what the server says
        chosen.pop("endpoint", None)
    elif "endpoint" in declared:
        chosen.setdefault("endpoint", usual)
    if "query" in chosen and "slo_p95_ms" in declared and "slo_p95_ms" not in chosen:
        chosen["slo_p95_ms"] = await most_of(sandbox, chosen["query"])
    return chosen


async def most_of(sandbox: Sandbox, query: str) -> float:
    """Return four fifths of the median time the query takes on this machine, as busy as it is now, in ms."""
    connection = await asyncpg.connect(sandbox.postgres_dsn)
    took = []
    for _ in range(9):
        began = time.perf_counter()
        await connection.fetch(query)
        took.append((time.perf_counter() - began) * 1000)
    await connection.close()
    return max(round(0.8 * statistics.median(took), 1), 0.1)


async def catalog(sandbox: Sandbox) -> str:
    """The schema and the roles' settings, as the server's own tools write them; names made while the state goes on are not in it."""
    arguments = ["--globals-only", "--no-role-passwords", "--dbname", sandbox.admin_dsn]
    process = await asyncio.create_subprocess_exec(BIN / "pg_dumpall", *arguments, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return await dump(sandbox) + re.sub(r"^\\(un)?restrict .*$", "", out.decode(), flags=re.M)


def _wrong_elsewhere(state: State, document: IncidentDocument) -> str:
    if document.broken:
        return f"broke: {document.broken}"
    if document.verdict in ("healthy", "inconclusive"):
        return ""
    if document.verdict == "other_cause":
        named = document.other or ""
        return "" if named == state.code else f"names {named or 'nothing'} instead of {state.code or 'nothing'}"
    return f"says {document.verdict}" + (f" ({document.cause.subject})" if document.cause else "")


def _wrong_here(state: State, subject: str, document: IncidentDocument) -> str:
    wanted = "resolved" if state.resolvable else "cause_found"
    said = document.cause.subject if document.cause else ""
    if document.broken:
        return f"broke: {document.broken}"
    if said != subject:
        return f"names {said or 'no subject'} instead of {subject}"
    return "" if document.verdict == wanted else f"says {document.verdict} instead of {wanted}"


def _cell(state: State, runbook: str, document: IncidentDocument, wrong: str, *, undone: bool = False) -> Cell:
    cause = document.cause.subject if document.cause else ""
    return Cell(str(state), state.code, runbook, str(document.verdict), cause, document.other or "", undone, wrong, document.summary)
