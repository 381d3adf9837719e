"""Prepared statements behind a pooler: what is judged (pure), what an address may be, what the console answers."""

import struct
from collections import Counter
from datetime import UTC, datetime

import pytest

from helpers.contracts import Sample
from helpers.errors import FixFailed, ParameterError, Refused
from helpers.postgres.checks.pooled_statements import PooledStatement, pooled_statements
from helpers.postgres.checks.pooled_statements import judge as judge_statements
from helpers.postgres.checks.pooler_prepared_statements import judge, pooler_prepared_statements
from helpers.postgres.fixes.driver_setting import DriverSetting
from helpers.postgres.pooling.address import pooler_dsn
from helpers.postgres.pooling.console import Pooler, parse
from helpers.postgres.pooling.drivers import DRIVERS, driver_of, statement_in
from helpers.postgres.pooling.facts import Measured
from helpers.postgres.pooling.session import Leftover
from helpers.postgres.pooling.traffic import Tally
from helpers.postgres.pooling.watch import Watch
from helpers.postgres.probes.pooled_transactions import PooledTransactions
from helpers.results import CheckResult, Status

DSN = "postgres://reader:p%40ss%3A@db.example:5432/app?sslmode=require"


def tally(failed: int = 0, code: str = "26000", wait_ms: float = 1.0) -> Tally:
    return Tally(
        [Sample(1.0, 0.0)] * 60, Counter({code: failed} if failed else {}), [wait_ms] * 60, "what the server said" if failed else ""
    )


def measured(**changes) -> Measured:
    facts = {
        "pooler": Pooler("PgBouncer", "1.18.0"),
        "pooled": True,
        "same_server": True,
        "prepared": tally(30),
        "plain": tally(),
        "direct": tally(),
    }
    return Measured(**{**facts, **changes})


def found(statement: str, *, in_use: bool = True, application_name: str = "ledger") -> CheckResult:
    row = PooledStatement(41, statement, driver_of(statement), application_name, in_use, 9)
    return CheckResult(Status.PROBLEM if in_use else Status.UNKNOWN, [row])


NOTHING = CheckResult(Status.OK)


@pytest.mark.parametrize(
    ("statements", "error", "subject"),
    [
        (found("__asyncpg_stmt_a__"), "", "PgBouncer (transaction pooling) + asyncpg"),
        (found("_pg3_0"), "", "PgBouncer (transaction pooling) + psycopg 3"),
        (found("orders by id"), "", "prepared statements of ledger"),
        (NOTHING, 'prepared statement "__asyncpg_stmt_7__" does not exist', "PgBouncer (transaction pooling) + asyncpg"),
        (NOTHING, 'ERROR:  prepared statement "S_3" already exists', "PgBouncer (transaction pooling) + pgjdbc"),
    ],
)
def test_pooler_and_driver_are_named(statements, error, subject):
    """By the names of what is in use, or in the application's error; by the application where no driver names them like that."""
    said = judge(measured(), statements, error=error)
    assert (said.status, said.code, said.subject) == (Status.PROBLEM, "pooler_prepared_statements", subject)


