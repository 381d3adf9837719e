"""One base address, asked over HTTP with GET and HEAD only.

No redirects are followed to other hosts, no proxy or `.netrc` of the environment is used, and bodies are read but not kept.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from helpers.errors import ParameterError, SystemProblem, TimedOut, Unreachable
from helpers.redaction import redact_url

__all__ = ["SAFE_METHODS", "Answer", "Api", "Reading", "open_session", "parse_endpoint"]

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  # RFC 9110, 9.2.1: the ones a probe may repeat
TIMEOUT_S = 10.0
LARGEST_BYTES = 10_000_000  # a probe stops reading there: it measures, it does not download


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: `status` 0 with `error` when there was none; `elapsed_ms` up to the last byte read."""

    status: int
    elapsed_ms: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One response with what it said: `body` up to the bound (`is_whole` says whether that was all), never kept as evidence, nor shown."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    is_whole: bool = True
    error: str = ""


def parse_endpoint(endpoint: str) -> tuple[str, str]:
    """Return (method, path with query) of `GET /orders?customer_id=42` or `/orders`.

    Raises:
        ParameterError: a method that may change something, or a path that does not start with `/`.

    """
    method, _, path = endpoint.strip().rpartition(" ")
    method = (method or "GET").strip().upper()
    if method not in SAFE_METHODS:
        raise ParameterError(f"A probe repeats its request, so {method} is refused.", remedy=f"Use one of {', '.join(SAFE_METHODS)}.")
    if not path.startswith("/") or path.startswith("//") or any(ord(c) < 33 for c in path):
        raise ParameterError(f"The endpoint {endpoint!r} has no path.", remedy="Write it as `GET /orders?customer_id=42`.")
    return method, path


def _translate(error: Exception, base_url: str) -> SystemProblem:
    if isinstance(error, httpx.TimeoutException):
        return TimedOut("api", f"{redact_url(base_url)} did not answer in time ({type(error).__name__}).")
    return Unreachable(
        "api", f"{redact_url(base_url)} cannot be reached ({type(error).__name__}).", remedy="Check the profile's api address."
    )


@cache
def _trust() -> ssl.SSLContext:
    """Return the certificates to trust, read once: 20 ms, which a client of one request would add to what it measures."""
    return httpx.create_ssl_context(trust_env=False)


class Api:
    """A session with one API; `request` never raises for what the API answers."""

    system: ClassVar[str] = "api"

    def __init__(self, base_url: str, user_agent: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable("api", "The api address is not an http(s) URL.", remedy="Write https://host[:port][/prefix].")
        self.base_url = base_url.rstrip("/")
        self._headers = {"user-agent": user_agent, "cache-control": "no-cache"}
        self._client = self._new_client()
        self._requests = 0
        self._time_ms = 0.0

    def _new_client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        return httpx.AsyncClient(headers=self._headers, timeout=TIMEOUT_S, trust_env=False, limits=limits, verify=_trust())

    async def ping(self) -> str:
        """Return what answers at the base address, whatever its status; raise a SystemProblem when nothing does."""
        try:
            response = await self._client.get(self.base_url + "/", timeout=5.0)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translate(error, self.base_url) from None
        server = response.headers.get("server", "an HTTP server")
        return f"{redact_url(self.base_url)} answers {response.status_code} ({server})"

    async def request(
        self, method: str, path: str, *, timeout_s: float = TIMEOUT_S, fresh: bool = False, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to one safe request, body read and thrown away; `fresh` opens a connection for it alone."""
        started = time.perf_counter()
        client = self._new_client() if fresh else self._client
        try:
            status, error = await _ask(client, method, self.base_url + path, timeout_s, headers)
        finally:
            if fresh:
                await client.aclose()
        elapsed_ms = (time.perf_counter() - started) * 1000
        self._requests += 1
        self._time_ms += elapsed_ms
        return Answer(status, elapsed_ms, error)

    async def read(
        self, path: str, *, headers: Mapping[str, str] | None = None, most_bytes: int = 1_000_000, timeout_s: float = TIMEOUT_S
    ) -> Reading:
        """Return the answer to a GET on a connection of its own, with its body up to `most_bytes`; redirects are not followed.

        The body is for deriving shapes from, and is thrown away: no check returns what stands in it.
        """
        started = time.perf_counter()
        async with self._new_client() as client:
            found = await _read(client, self.base_url + path, dict(headers or {}), most_bytes, timeout_s)
        self._requests += 1
        self._time_ms += (time.perf_counter() - started) * 1000
        return found

    async def identity(self) -> str:
        """Return nothing: one address may be many servers."""
        return ""

    def footprint(self) -> dict[str, float]:
        """Return the `requests` sent and their `time_ms`."""
        return {"requests": self._requests, "time_ms": round(self._time_ms, 1)}

    async def close(self) -> None:
        """Close every connection; never raises."""
        await self._client.aclose()


async def _ask(client: httpx.AsyncClient, method: str, url: str, timeout_s: float, headers: Mapping[str, str] | None) -> tuple[int, str]:
    try:
        async with client.stream(method, url, timeout=timeout_s, headers=headers) as response:
            read = 0
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read > LARGEST_BYTES:
                    break
            return response.status_code, "" if response.status_code < 500 else f"HTTP {response.status_code}"
    except httpx.TimeoutException as error:
        return 0, type(error).__name__
    except httpx.InvalidURL as error:
        raise ParameterError(f"The endpoint cannot be asked: {error}.") from None
    except httpx.HTTPError as error:
        return 0, type(error).__name__


async def _read(client: httpx.AsyncClient, url: str, headers: dict[str, str], most_bytes: int, timeout_s: float) -> Reading:
    try:
        async with client.stream("GET", url, timeout=timeout_s, headers=headers) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes(65_536):
                body += chunk
                if len(body) > most_bytes:
                    break
            given = {name.lower(): value for name, value in response.headers.items()}
            return Reading(response.status_code, given, bytes(body[:most_bytes]), len(body) <= most_bytes)
    except httpx.InvalidURL as error:
        raise ParameterError(f"The endpoint cannot be asked: {error}.") from None
    except httpx.HTTPError as error:
        return Reading(0, error=type(error).__name__)


async def open_session(address: str, *, application_name: str) -> Api:
    """Return a session with the API at `address`; no request is sent yet. Raises Unreachable for a malformed address."""
    return Api(address, application_name)
