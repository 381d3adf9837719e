"""A plain check has two seconds of the server's time; one that watches, or diagnoses, has its own."""

import asyncio

import pytest

from helpers.errors import TimedOut
from helpers.incident.looking import Look
from helpers.incident.patience import PLAIN_S, is_plain
from helpers.incident.systems import Systems
from helpers.postgres.connect import Postgres
from helpers.results import CheckResult, Diagnosis, Status
from helpers.settings import Profile

SLEEPS = "select pg_sleep($1) is null"


async def plain(pg: Postgres, *, each_s: float = 0.0, times: int = 2) -> CheckResult:
    for _ in range(times):
        await pg.value(SLEEPS, each_s)
    return CheckResult(Status.OK)


async def watching(pg: Postgres, *, each_s: float = 0.0, times: int = 2, window_s: float = 1.0) -> CheckResult:
    return await plain(pg, each_s=each_s, times=times)


async def diagnosing(pg: Postgres) -> Diagnosis:
    return Diagnosis(Status.OK)


@pytest.fixture
async def eyes(sandbox_server):
    looking = Look(Systems(Profile(name="target", postgres=sandbox_server.postgres_dsn), "runbook:test"), {})
    yield looking
    await looking.close()


@pytest.mark.parametrize(
    ("check", "arguments", "expected"),
    [(plain, {}, True), (watching, {}, False), (watching, {"window_s": 0.0}, True), (diagnosing, {}, False)],
)
def test_what_is_plain_is_told_by_the_signature(check, arguments, expected):
    """A window of 0 s is none."""
    assert is_plain(check, arguments) is expected


@pytest.mark.parametrize(("times", "each_s"), [(1, PLAIN_S + 30), (9, PLAIN_S / 2)], ids=["one question", "many together"])
async def test_a_plain_check_that_takes_longer_is_unknown(eyes, times, each_s):
    """Whether it is one question or many: the server cancels it."""
    result = await eyes.ask(plain, each_s=each_s, times=times)
    assert (result.status, bool(result.reason)) == (Status.UNKNOWN, True)


async def test_a_watching_check_may_take_its_time(eyes):
    """Each of its questions has the session's own time-out."""
    assert (await eyes.ask(watching, each_s=PLAIN_S + 0.3, times=1)).status is Status.OK


async def test_the_allowance_ends_with_the_check(eyes):
    """And a question with a longer time-out of its own is not counted."""
    await eyes.ask(plain, each_s=PLAIN_S + 1)
    pg = await eyes.systems.get("postgres")
    with pg.within(0.0):
        assert await pg.value(SLEEPS, 0.1, timeout_s=20.0) is False
        with pytest.raises(TimedOut):
            await pg.value("select 1")
    assert await asyncio.wait_for(pg.value("select 1"), 10) == 1
