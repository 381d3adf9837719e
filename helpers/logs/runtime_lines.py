"""The lines that `helpers.asgi` writes: a word and a JSON object, in the body of any log format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.moments import moment

__all__ = ["NONE", "REMEDY", "runtime_lines"]

MOST = 50_000
NONE = "The log holds no runtime line of this time: the application does not run helpers.asgi.RuntimeMiddleware, or its lines go elsewhere."
REMEDY = "Add the middleware (docs/asgi.md, two lines), or the file that the logger `runbook.runtime` writes to."
_SQL = (
    "select body from entries where starts_with(body, 'runtime {') or starts_with(body, $kind || ' {') order by timestamp desc limit $most"
)


async def runtime_lines(logs: LogFiles, kind: str, since: str, timeout_s: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the `runtime` lines and those of `kind` (`stall`, `waits`), the newest first; what is no JSON is left out.

    Raises:
        SystemProblem: as the session raises it; ParameterError for `since`.

    """
    rows: Sequence[tuple[Any, ...]]
    rows = await logs.ask(lambda entries: entries.rows(_SQL, {"kind": kind, "most": MOST}), moment(since), timeout_s=timeout_s)
    found: dict[str, list[dict[str, Any]]] = {"runtime": [], kind: []}
    for (body,) in rows:
        word, _, text = str(body).partition(" ")
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and word in found:
            found[word].append(line)
    return found["runtime"], found[kind]
