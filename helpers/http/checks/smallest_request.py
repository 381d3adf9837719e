"""The smallest request that still fails: which of its parameters and headers matter, and which do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from helpers.http.connect import SAFE_METHODS, Api
from helpers.http.minimise import ddmin
from helpers.results import CheckResult, Status

__all__ = ["SmallestRequest", "smallest_request"]

MOST = 30  # requests: a failing endpoint is not to be beaten
TWICE = 2  # a request counts as failing when it fails each of these times
TIMEOUT_S = 10.0
PLAINER = ("", "0", "x")  # tried in a value's place, the shortest first

Part = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SmallestRequest:
    """One request that answers with 500 or more, every time; `without` is what was left out of it and did not matter."""

    request: str
    status: int
    tries: int
    needed: list[str]
    without: list[str]
    always: bool


async def smallest_request(api: Api, *, request: str = "", headers: Mapping[str, str] | None = None) -> CheckResult[SmallestRequest]:
    """Leave out of a failing request what can be left out, and make values plainer, as long as it fails.

    Args:
        api: The API; at most 30 requests are made, all of the given safe method.
        request: `GET /path?query` that fails; empty: SKIPPED.
        headers: Headers it was made with; of these, too, only those that matter stay.

    Returns:
        PROBLEM with one row, OK when it does not fail; SKIPPED for a method that may change something.

    """
    method, _, target = request.strip().rpartition(" ")
    if not target or (method or "GET") not in SAFE_METHODS:
        reason = f"{method} may change something, and is not repeated." if target else "There is no request that failed."
        return CheckResult(Status.SKIPPED, reason=reason, remedy="Give a failing GET as `endpoint`.")
    path, _, query = target.partition("?")
    trial = _Trial(api, method or "GET", path)
    parts: list[Part] = [("?", urlencode([pair])) for pair in parse_qsl(query, keep_blank_values=True, max_num_fields=100)]
    parts += (headers or {}).items()
    results = [await trial.status(parts) for _ in range(TWICE)]
    if max(results) < 500:
        return CheckResult(Status.OK, [], f"{request} does not fail (HTTP {results[0]}).", facts={"tries": trial.tries})
    if min(results) < 500:
        flaky = [SmallestRequest(request, max(results), trial.tries, [], [], always=False)]
        return CheckResult(Status.PROBLEM, flaky, f"{request} fails, but not every time.", facts={"always": False})
    row = await _smallest(trial, parts, max(results))
    facts = {"always": True, "tries": trial.tries}
    return CheckResult(Status.PROBLEM, [row], f"{row.request} is enough to fail (HTTP {row.status}).", facts=facts)


async def _smallest(trial: _Trial, parts: list[Part], status: int) -> SmallestRequest:
    kept, _ = await ddmin(parts, trial.fails, MOST - trial.tries) if parts else (parts, 0)
    plain = await _plainer(trial, kept)
    without = [_said(part) for part in parts if part not in kept]
    return SmallestRequest(trial.shown(plain), status, trial.tries, [_said(part) for part in plain], without, always=True)


class _Trial:
    """Makes requests of parts: pairs of a query under the name `?`, and headers under theirs."""

    def __init__(self, api: Api, method: str, path: str) -> None:
        self.api, self.method, self.path, self.tries = api, method, path, 0

    async def status(self, parts: list[Part]) -> int:
        self.tries += 1
        query = "&".join(text for name, text in parts if name == "?")
        target = f"{self.path}?{query}" if query else self.path
        given = {name: value for name, value in parts if name != "?"}
        return (await self.api.request(self.method, target, timeout_s=TIMEOUT_S, fresh=True, headers=given)).status

    async def fails(self, parts: list[Part]) -> bool:
        return await self.status(parts) >= 500

    def shown(self, parts: list[Part]) -> str:
        query = "&".join(text for name, text in parts if name == "?")
        headers = "".join(f", {name}: {value}" for name, value in parts if name != "?")
        return f"{self.method} {self.path}{'?' if query else ''}{query}{headers}"


async def _plainer(trial: _Trial, parts: list[Part]) -> list[Part]:
    """Try a plainer value in each place: what fails with `x` needs no name of a person."""
    for place, (name, text) in enumerate(parts):
        key, _, value = text.partition("=") if name == "?" else ("", "", text)
        for plain in PLAINER:
            if trial.tries >= MOST or len(plain) >= len(value):
                break
            tried = [*parts[:place], (name, f"{key}={plain}" if name == "?" else plain), *parts[place + 1 :]]
            if await trial.fails(tried):
                parts = tried
                break
    return parts


def _said(part: Part) -> str:
    name, text = part
    return text if name == "?" else f"{name}: {text}"
