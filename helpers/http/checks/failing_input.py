"""Which kind of value makes a request fail: each parameter that matters is left out, emptied, and given text and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from helpers.http.connect import Api, Reading
from helpers.http.input_classes import KINDS, named
from helpers.http.probes.empty_answers import is_empty_error
from helpers.results import CheckResult, Status

__all__ = ["FailingInput", "failing_input"]

MOST = 40  # requests: a failing endpoint is not to be beaten
TWICE = 2


@dataclass(frozen=True, slots=True)
class FailingInput:
    """One parameter; `what` says in words which of its values fail, empty where that is not decided."""

    parameter: str
    fails: list[str]
    works: list[str]
    what: str


async def failing_input(api: Api, *, request: str = "", smallest: CheckResult[Any] | None = None) -> CheckResult[FailingInput]:
    """Try kinds of values in each parameter of a failing GET.

    Args:
        api: The API; at most 40 requests are made.
        request: `GET /path?query` that fails; empty: SKIPPED.
        smallest: Of http.smallest_request, whose parameters are the ones that matter.

    Returns:
        PROBLEM with a row per parameter, OK when the request does not fail. Facts: `status`, `is_empty`, `content_type`, `platform` (the code
        the platform itself gave), `path`, `always`.

    """
    row = smallest.rows[0] if smallest is not None and smallest.rows else None
    known = str(row.request).split(", ")[0] if row is not None and row.always else request
    method, _, target = known.strip().rpartition(" ")
    if not target or (method or "GET") != "GET":
        return CheckResult(Status.SKIPPED, reason="There is no GET that fails.", remedy="Give one as `endpoint`.")
    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20)
    first = [await api.read(_target(path, pairs)) for _ in range(TWICE)]
    facts = _facts(path, first)
    if not any(_failed(reading) for reading in first):
        return CheckResult(Status.OK, [], f"{known} does not fail (HTTP {first[0].status}).", facts=facts)
    names = list(dict.fromkeys(name for name, _ in pairs)) if facts["always"] else []
    rows = [await _tried(api, path, pairs, name) for name in names[: MOST // len(KINDS)]]
    said = [f"{one.parameter} {one.what}" for one in rows if one.what]
    return CheckResult(Status.PROBLEM, rows, f"{path} fails when {' and '.join(said) or 'it is asked'}.", facts=facts)


async def _tried(api: Api, path: str, pairs: list[tuple[str, str]], name: str) -> FailingInput:
    fails: list[str] = []
    works: list[str] = []
    for kind, value in KINDS.items():
        rest = [pair for pair in pairs if pair[0] != name]
        reading = await api.read(_target(path, rest if value is None else [*rest, (name, value)]))
        (fails if _failed(reading) else works).append(kind)
    return FailingInput(name, fails, works, named(fails, works))


def _failed(reading: Reading) -> bool:
    return reading.status == 0 or reading.status >= 500


def _facts(path: str, readings: list[Reading]) -> dict[str, Any]:
    last = readings[-1]
    return {
        "path": path,
        "status": last.status,
        "is_empty": all(is_empty_error(reading) for reading in readings),
        "content_type": last.headers.get("content-type", ""),
        "platform": last.headers.get("x-vercel-error", ""),
        "always": all(_failed(reading) for reading in readings),
    }


def _target(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path
