"""Commands to a Redis behind Upstash's REST interface (Vercel KV too), over HTTP.

The address is `https://:TOKEN@host`. A command is a JSON array posted to `/`, many are posted to `/pipeline`; replies come as base64, so
that values of arbitrary bytes survive. Arguments are JSON text: a key that is no UTF-8 cannot be named there, and is refused one by one.

Source: the service's manual, Redis REST API.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from helpers.errors import BadAnswer, Refused, SystemProblem, TimedOut, Unreachable
from helpers.redaction import redact
from helpers.redis.commands import Part

__all__ = ["Rest"]

CHUNK = 200  # commands in one request: below the service's limits on a request's size, and short enough for its time-out
_OK = "OK"  # the one string that is not encoded
_UNAVAILABLE = ("unknown command", "unknown subcommand", "not available", "not supported", "not implemented")


class Rest:
    """A wire to one REST endpoint, with time-outs and counts; it sends what it is given, so only the sessions hold one."""

    def __init__(self, address: str, application_name: str) -> None:
        parts = urlsplit(address)
        token = unquote(parts.password or parts.username or "")
        if not (parts.hostname and token):
            raise Unreachable(
                "redis",
                "The redis address is not a valid URL of a REST interface: it has no host or no token.",
                remedy="Write https://:TOKEN@host.",
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.address, self.application_name = address, application_name
        self.place = f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}{parts.path.rstrip('/')}"
        self.commands, self.time_ms = 0, 0.0
        headers = {"authorization": f"Bearer {token}", "upstash-encoding": "base64", "user-agent": application_name.replace(" ", "-")}
        self._client = httpx.AsyncClient(base_url=f"{parts.scheme}://{self.place}", headers=headers, trust_env=False)

    async def one(self, parts: Iterable[Part], timeout_s: float) -> Any:
        """Return the reply to one command. Raises SystemProblem."""
        reply = (await self.many([list(parts)], timeout_s))[0]
        if isinstance(reply, SystemProblem):
            raise reply
        return reply

    async def many(self, commands: Sequence[Sequence[Part]], timeout_s: float, *, lines: bool = False) -> list[Any]:
        """Return the reply to each of the commands; one that is refused has its SystemProblem as reply.

        Args:
            commands: Each split into its words and arguments.
            timeout_s: Seconds for each request of up to 200 commands.
            lines: Makes no difference here.

        Raises:
            TimedOut, Unreachable, BadAnswer: the request failed; none of the replies is known.

        """
        texts = [_as_text(command) for command in commands]
        sendable = [text for text in texts if not isinstance(text, SystemProblem)]
        replies: list[Any] = []
        for start in range(0, len(sendable), CHUNK):
            replies += await self._post(sendable[start : start + CHUNK], timeout_s)
        told = iter(replies)
        return [text if isinstance(text, SystemProblem) else next(told) for text in texts]

    async def each(self, questions: Sequence[Sequence[str]], keys: Sequence[bytes], timeout_s: float) -> list[tuple[Any, ...]]:
        """Return, for each key, the reply to each question about it. Raises as `many`."""
        replies = await self.many([(*words, key) for key in keys for words in questions], timeout_s)
        return list(zip(*[iter(replies)] * len(questions), strict=True))

    async def _post(self, commands: Sequence[Sequence[str]], timeout_s: float) -> list[Any]:
        alone = len(commands) == 1
        started = time.perf_counter()
        try:
            response = await self._client.post("/" if alone else "/pipeline", json=commands[0] if alone else commands, timeout=timeout_s)
            body = response.json() if response.status_code in (200, 400) else None
        except httpx.TimeoutException:
            raise TimedOut("redis", "Redis did not answer in time.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(f"{type(error).__name__}: {error}") from None
        except ValueError:
            raise BadAnswer("redis", "The REST interface answered something that is no JSON.", code="") from None
        finally:
            self.commands += len(commands)
            self.time_ms += (time.perf_counter() - started) * 1000
        return _replies(response.status_code, body, len(commands))

    async def again(self) -> Rest:
        """Return another one to the same server."""
        return Rest(self.address, self.application_name)

    async def at(self, host: str, port: int) -> Rest:
        """Raise Refused: behind this interface there are no nodes to be told apart."""
        raise Refused("redis", f"The REST interface does not show the node {host}:{port}.", remedy="Use the database's redis:// address.")

    async def close(self) -> None:
        """Close its connections; never raises."""
        await self._client.aclose()


def _as_text(command: Sequence[Part]) -> list[str] | Refused:
    try:
        return [part.decode() if isinstance(part, bytes) else str(part) for part in command]
    except UnicodeDecodeError:
        return Refused("redis", "A key that is no UTF-8 cannot be named over REST.", remedy="Use the database's redis:// address.")


def _replies(status: int, body: Any, count: int) -> list[Any]:
    if status in (401, 403):
        raise Unreachable("redis", "The REST interface refuses the token.", remedy="Check the token in the profile's redis address.")
    if status == 429:
        raise Unreachable("redis", "The REST interface limits the rate of requests.", remedy="Wait a moment, or look at the plan's limits.")
    if body is None:
        raise _unreachable(f"HTTP {status}")
    answers = [body] if isinstance(body, dict) else body
    if not isinstance(answers, list) or not all(isinstance(a, dict) and ("result" in a or "error" in a) for a in answers):
        raise BadAnswer("redis", "The REST interface answered in an unknown form.", code="")
    if len(answers) != count:
        text = str(answers[0].get("error", f"{len(answers)} replies for {count} commands")) if answers else "no reply"
        raise BadAnswer("redis", redact(text), code=text.split(" ", 1)[0])
    return [_problem(str(a["error"])) if "error" in a else _decoded(a["result"]) for a in answers]


def _problem(text: str) -> SystemProblem:
    code, said = text.split(" ", 1)[0], redact(text)
    if code in ("NOPERM", "NOAUTH", "WRONGPASS"):
        return Refused("redis", said, remedy="This token may not ask that: a read-only token may not write.")
    if any(phrase in text.lower() for phrase in _UNAVAILABLE):
        return Refused("redis", said, remedy="This service does not have the command.")
    return BadAnswer("redis", said, code=code)


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, str):
        return value
    try:
        return b"OK" if value == _OK else base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value.encode()  # a status line that was left as it is


def _unreachable(text: str) -> Unreachable:
    return Unreachable("redis", f"Redis cannot be reached: {redact(text)}", remedy="Check the profile's redis address.")
