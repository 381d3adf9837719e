"""One Vercel project, asked over its REST API with GET only, on the paths listed here; no value of a variable leaves this file.

A value the API sends becomes a salted hash and a few words about its form in the function that reads it; what is encrypted or sensitive is
dropped. No redirect is followed, no proxy or `.netrc` of the environment is used, and the token goes to the profile's `api` alone.

Source: Vercel documentation, REST API (Welcome: authentication, pagination, errors, rate limits).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from helpers.errors import BadAnswer, ParameterError, SystemProblem, TimedOut, Unreachable
from helpers.redaction import redact_url
from helpers.settings import Profile
from helpers.variables.hidden import Hidden, hide
from helpers.variables.known import Variable
from helpers.vercel.answers import instant, refusal, wait_s

__all__ = ["Vercel", "open_session"]

TIMEOUT_S = 10.0
BUDGET_S = 20.0  # of one question, waits for the rate limit included
LARGEST_BYTES = 5_000_000
PAGE = 100  # the most the API gives at once
MOST_PAGES = 20
_ID = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
_ALLOWED = tuple(
    re.compile(path)
    for path in (
        rf"/v9/projects/{_ID}", rf"/v10/projects/{_ID}/env", rf"/v9/projects/{_ID}/domains", "/v6/deployments", "/v1/env",
        rf"/v1/projects/{_ID}/deployments/{_ID}/runtime-logs",
    )
)  # fmt: skip


class Vercel:
    """A session with one project of the profile."""

    system: ClassVar[str] = "vercel"

    def __init__(self, api: str, project: str, token: str, team: str, user_agent: str) -> None:
        parts = urlsplit(api)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable("vercel", "The address of the API is not an http(s) URL.", remedy="Leave the profile's vercel.api out.")
        self.project = project
        self._base = api.rstrip("/")
        self._team = {"teamId" if team.startswith("team_") else "slug": team} if team else {}
        headers = {"authorization": f"Bearer {token}", "user-agent": user_agent}
        self._client = httpx.AsyncClient(headers=headers, timeout=TIMEOUT_S, trust_env=False)
        self._requests = 0
        self._time_ms = 0.0

    async def ping(self) -> str:
        """Return which project answers. Raises SystemProblem when the token may not read it."""
        found = await self.described()
        return f"project {found.get('name', self.project)} ({found.get('framework') or 'no framework'})"

    async def described(self) -> dict[str, Any]:
        """Return the project's name, id, framework, and the id and time of the deployment that serves production (empty: not told).

        Source: Vercel documentation, REST API, Find a project by id or name.
        """
        said = await self._get(f"/v9/projects/{self.project}")
        live = (said.get("targets") or {}).get("production") or {}
        at = instant(live.get("createdAt"))
        return {**{key: said.get(key) for key in ("name", "id", "framework")}, "live": str(live.get("id") or ""), "live_at": at}

    async def variables(self) -> list[Variable]:
        """Return the project's variables, and those its team shares with it, without values.

        Source: Vercel documentation, REST API, Retrieve the environment variables of a project by id or name; Lists all Shared
        Environment Variables for a team.
        """
        own = await self._pages(f"/v10/projects/{self.project}/env", "envs")
        shared: list[dict[str, Any]] = []
        if self._team:
            project = (await self.described())["id"] or self.project
            shared = await self._pages("/v1/env", "data", projectId=project)
        return [_variable(one) for one in [*own, *shared] if isinstance(one.get("key"), str)]

    async def deployments(self, *, most: int = PAGE, target: str = "") -> list[dict[str, Any]]:
        """Return the newest deployments, at most `most`, as the API has them. Source: Vercel documentation, REST API, List deployments."""
        chosen = {"projectId": self.project, **({"target": target} if target else {})}
        return (await self._pages("/v6/deployments", "deployments", most=most, **chosen))[:most]

    async def domains(self) -> list[dict[str, Any]]:
        """Return the project's domains. Source: Vercel documentation, REST API, Retrieve project domains by project by id or name."""
        return await self._pages(f"/v9/projects/{self.project}/domains", "domains")

    async def runtime_logs(self, deployment: str, *, most: int, for_s: float) -> tuple[list[dict[str, Any]], bool]:
        """Return lines of a deployment's log, and whether that was all: the API goes on sending, so it is read up to `most` lines or `for_s` seconds.

        Source: Vercel documentation, REST API, Get logs for a deployment.
        """
        path = f"/v1/projects/{self.project}/deployments/{deployment}/runtime-logs"
        found: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(for_s), self._asked(path, {}) as response:
                read = 0
                async for line in response.aiter_lines():
                    read += len(line)
                    found += [said] if isinstance(said := _parsed(line), dict) else []
                    if len(found) >= most or read > LARGEST_BYTES:
                        return found[:most], False
        except TimeoutError:
            return found, False
        except TimedOut:
            if not found:
                raise
            return found, False
        return found, True

    async def _pages(self, path: str, key: str, *, most: int = PAGE * MOST_PAGES, **chosen: str) -> list[dict[str, Any]]:
        """Return the rows of every page, the newest first. Raises BadAnswer when they are more than can be read."""
        found: list[dict[str, Any]] = []
        until: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            said = await self._get(path, limit=str(min(most, PAGE)), **chosen, **until)
            rows = said.get(key)
            if not isinstance(rows, list):
                raise BadAnswer("vercel", f"The answer to {path} has no {key}.", remedy="Is the profile's vercel.api the platform's own?")
            found += [row for row in rows if isinstance(row, dict)]
            then = (said.get("pagination") or {}).get("next")
            if not then or len(found) >= most or until == {"until": str(then)}:
                return found
            until = {"until": str(then)}
        raise BadAnswer("vercel", f"{path} has more than {MOST_PAGES} pages.", remedy="Name one project, or ask for less.")

    async def _get(self, path: str, **chosen: str) -> dict[str, Any]:
        async with self._asked(path, chosen) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes(65_536):
                body += chunk
                if len(body) > LARGEST_BYTES:
                    raise BadAnswer("vercel", f"The answer to {path} is larger than {LARGEST_BYTES:,} bytes.")
        said = _parsed(body)
        if not isinstance(said, dict):
            raise BadAnswer("vercel", f"The answer to {path} is no JSON object.", remedy="Is the profile's vercel.api the platform's own?")
        return said

    @asynccontextmanager
    async def _asked(self, path: str, chosen: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """Open one GET; wait as long as the rate limit asks for, where that is within the budget. Raises SystemProblem."""
        if not any(allowed.fullmatch(path) for allowed in _ALLOWED):
            raise ParameterError(
                f"{path!r} is not asked of the platform.", remedy="A deployment's id is letters, digits, `_`, `-` and `.`."
            )
        began = time.monotonic()
        try:
            while True:
                async with self._client.stream("GET", self._base + path, params={**self._team, **chosen}) as response:
                    self._requests += 1
                    wait = wait_s(response.headers, time.time()) if response.status_code == 429 else 0.0
                    left = BUDGET_S - (time.monotonic() - began)
                    if response.status_code != 429 or wait > left:
                        if response.status_code != 200:
                            raise refusal(response.status_code, path, wait)
                        yield response
                        return
                await asyncio.sleep(wait)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._translated(error) from None
        finally:
            self._time_ms += (time.monotonic() - began) * 1000

    def _translated(self, error: Exception) -> SystemProblem:
        where = redact_url(self._base)
        if isinstance(error, httpx.TimeoutException):
            return TimedOut("vercel", f"{where} did not answer within {TIMEOUT_S:g} s ({type(error).__name__}).")
        return Unreachable("vercel", f"{where} cannot be reached ({type(error).__name__}).", remedy="Check the network, and vercel.api.")

    async def identity(self) -> str:
        """Return the project's id, which is the same under every name."""
        return str((await self.described()).get("id") or "")

    def footprint(self) -> dict[str, float]:
        """Return the `requests` sent and their `time_ms`."""
        return {"requests": self._requests, "time_ms": round(self._time_ms, 1)}

    async def close(self) -> None:
        """Close every connection; never raises."""
        await self._client.aclose()


def _parsed(text: bytes | bytearray | str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _variable(said: Mapping[str, Any]) -> Variable:
    """Return a variable by name; the only place that sees its value, which ends here."""
    kind, value, target = str(said.get("type") or ""), said.get("value"), said.get("target") or []
    readable = isinstance(value, str) and (kind == "plain" or (kind == "encrypted" and said.get("decrypted") is True))
    hidden = hide(str(value)) if readable else Hidden("")
    environments = [target] if isinstance(target, str) else [str(one) for one in target]
    environments += [str(one) for one in said.get("customEnvironmentIds") or []]
    changed = instant(said.get("updatedAt") or said.get("createdAt"))
    branch = str(said.get("gitBranch") or "")
    return Variable(str(said["key"]), environments, "vercel", kind, changed, branch, hidden.digest, list(hidden.looks))


async def open_session(profile: Profile, *, application_name: str) -> Vercel:
    """Return a session with the profile's project; no request is sent yet.

    Raises:
        ProfileError: the token's reference points at nothing.
        Unreachable: the profile has no project, or the API's address is none.

    """
    if profile.vercel is None:
        raise Unreachable("vercel", f"The profile {profile.name} has no vercel.", remedy='Add `vercel = { project = "…" }` to it.')
    named = profile.vercel
    return Vercel(named.api, named.project, named.token_of(profile.name), named.team, application_name)
