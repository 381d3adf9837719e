"""Every check, and the first runbooks one reaches for, while the server is on fire or shows only half of itself.

A check may say UNKNOWN with its reason; it may not raise, hang (tests/incident/test_patience.py) or name what is not so.
"""

import inspect
from types import SimpleNamespace

import pytest

import helpers.postgres
from helpers.errors import UsageError
from helpers.folder import load_member, stems
from helpers.incident.looking import Look
from helpers.incident.systems import Systems
from helpers.results import Diagnosis, Status
from helpers.runner.catalogue import find_runbook
from helpers.sandbox.services.pgbouncer import pgbouncer_binary
from helpers.settings import Profile
from tests.runbooks.postgres import burning

NO_POOLER = ""
try:
    pgbouncer_binary()
except UsageError as missing:
    NO_POOLER = str(missing)

QUICK = {"window_s": 0.4, "looks": 2, "pause_s": 0.1, "watch_s": 0.2, "analyze_s": 1.0, "budget_s": 10.0}
GIVEN = {"query": "select count(*) from orders where status = 'new'"}

# State → the failure modes that a check may rightly name there.
STATES = {
    "slots_used_up": {"connection_exhaustion"},
    "slots_used_up_but_ours": {"connection_exhaustion"},
    "every_table_locked": {"idle_in_transaction", "lock_contention"},
    "many_tables": set(),
    "many_statements": set(),
    "no_statements": set(),
    "no_monitor": set(),
    "standby": set(),
    "pooled": set(),
}
RUNBOOKS = ["lock_contention", "missing_index", "connection_exhaustion"]
BLIND = {"slots_used_up"}  # nothing can be asked at all


def states(names=STATES):
    skip = pytest.mark.skipif(bool(NO_POOLER), reason=NO_POOLER)
    return [pytest.param(name, marks=skip) if name == "pooled" else name for name in names]


def checks():
    """Every check there is, by name."""
    return {stem: load_member(f"helpers.postgres.checks.{stem}") for stem in stems(helpers.postgres.__file__, ("checks",))}


async def arguments(check, statements):
    """Its defaults, a short time to watch, and what it cannot do without."""
    wanted = inspect.signature(check).parameters
    quick = {name: value for name, value in QUICK.items() if name in wanted and wanted[name].default}
    known = {**GIVEN, "statements": statements}
    return {**quick, **{name: known[name] for name, p in wanted.items() if p.default is p.empty and name in known}}


async def wrong_with(eyes, check, statements, allowed):
    """What is wrong with what a check says here; empty when nothing is."""
    try:
        said = await eyes.ask(check, **await arguments(check, statements))
    except Exception as error:  # the point of this test
        return f"raised {type(error).__name__}: {error}"
    if isinstance(said, Diagnosis):
        named = said.code if said.status is Status.PROBLEM else None
        return f"names {named} ({said.summary})" if named and named not in allowed else "" if said.summary else "says nothing"
    return "" if said.summary or said.reason or said.status is Status.OK else f"{said.status} without a reason"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("state", states())
async def test_every_check_answers_or_says_why_not(state):
    """None raises, none is silent, none names another trouble."""
    async with getattr(burning, state)() as dsn:
        eyes = Look(Systems(Profile(name="target", postgres=dsn), "runbook:burning"), {})
        statements = await eyes.ask(checks()["statements_by_total_time"], window_s=0.4)
        wrong = {name: await wrong_with(eyes, check, statements, STATES[state]) for name, check in checks().items()}
        await eyes.close()
    assert {name: what for name, what in wrong.items() if what} == {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("state", states())
async def test_the_runbooks_end_with_a_report(run, state):
    """A verdict, its report, and no cause that is not so."""
    said = {}
    async with getattr(burning, state)() as dsn:
        for name in RUNBOOKS:
            quick = {p.name: 3.0 for p in find_runbook(name).parameters if p.name == "window_s"}
            result = await run(name, SimpleNamespace(profile={"postgres": dsn}), **quick)
            document = result.document
            cause = document.cause.code if document.cause else document.other if document.verdict == "other_cause" else None
            wrong = cause is not None and cause not in STATES[state]
            said[name] = (document.broken, wrong and cause, (result.folder / "report.html").stat().st_size > 1000)
    assert said == dict.fromkeys(RUNBOOKS, (None, False, True))


@pytest.mark.parametrize("state", ["slots_used_up"])
async def test_without_a_slot_it_says_which_grant_keeps_one(run, state):
    """The verdict is that nobody could ask, and the next step stands in it."""
    async with getattr(burning, state)() as dsn:
        result = await run("lock_contention", SimpleNamespace(profile={"postgres": dsn}))
    document = result.document
    assert (document.verdict, "GRANT pg_use_reserved_connections" in document.summary) == ("unreachable", True)


async def test_with_that_grant_it_can_be_asked(run):
    """The lock queue is read although no ordinary role gets in."""
    async with burning.slots_used_up_but_ours() as dsn:
        result = await run("lock_contention", SimpleNamespace(profile={"postgres": dsn}), window_s=3.0)
    assert (result.document.verdict, result.exit_code) == ("healthy", 0)
