"""The tour of PostgreSQL runs to its end: under a fault and load, in silence, with few rights, and when the server is gone."""

import asyncpg

from helpers import postgres
from helpers.incident.looking import look
from helpers.postgres.checks.overview import worth_a_look
from helpers.results import CheckResult, Status
from tests.postgres.conftest import at

TOUR = "2_explore_postgres"
PICTURES = ["activity", "locks", "statements", "health", "plan"]


async def test_it_shows_who_blocks_whom_and_draws_the_plan(fresh_sandbox, walk):
    """A lock queue, and the plan of a statement that is run; five pictures, and nothing was changed."""
    async with fresh_sandbox(services=("postgres",), rows=5000) as sandbox:
        await sandbox.break_("lock_contention")
        query = "select status, count(*) from orders where total_cents > 900 group by status"
        shown = await walk(TOUR, {"postgres": sandbox.profile["postgres"]}, query=query, analyze=True)
    drawn = [name for name, (mimes, _) in shown.items() if "image/svg+xml" in mimes]
    assert (drawn, "head of the queue" in shown["locks"][1], "Seq Scan" in shown["plan"][1]) == (PICTURES, True, True)
    assert ("lock_tree" in shown["worth"][1], "ACCESS SHARE" in shown["close"][1]) == (True, True)


async def test_a_silent_server_and_a_role_with_few_rights(fresh_sandbox, walk):
    """Nothing waits, nothing runs; the other role is told what it cannot know."""
    async with fresh_sandbox(services=("postgres",), rows=5000) as sandbox:
        admin = await asyncpg.connect(sandbox.admin_dsn)
        await admin.execute("create role few login password 'secret-few'")
        await admin.close()
        quiet = await walk(TOUR, {"postgres": sandbox.profile["postgres"]})
        few = await walk(TOUR, {"postgres": at(sandbox.admin_dsn, user="few", password="secret-few")})
    assert ("Nobody waits for a lock." in quiet["locks"][1], "UNKNOWN" in quiet["locks"][1]) == (True, False)
    assert ("UNKNOWN" in few["locks"][1], "GRANT pg_monitor" in few["worth"][1], "secret-few" in str(few)) == (True, True, False)


async def test_a_server_that_is_gone_is_not_green(walk):
    """Every cell says UNKNOWN; none breaks."""
    shown = await walk(TOUR, {"postgres": "postgresql://nobody:secret-gone@127.0.0.1:1/none"})
    said = {name: "UNKNOWN" in text for name, (_, text) in shown.items() if name != "close"}
    assert (set(said.values()), "Nobody waits" in shown["locks"][1], "secret-gone" in str(shown)) == ({True}, False, False)


async def test_looking_at_what_is_gone_is_unknown(tmp_path, monkeypatch):
    """`look` answers for a check that could not be asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TARGET_POSTGRES", "postgresql://nobody:x@127.0.0.1:1/none")
    (tmp_path / "profiles.toml").write_text('[target]\npostgres = "env:TARGET_POSTGRES"\n')
    eyes = await look("target")
    gone = await eyes.ask(postgres.lock_tree)
    await eyes.close()
    assert (gone.status, gone.reason != "", worth_a_look(CheckResult(Status.OK)).rows) == (Status.UNKNOWN, True, [])
