"""From an alert to a report on real servers: the cause is named, the report holds the alert, and who is to be told is told."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.rotation import in_share
from tests.serve.sending import SECRET, served, signature
from tests.serve.test_notify import listening

ALERT = Path(__file__).parents[1] / "alerts/payloads/grafana.json"
CANARY = "<script>alert(1)</script> $(touch canary) `touch canary` '; DROP TABLE orders;-- {{7*7}}"


def alerted():
    """The alert as Grafana signs it, with something in it that ought never to run."""
    document = json.loads(ALERT.read_bytes())
    document["alerts"][0]["annotations"]["description"] = CANARY
    content, at = json.dumps(document).encode(), str(int(time.time()))
    signed = {"x-grafana-alerting-signature": signature(f"{at}:".encode() + content), "x-grafana-alerting-timestamp": at}
    return content, {"content-type": "application/json", **signed}


async def settings_of(sandbox):
    """All settings of its Redis."""
    async with Redis.from_url(sandbox.profile["redis"]) as redis:
        return await redis.config_get("*")


@pytest.mark.skipif(not in_share(2), reason="too long for every run: RUNBOOK_SHARE=1 runs it")
@pytest.mark.timeout(240)
async def test_an_alert_becomes_a_report_and_a_message(fresh_sandbox, tmp_path):
    """Nothing is changed, nothing of the alert is run, and no secret stands in what is written."""
    content, headers = alerted()
    async with (
        fresh_sandbox(services=("redis",)) as sandbox,
        sandbox.fault("memory_full") as fault,
        listening("200 OK") as (address, posted),
    ):
        (tmp_path / "profiles.toml").write_text(f"[shop]\nredis = {json.dumps(sandbox.profile['redis'])}\n")
        before = await settings_of(sandbox)
        words = (
            "--profile",
            "shop",
            "--secret",
            "env:SECRET",
            "--notify",
            "env:HOOK",
            "--link-base",
            "https://reports.example",
            "--budget",
            "60",
        )
        async with served(tmp_path, *words, HOOK=f"{address}/services/a-secret-path") as (_, client, log):
            taken = await client.post("/alerts", content=content, headers=headers)
            async with asyncio.timeout(120):
                while not posted:
                    await asyncio.sleep(0.2)
        after = await settings_of(sandbox)
    (path, told), folder = posted[0], next((tmp_path / "incidents").iterdir())
    report, written = (
        (folder / "report.html").read_text(),
        "".join(p.read_text() for p in folder.rglob("*.*") if p.suffix in (".html", ".md", ".json", ".jsonl")),
    )
    assert (taken.status_code, path, told["ranked"][0], told["state"]) == (202, "/services/a-secret-path", "memory_full", "done"), told
    assert (told["incident"], told["link"]) == (folder.name, f"https://reports.example/{folder.name}/report.html")
    assert ("Redis memory nearly full" in report, "<script>alert(1)" in report, "{{7*7}}" in report, fault.subject in report) == (
        True,
        False,
        True,
        True,
    )
    secrets = [word for word in (SECRET, "a-secret-path") if word in written + log.read_text()]
    assert (secrets, list(tmp_path.rglob("canary")), before == after) == ([], [], True)
