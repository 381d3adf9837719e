"""`runbook serve` as a real process: what it needs to start, what it withstands, how it ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.serve.sending import BEARER, SECRET, TOKEN, body, noted, served, signature, signed

CLOSED = 'redis = "redis://127.0.0.1:1/0"'


@pytest.fixture
def folder(tmp_path):
    """A folder with a profile whose Redis is not there, and one that has nothing to ask."""
    (tmp_path / "profiles.toml").write_text(f"[shop]\n{CLOSED}\n[bare]\n")
    return tmp_path


def refused(folder, *words, **environment):
    """What a receiver says that does not start."""
    command = [str(Path(sys.executable).with_name("runbook")), "serve", *words]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--profile", "shop"], "Nothing says who may send alerts."),
        (["--profile", "shop", "--insecure", "--host", "0.0.0.0"], "would believe the network"),
        (["--profile", "shop", "--token", "a-token-as-it-is"], "is given by reference"),
        (["--profile", "shop", "--token", "env:SHORT"], "fewer than 16 characters"),
        (["--profile", "shop", "--token", "env:NOT_SET"], "NOT_SET, which is not set"),
        (["--token", "env:LONG"], "Which systems are to be asked is not given."),
        (["--profile", "sho", "--token", "env:LONG"], "Did you mean shop?"),
        (["--map", "map.toml", "--token", "env:LONG"], "There is no profile nowhere."),
        (["--profile", "shop", "--token", "env:LONG", "--notify", "env:LONG"], "is not an http(s) URL"),
    ],
)
def test_it_does_not_start_without_knowing_whom_to_believe_and_what_to_ask(folder, words, said):
    """Exit 2, with the next step."""
    (folder / "map.toml").write_text('[service]\ncheckout = "nowhere"\n')
    code, stderr = refused(folder, *words, SHORT="short", LONG="long-enough-to-be-a-token")
    assert (code, said in stderr, "Traceback" in stderr) == (2, True, False), stderr


def test_a_port_that_is_taken_is_said(folder):
    """Exit 2, not a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, stderr = refused(folder, "--profile", "bare", "--insecure", "--port", str(other.getsockname()[1]))
    assert (code, "Address already in use" in stderr, "Traceback" in stderr) == (2, True, False), stderr


def raw(port, *parts, wait_s=5.0):
    """What comes back on a connection of its own, closed by the other side or not."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_s) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
            while chunk := connection.recv(65_536):
                answer += chunk
        except (ConnectionError, TimeoutError):
            pass
        return answer


def flood(port, megabytes):
    """Send a body of that size in chunks, whatever comes back; returns the head of the answer and the bytes that were taken."""
    head = f"POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
    taken, answer = 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(megabytes * 16):
                connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                taken += 65_536
        except OSError:
            pass
        with contextlib.suppress(OSError):
            answer = connection.recv(200)
    return answer.partition(b"\r\n")[0], taken


@pytest.mark.timeout(120)
async def test_a_hundred_megabytes_are_refused_while_memory_stays_flat(folder):
    """Each connection is closed at the bound; others are answered meanwhile."""
    async with served(folder, "--profile", "shop", "--token", "env:TOKEN") as (process, client, _):
        port, memory = client.base_url.port, psutil.Process(process.pid).memory_info
        before = memory().rss
        floods = [asyncio.create_task(asyncio.to_thread(flood, port, 100)) for _ in range(4)]
        healthy = [(await client.get("/healthz")).status_code for _ in range(5)]
        ends = await asyncio.gather(*floods)
        counts = (await client.get("/status", headers=BEARER)).json()["counts"]
        grown = memory().rss - before
    assert ({line for line, _ in ends} <= {b"HTTP/1.1 413 Content Too Large", b"HTTP/1.1 413 Request Entity Too Large", b""}) is True, ends
    assert (counts["refused_large"], max(taken for _, taken in ends) < 20e6, set(healthy), grown < 20e6) == (4, True, {200}, True), (
        ends,
        grown,
    )


@pytest.mark.timeout(120)
async def test_signatures_replays_and_nonsense_are_refused_over_the_wire(folder):
    """Nothing is queued, nothing is 500, and the secret stands nowhere."""
    async with served(folder, "--profile", "bare", "--secret", "env:SECRET") as (_, client, log):
        good = body("Latency", canary="$(touch canary)")
        now = time.time()
        wrong = [{}, BEARER, signed(good, now, "wrong"), signed(good, now - 900), {**BEARER, "sentry-hook-signature": "0" * 64}]
        statuses = [(await client.post("/alerts", content=good, headers=headers)).status_code for headers in wrong]
        idle = (await client.get("/status", headers=signed(b"", now))).json()
        right = {**signed(good, now)}
        twice = [(await client.post("/alerts", content=good, headers=right)).status_code for _ in range(2)]
        at = str(int(now))
        grafana = {"x-grafana-alerting-signature": signature(f"{at}:".encode() + good), "x-grafana-alerting-timestamp": at}
        again = await client.post("/alerts", content=good, headers={"content-type": "application/json", **grafana})
        odd = await asyncio.to_thread(raw, client.base_url.port, b"POST /alerts HTTP/1.1\r\nContent-Length: x\r\n\r\n", wait_s=3.0)
    assert (statuses, idle["queue"]["waiting"], idle["counts"]) == (
        [401] * 5,
        0,
        {"received": 5, "refused": 5, "refused_stale": 1, "refused_unsigned": 4},
    )
    assert (twice, again.json()["status"], odd[:12]) == ([202, 409], "folded", b"HTTP/1.1 400")
    assert (SECRET in log.read_text(), "touch" in log.read_text(), (folder / "canary").exists()) == (False, False, False)


@pytest.mark.timeout(120)
async def test_it_ends_in_order_and_says_what_it_abandoned(folder):
    """SIGTERM: the running triage may finish, those that wait are abandoned, the exit code is 0."""
    words = ("--profile", "shop", "--token", "env:TOKEN", "--budget", "3")
    async with served(folder, *words) as (process, client, log):
        for name in "ABC":
            await client.post("/alerts", content=body(name), headers=BEARER)
        async with asyncio.timeout(30):
            while not (await client.get("/status", headers=BEARER)).json()["running"]:
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 60)
    ended, triaged = noted(log, "ended")[0], noted(log, "triaged")
    reports = list((folder / "incidents").glob("*-triage-*/report.html"))
    assert (code, ended["finished"], ended["cut_short"], ended["abandoned"]) == (0, 1, 0, 2), log.read_text()
    assert ([line["state"] for line in triaged], triaged[0]["exit_code"], len(reports)) == (["done"], 3, 1), log.read_text()
    assert json.loads((reports[0].parent / "incident.json").read_text())["verdict"] == "unreachable"
