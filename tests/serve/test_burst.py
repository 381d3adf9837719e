"""Ten thousand alerts at once: the queue stays bounded, duplicates are folded, none is lost without being told so."""

import asyncio
import time
from collections import Counter

import psutil
import pytest

from tests.rotation import in_share
from tests.serve.sending import BEARER, TOKEN, body, served

ALERTS = 10_000 if in_share(1) else 2000  # a fifth where only a share of the long tests is wanted
KINDS, CONNECTIONS, QUEUE = ALERTS // 5, 40, 20


def request(number):
    """One notification on the wire: of a kind that comes five times, no two of the same bytes."""
    content = body(f"kind-{number % KINDS}", n=str(number), canary="$(touch canary) '; DROP TABLE orders;--")
    head = f"POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    return f"{head}\r\n\r\n".encode() + content


async def send(port, numbers, answers):
    """Send these on one connection, one after the other; what comes back is counted by its status and word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:
        writer.write(request(number))
        head = await reader.readuntil(b"\r\n\r\n")
        content = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        word = next(w for w in ("queued", "folded", "full", "other") if w == "other" or f'"{w}"'.encode() in content)
        answers[(int(head[9:12]), word)] += 1
    writer.close()
    await writer.wait_closed()


async def watch(client, process, seen, until):
    """Look at it from outside until the burst is over: time to answer, alerts that wait, memory."""
    while not until.is_set():
        began = time.monotonic()
        healthy = (await client.get("/healthz")).status_code == 200
        seen.append((healthy, time.monotonic() - began, (await client.get("/status", headers=BEARER)).json()["queue"]["waiting"],
                     psutil.Process(process.pid).memory_info().rss))  # fmt: skip
        await asyncio.sleep(0.1)


@pytest.mark.timeout(300)
async def test_ten_thousand_alerts_in_a_burst(tmp_path):
    """Against the real process, with its real triages."""
    (tmp_path / "profiles.toml").write_text("[bare]\n")
    words = ("--profile", "bare", "--token", "env:TOKEN", "--budget", "3", "--queue", str(QUEUE))
    answers, seen, over = Counter(), [], asyncio.Event()
    async with served(tmp_path, *words) as (process, client, log):
        before = psutil.Process(process.pid).memory_info().rss
        watcher = asyncio.create_task(watch(client, process, seen, over))
        began = time.monotonic()
        await asyncio.gather(*(send(client.base_url.port, range(start, ALERTS, CONNECTIONS), answers) for start in range(CONNECTIONS)))
        took = time.monotonic() - began
        over.set()
        await watcher
        counts = (await client.get("/status", headers=BEARER)).json()["counts"]
        left = [child.pid for child in psutil.Process(process.pid).children()]
    accepted, folded, full = answers[202, "queued"], answers[202, "folded"], answers[503, "full"]
    slowest, grown = max(s for _, s, _, _ in seen), max(rss for *_, rss in seen) - before
    said = f"{accepted} accepted, {folded} folded, {full} full in {took:.1f} s; slowest /healthz {slowest * 1000:.0f} ms; {grown / 1e6:.1f} MB more"
    print(said)
    assert (accepted + folded + full, sum(answers.values())) == (ALERTS, ALERTS), answers
    assert counts == {"received": ALERTS, "accepted": accepted, "folded": folded, "refused": full, "refused_full": full}, counts
    assert (folded > 0, full > 0, QUEUE <= accepted < 4 * QUEUE, max(waiting for _, _, waiting, _ in seen) <= QUEUE) == (True,) * 4, said
    assert (all(healthy for healthy, *_ in seen), len(seen) > 3, slowest < 5.0, grown < 60e6) == (True,) * 4, said
    assert (len(left) <= 1, (tmp_path / "canary").exists(), "canary" in log.read_text()) == (True, False, False)
