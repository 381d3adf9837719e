"""Checks of how the server is set up."""

from helpers.postgres.checks.extensions import extensions
from helpers.postgres.checks.pending_restart import pending_restart
from helpers.postgres.checks.settings_review import judge as judge_settings
from helpers.postgres.checks.settings_review import settings_review
from helpers.postgres.checks.ssl_in_use import ssl_in_use
from helpers.postgres.checks.wal_archiving import wal_archiving
from helpers.results import Status
from tests.postgres.checks.conftest import until


async def test_a_setting_that_waits_for_a_restart_is_found(small, small_pg):
    """Set back to what is in force, it is quiet; what the command line sets does not wait."""
    before = await pending_restart(small_pg)
    await small.run("alter system set max_worker_processes = 9", "select pg_reload_conf()")
    found = await until(lambda: pending_restart(small_pg), lambda f: f.rows)
    await small.run("alter system set max_worker_processes = 8", "select pg_reload_conf()")
    await until(lambda: pending_restart(small_pg), lambda f: not f.rows)
    assert (before.status, found.status, [r.setting for r in found]) == (Status.OK, Status.PROBLEM, ["max_worker_processes"])


async def test_dangerous_settings_are_told_from_what_is_worth_a_thought(small, small_pg):
    """The sandbox lives without fsync; a role that overrides a planner setting is named."""
    await small.run('create role "The App"', 'alter role "The App" set enable_seqscan = off')
    found = await settings_review(small_pg)
    await small.run('drop role "The App"')
    dangerous = {(r.setting, r.scope) for r in found if r.dangerous}
    assert (found.status, dangerous) == (Status.PROBLEM, {("fsync", "server"), ("enable_seqscan", 'role "The App"')})
    assert ("work_mem", "4096 x kB") in {(r.setting, r.value) for r in found if not r.dangerous}


def test_a_sound_server_has_only_hints():
    """The defaults of PostgreSQL are not dangerous."""
    found = judge_settings([("fsync", "on", "on", "server"), ("random_page_cost", "4", "4", "server"), ("jit", "off", "off", "server")])
    assert (found.status, [r.setting for r in found]) == (Status.OK, ["random_page_cost"])


async def test_an_outdated_extension_and_a_missing_one_are_found(small, small_pg, blind_pg):
    """With what to run; then it is quiet, and a role that cannot see what is loaded says so."""
    missing = await extensions(small_pg)
    await small.run("create extension pg_stat_statements version '1.8'")
    outdated = await extensions(small_pg)
    await small.run(outdated.rows[0].remedy)
    fine, blind = await extensions(small_pg), await extensions(blind_pg)
    assert (missing.status, missing.rows[0].remedy) == (Status.PROBLEM, "CREATE EXTENSION pg_stat_statements")
    assert (outdated.status, fine.status, blind.status) == (Status.PROBLEM, Status.OK, Status.UNKNOWN)


async def test_plain_text_over_a_network_is_found(small_pg, blind_pg, client):
    """Loopback is trusted unless somebody says otherwise."""
    await client("billing")
    found, fine = await ssl_in_use(small_pg, trusted=()), await ssl_in_use(small_pg)
    assert (found.status, "billing" in {r.application_name for r in found}, fine.status) == (Status.PROBLEM, True, Status.OK)
    assert (await ssl_in_use(blind_pg)).status == Status.UNKNOWN


async def test_archiving_that_fails_is_found(small, small_pg):
    """And quiet once it works again."""
    await small.run(
        "alter system set archive_command = '/bin/false'", "select pg_reload_conf()", "create table t (a int)", "select pg_switch_wal()"
    )
    found = await until(lambda: wal_archiving(small_pg), lambda f: f.status == Status.PROBLEM)
    await small.run("alter system set archive_command = '/bin/true'", "select pg_reload_conf()")
    fine = await until(lambda: wal_archiving(small_pg), lambda f: f.status == Status.OK)
    assert (found.rows[0].failed >= 1, fine.rows[0].archived >= 1) == (True, True)


async def test_a_server_that_archives_nothing_is_left_out(own_pg):
    """SKIPPED is another answer than OK."""
    assert (await wal_archiving(own_pg)).status == Status.SKIPPED
