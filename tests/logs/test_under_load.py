"""What the load generator counted is what the application's own log says, by route and status."""

import asyncio
from collections import Counter

import httpx

from helpers.logs.analyses import analyse
from helpers.logs.engine import Logs
from helpers.sandbox.load import _Load

RPS, ENOUGH = 60.0, 240
BY_STATUS = """
select http_request_method || ' ' || http_route as route, cast(http_response_status_code as varchar) as status, count(*) as requests
from entries where http_response_status_code is not null group by all
"""


async def sent_by(api_url, counts):
    """Send until enough were answered; return how many, by route and status."""
    async with httpx.AsyncClient(base_url=api_url, timeout=30, trust_env=False) as client:
        load = _Load(client, RPS, 40, counts)
        running = asyncio.create_task(load.run())
        while load.sent.total() < ENOUGH:
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, *load.under_way, return_exceptions=True)
    return load.sent


async def test_the_logs_say_what_was_sent(sandbox_server, tmp_path):
    """Exactly, by route and status; and the analysis by minute adds up to the same."""
    path = sandbox_server.profile["logs"][0]

    def logged():
        with Logs.open([path]) as logs:
            account = logs.account()[0]
            assert account.rejected == 0
            rows = Counter({(route, status): n for route, status, n in logs.rows(BY_STATUS)})
            return (
                rows,
                int(analyse(logs, "traffic", bucket_s=60)["requests"].sum()),
                int(analyse(logs, "concurrency", bucket_s=1)["completions"].sum()),
            )

    async with httpx.AsyncClient(base_url=sandbox_server.api_url, trust_env=False) as client:
        await client.get("/health")  # the log is there
    before, *totals_before = logged()
    sent = await sent_by(sandbox_server.api_url, tmp_path / "counts.json")
    after, *totals_after = logged()
    told = Counter({key: n - before[key] for key, n in after.items() if n != before[key] and "/health" not in key[0]})
    assert told == sent
    health = sum(n - before[key] for key, n in after.items() if "/health" in key[0])
    assert [late - early - health for late, early in zip(totals_after, totals_before, strict=True)] == [sent.total()] * 2
