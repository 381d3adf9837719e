"""The receiving end of a log drain: what is signed is stored, whole; what is not, is too large or comes again is refused."""

import asyncio
import hashlib
import hmac
import json
import signal
import socket
import sys
from pathlib import Path
from time import time

import httpx
import pytest

from helpers.logs.connect import open_session
from helpers.logs.drain_file import DrainFile
from helpers.logs.drain_receiver import Receiver, entries_in, is_signed, receiver
from helpers.settings import Profile

SECRET = "a-drain-secret"
NOW = 1_800_000_000.0


def signed(body, secret=SECRET):
    """The header of a body."""
    return {"x-vercel-signature": hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


def batch(*names, at=NOW):
    """Entries as NDJSON."""
    lines = [
        {
            "id": name,
            "timestamp": int(at * 1000),
            "deploymentId": "d",
            "projectId": "p",
            "source": "lambda",
            "level": "info",
            "message": name,
        }
        for name in names
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@pytest.fixture
def taken(tmp_path):
    """A receiver with a clock that stands."""
    made = Receiver(DrainFile(tmp_path / "drain"), SECRET, largest_bytes=10_000, clock=lambda: NOW)
    yield made
    made.file.close()


@pytest.fixture
async def client(taken):
    """A client of it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver(taken)), base_url="http://drain") as client:
        yield client


def stored(taken):
    """The ids on the disk."""
    return [json.loads(line)["id"] for line in taken.file.path.read_text().splitlines()] if taken.file.path.exists() else []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (batch("a", "b"), {}, 200),
        (json.dumps([json.loads(line) for line in batch("a", "b").splitlines()]).encode(), {}, 200),
        (batch("a"), {"x-vercel-signature": "0" * 40}, 403),
        (batch("a"), {"x-vercel-signature": ""}, 403),
        (batch("a"), signed(batch("a"), "another"), 403),
        (b"{", {}, 400),
        (b"[1]", {}, 400),
        (b"", {}, 400),
        (batch("a", at=NOW - 5000), {}, 409),
        (batch(*"abcdefghijklmnopqrstuvwxyz" * 4), {}, 413),
        (batch("a"), {"content-encoding": "gzip"}, 415),
    ],
)
async def test_only_whole_signed_new_batches_are_stored(client, taken, body, headers, status):
    """As lines, each an entry."""
    answer = await client.post("/", content=body, headers={**signed(body), **headers})
    assert (answer.status_code, stored(taken)) == (status, ["a", "b"] if status == 200 else []), answer.text


async def test_a_batch_that_comes_again_is_refused(client, taken):
    """Within the window; another one is not."""
    body = batch("a")
    answers = [(await client.post("/x", content=each, headers=signed(each))).status_code for each in (body, body, batch("b"))]
    assert (answers, stored(taken)) == ([200, 409, 200], ["a", "b"])


async def test_a_hundred_megabytes_are_read_no_further_than_the_bound(taken):
    """Stated or not: what follows is not taken in."""
    read = 0

    async def receive():
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 4096, "more_body": read < 25_600}

    sent = []

    async def send(message):
        sent.append(message)

    for headers in ([], [(b"content-length", b"104857600")]):
        read = 0
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b"", "http_version": "1.1"}
        await receiver(taken)(scope, receive, send)
        assert read <= 4
    assert [message["status"] for message in sent if message["type"] == "http.response.start"] == [413, 413]


async def test_concurrent_batches_do_not_mix_and_files_are_set_aside(tmp_path):
    """Each line is an entry, whichever file it is in; the log engine reads them all."""
    taken = Receiver(DrainFile(tmp_path, most_bytes=2000), SECRET)

    bodies = [batch(f"{number}-a", f"{number}-b", at=time()) for number in range(40)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver(taken)), base_url="http://drain") as client:
        answers = await asyncio.gather(*(client.post("/", content=body, headers=signed(body)) for body in bodies))
    taken.file.close()
    files = list(tmp_path.glob("*.ndjson"))
    ids = [json.loads(line)["id"] for file in files for line in file.read_text().splitlines()]
    session = await open_session(Profile(name="t", logs=[str(tmp_path / "*.ndjson")]), application_name="test")
    counted = await session.ask(lambda entries: entries.rows("select count(*) from entries", {}), None)
    assert ({answer.status_code for answer in answers}, len(files) > 1, len(ids), len(set(ids)), counted) == ({200}, True, 80, 80, [(80,)])


def test_a_signature_is_of_the_raw_body():
    """An empty secret signs nothing."""
    assert [
        is_signed(b"a", signed(b"a")["x-vercel-signature"].upper(), SECRET),
        is_signed(b"a", signed(b"a", "")["x-vercel-signature"], ""),
    ] == [True, False]
    assert (entries_in(b'{"a": 1}\n\n{"b": 2}\n'), entries_in(b"\xff"), entries_in(b"[]")) == ([{"a": 1}, {"b": 2}], None, None)


async def test_the_command_receives_until_it_is_interrupted(tmp_path):
    """The secret by reference; what was taken is on the disk, for its owner alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "secret").write_text(SECRET)
    command = [str(Path(sys.executable).with_name("runbook")), "drain", str(tmp_path / "drain"), "--port", str(port)]
    bare = await asyncio.create_subprocess_exec(*command, "--secret", SECRET, stderr=asyncio.subprocess.PIPE)
    _, said = await bare.communicate()
    process = await asyncio.create_subprocess_exec(*command, "--secret", f"file:{tmp_path / 'secret'}", stderr=asyncio.subprocess.PIPE)

    body = batch("a", at=time())
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(200):
            try:
                answer = await client.post(f"http://127.0.0.1:{port}/", content=body, headers=signed(body))
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, told = await process.communicate()
    file = tmp_path / "drain" / "drain.ndjson"
    assert (bare.returncode, b"by reference" in said, answer.status_code, json.loads(file.read_text())["id"]) == (2, True, 200, "a"), told
    assert (SECRET.encode() in told + said, file.stat().st_mode & 0o077) == (False, 0)