@pytest.mark.parametrize(
    ("facts", "statements", "error", "expected"),
    [
        (measured(pooled=False), NOTHING, "", (Status.OK, None)),
        (measured(same_server=False), NOTHING, "", (Status.UNKNOWN, None)),
        (measured(prepared=tally()), found("__asyncpg_stmt_1__"), "", (Status.OK, None)),
        (measured(prepared=tally()), NOTHING, 'prepared statement "s1" does not exist', (Status.UNKNOWN, None)),
        (measured(), NOTHING, "", (Status.OK, None)),
        (measured(), found("__asyncpg_stmt_1__", in_use=False), "", (Status.UNKNOWN, None)),
        (measured(), None, "", (Status.UNKNOWN, None)),
        (measured(direct=tally(5)), found("_pg3_1"), "", (Status.UNKNOWN, None)),
        (measured(plain=tally(9)), found("_pg3_1"), "", (Status.UNKNOWN, None)),
        (measured(prepared=tally(), plain=tally(wait_ms=900.0)), NOTHING, "", (Status.UNKNOWN, None)),
        (measured(), found("_pg3_1"), "ERROR 0A000: cached plan must not change result type", (Status.PROBLEM, "schema_drift")),
        (measured(), found("_pg3_1"), "unsupported startup parameter: statement_timeout", (Status.UNKNOWN, None)),
        (measured(), found("_pg3_1"), "no more connections allowed (max_client_conn)", (Status.UNKNOWN, None)),
    ],
    ids=[
        "no pooler there", "another server", "carried over", "carried over, yet an error", "nobody uses any", "left from before",
        "not looked", "fails without the pooler", "fails unprepared", "pool too small", "schema change", "startup parameter", "no room",
    ],
)  # fmt: skip
def test_look_alikes_are_told_apart(facts, statements, error, expected):
    """Only what fails prepared, through the pooler, and nowhere else is this failure mode."""
    said = judge(facts, statements, error=error)
    assert (said.status, said.code) == expected


def test_the_proof_stands_in_the_reasons():
    """With, without the pooler, and without prepared statements."""
    because = " ".join(judge(measured(), found("_pg3_1")).because)
    assert [part in because for part in ("30 of 60", "30 × 26000", "Without the pooler", "as the proposed setting makes it, 0 of 60")] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("version", "can"), [("1.18.0", False), ("1.20.1", False), ("1.21.0", True), ("1.9.0", False), ("2.0", True), ("", False)]
)
def test_pgbouncer_can_carry_them_from_1_21_on(version, can):
    """By number, not by text."""
    assert Pooler("PgBouncer", version).can_carry is can


MADE = datetime(2026, 1, 1, tzinfo=UTC)


def watched(*looks: tuple[int, int, str | None, int]) -> Watch:
    seen = Watch()
    for client, pid, name, plans in looks:
        seen.add(client, [Leftover(pid, name, MADE if name else None, plans)])
    return seen


@pytest.mark.parametrize(
    ("looks", "status"),
    [
        ([(0, 7, "_pg3_1", 5), (1, 7, "_pg3_1", 6)], Status.PROBLEM),
        ([(0, 7, None, 0), (1, 7, "_pg3_1", 0)], Status.PROBLEM),
        ([(0, 7, "_pg3_1", 5), (1, 7, "_pg3_1", 5)], Status.UNKNOWN),
        ([(0, 7, None, 0), (1, 7, None, 0)], Status.OK),
        ([(0, 7, "_pg3_1", 5), (1, 8, "_pg3_1", 6)], Status.OK),
    ],
    ids=["it ran", "it was prepared", "left from before", "none", "not shared"],
)
def test_only_what_is_used_on_shared_connections_is_a_problem(looks, status):
    """A counter that moves, or a statement that was not there."""
    assert judge_statements(watched(*looks)).status is status


@pytest.mark.parametrize("driver", [d for d in DRIVERS if d.names], ids=lambda d: d.name)
def test_every_driver_has_a_setting(driver):
    """And its names are not another one's."""
    example = {"asyncpg": "__asyncpg_stmt_1f__", "psycopg 3": "_pg3_12", "pgjdbc": "S_1", "pgx": "stmtcache_ab12", "Npgsql": "_auto1", "Prisma": "s12",
               "sqlx": "sqlx_s_3", "Active Record": "a7", "Ecto": "ecto_12", "PDO": "pdo_stmt_00000001"}[driver.name]  # fmt: skip
    assert (driver_of(example), driver.setting.count("\n") > 0) == (driver.name, True)


def test_a_statement_is_read_from_an_error():
    """In double quotes, whatever is around."""
    assert [statement_in(text) for text in ('[26000] prepared statement "a b" does not exist', "timeout")] == ["a b", ""]


