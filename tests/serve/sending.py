"""Alerts as they are sent to a receiver, and receivers to send them to."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import signal
import socket
import sys
from pathlib import Path

import httpx

from helpers.serve import Limits
from helpers.serve.desk import Desk
from helpers.serve.mapping import Routing
from helpers.serve.signing import Keys

TOKEN, SECRET = "a-token-of-the-tests", "a-secret-of-the-tests"
NOW = 1_783_048_272.0
JSON = {"content-type": "application/json"}
BEARER = {**JSON, "authorization": f"Bearer {TOKEN}"}


def body(name="A", **labels):
    """A group of one alert, its name its key."""
    one = {"status": "firing", "labels": {"alertname": name, **labels}, "fingerprint": name}
    return json.dumps({"status": "firing", "alerts": [one], "version": "4"}).encode()


def signature(message, secret=SECRET):
    """HMAC SHA-256, as hex."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed(content, at=NOW, secret=SECRET):
    """Headers of this project's own scheme."""
    return {**JSON, "x-runbook-signature": f"t={int(at)},v1={signature(f'{int(at)}.'.encode() + content, secret)}"}


def desk(profile="p", keys=None, clock=lambda: NOW, **limits):
    """A desk with a clock that stands."""
    return Desk(keys or Keys(TOKEN, SECRET), Routing(profile, {"service": {"checkout": "shop"}}), Limits(**limits), clock)


async def chunks(content, size=4096):
    """A body as it comes."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def sent(to, content, headers=None):
    """The status and the content of the answer to it."""
    answer = await to.receive(BEARER if headers is None else headers, chunks(content))
    return answer.status, dict(answer.content)


def free_port():
    """A port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.asynccontextmanager
async def served(folder, *words, **environment):
    """A real receiver in `folder`: (process, client, log); ended by SIGTERM at the end if it still runs."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("runbook")), "serve", "--port", str(port), *words]
    log = folder / "serve.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stderr=stderr, env={**os.environ, "TOKEN": TOKEN, "SECRET": SECRET, **environment}
        )
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30.0, limits=limits) as client:
            await _until_there(client, process, log)
            yield process, client, log
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 60)


async def _until_there(client, process, log):
    for _ in range(300):
        with contextlib.suppress(httpx.TransportError):
            if (await client.get("/healthz")).status_code == 200:
                return
        assert process.returncode is None, log.read_text()
        await asyncio.sleep(0.1)
    raise AssertionError(log.read_text())


def noted(log, event):
    """The lines of one kind in a receiver's log."""
    return [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == event]