@pytest.mark.parametrize(
    ("pooler", "expected"),
    [
        ("", DSN),
        ("6432", DSN.replace("5432", "6432")),
        ("pool.example:6432", DSN.replace("db.example:5432", "pool.example:6432")),
        ("[::1]:6432", DSN.replace("db.example:5432", "[::1]:6432")),
    ],
)
def test_the_pooler_is_asked_with_the_profiles_credentials(pooler, expected):
    """Role, password, database and options stay."""
    assert pooler_dsn(DSN, pooler) == expected


def test_a_reference_stands_for_a_whole_address(monkeypatch):
    """The application's own, for its own pool."""
    monkeypatch.setenv("APP_DSN", "postgres://app:geheim@pool:6432/app")
    assert pooler_dsn(DSN, "env:APP_DSN") == "postgres://app:geheim@pool:6432/app"


@pytest.mark.parametrize("pooler", ["postgres://app:geheim@pool:6432/app", "pool", "pool:99999", "env:NOT_SET_ANYWHERE"])
def test_a_password_written_out_is_refused(pooler):
    """A parameter is kept in the notebook and the report: it may hold no secret, and is not repeated."""
    with pytest.raises(ParameterError) as refused:
        pooler_dsn(DSN, pooler)
    assert "geheim" not in str(refused.value)


def test_the_consoles_rows_are_read():
    """RowDescription, DataRow (with a NULL), CommandComplete, ReadyForQuery."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    columns = b"".join(name + b"\0" + b"\0" * 18 for name in (b"key", b"value"))
    row = struct.pack("!h", 2) + struct.pack("!i", 9) + b"pool_mode" + struct.pack("!i", -1)
    answer = message(b"T", struct.pack("!h", 2) + columns) + message(b"D", row) + message(b"C", b"SHOW\0") + message(b"Z", b"I")
    assert parse(answer) == [{"key": "pool_mode", "value": ""}]


async def test_without_a_pooler_nothing_is_asked(own_pg):
    """SKIPPED and UNKNOWN, both saying what to give."""
    rows, said = await pooled_statements(own_pg), await pooler_prepared_statements(own_pg)
    assert (rows.status, said.status, "pooler" in rows.reason, "pooler" in said.summary) == (Status.SKIPPED, Status.UNKNOWN, True, True)


async def test_an_address_without_a_pooler_is_seen_as_one(own_pg, sandbox_server):
    """Each client keeps its server connection; nothing fails."""
    port = str(sandbox_server.postgres_dsn.rpartition(":")[2].partition("/")[0])
    rows, said = await pooled_statements(own_pg, pooler=port, window_s=0.1), await pooler_prepared_statements(own_pg, pooler=port)
    assert (rows.status, said.status, said.code) == (Status.OK, Status.OK, None)


async def test_the_setting_is_proposed_and_never_applied(own_pg):
    """The driver's own text; every driver's where it is not known; the pooler's in either case."""
    one, every = DriverSetting("asyncpg", "orders-api", "1.18.0"), DriverSetting()
    texts = [fix.patch(await fix.preview(own_pg)) for fix in (one, every)]
    with pytest.raises(FixFailed):
        await one.apply(None, await one.preview(own_pg))
    assert [
        ("statement_cache_size=0" in text, "prepareThreshold=0" in text, "max_prepared_statements = 200" in text) for text in texts
    ] == [
        (True, False, True),
        (True, True, True),
    ]


async def test_the_probe_refuses_where_there_is_no_pooler(own_pg):
    """So that a direct address is not called healthy."""
    with pytest.raises(Refused, match="without a pooler"):
        await PooledTransactions().measure({"postgres": own_pg})


async def test_the_probe_sends_them_as_the_applications_do(own_pg, sandbox_server):
    """A direct address given as the pooler loses nothing, prepared or not; each call is a sample."""
    port = str(sandbox_server.postgres_dsn.rpartition(":")[2].partition("/")[0])
    probes = [PooledTransactions(port, error, each=2, window_s=0.1) for error in ("", 'prepared statement "s1" does not exist')]
    samples = [await probe.measure({"postgres": own_pg}) for probe in probes]
    assert [(len(s), all(one.ok for one in s)) for s in samples] == [(12, True), (12, True)]
