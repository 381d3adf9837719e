"""stale_cache: what says the same, what is a copy of what, what is stale and what is late, and the fix that deletes just these."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from helpers.errors import ParameterError
from helpers.logs.writes import requests_between
from helpers.postgres.connect import Postgres, open_session
from helpers.redis.cached import Cached, digest, id_of, pattern_of, read_cached
from helpers.redis.checks.missed_invalidations import writers
from helpers.redis.checks.stale_cache import Seen, judge, stale_cache
from helpers.redis.copies import GONE, Copy, given_copy, learn_copies
from helpers.redis.deltas import Reading, subtract
from helpers.redis.fixes.unlink_stale_keys import UnlinkStaleKeys
from helpers.redis.probes.disagreeing_keys import DisagreeingKeys
from helpers.redis.sameness import same
from helpers.redis.staleness import Compared, Look, compare_some, look
from helpers.redis.tables import Table
from tests.runbooks.redis.state import contents

STAMP = "timestamp with time zone"
INFO = {"run_id": "a", "redis_version": "8", "total_commands_processed": 100, "role": "master"}
TABLE = Table("places", {"id": "bigint", "name": "text"}, {"id": "id", "name": "name"}, ("id",))
COPY = Copy("place:{id}", TABLE, "id", {"name": "name"}, "It was given.")


@pytest.mark.parametrize(
    ("cached", "row", "kind", "wanted"),
    [
        ("12.50", Decimal("12.5"), "numeric(10,2)", True), (Decimal("0.1"), Decimal("0.1"), "double precision", True), (3, 4, "integer", False),
        ("3", 3, "bigint", True), ("x", 3, "integer", None), (True, 1, "integer", None), ("on", True, "boolean", True), (0, True, "boolean", False),
        ("maybe", True, "boolean", None), ("2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", STAMP, True),
        (1767323045000, "2026-01-02T03:04:05+00:00", STAMP, True), ("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.120345+00:00", STAMP, True),
        ("2026-01-02T03:04:09Z", "2026-01-02T03:04:05+00:00", STAMP, False), ("yesterday", "2026-01-02T03:04:05+00:00", STAMP, None),
        ("DE", "DE ", "character(2)", True), ("a", "b", "text", False), (None, None, "text", True), (None, "x", "text", False),
        ({"a": 1}, "x", "text", None), ({"a": 1}, {"a": Decimal(1)}, "jsonb", True), ('{"a": 2}', {"a": 1}, "jsonb", False), ([1], [1, 2], "jsonb", False),
        ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "uuid", True),
    ],
)  # fmt: skip
def test_values_are_compared_by_meaning(cached, row, kind, wanted):
    """What cannot be compared is neither the same nor different."""
    assert same(cached, row, kind) is wanted


def test_in_a_hash_an_empty_text_may_be_null():
    """A hash cannot hold a null."""
    assert (same("", None, "numeric", as_text=True), same("", None, "numeric"), same("", 5, "numeric", as_text=True)) == (True, False, None)


@pytest.mark.parametrize(
    ("key", "pattern", "one"),
    [
        (b"article:7", "article:{id}", "7"), (b"flag:new_menu", "flag:{name}", "new_menu"), (b"shop/9/item/7", "", None), (b"counter", "", None),
        (b"v2:user:12:profile", "v2:user:{id}:profile", "12"),
    ],
)  # fmt: skip
def test_a_pattern_has_one_place_for_the_id(key, pattern, one):
    """Two ids are no row's, and a single word is none either."""
    assert (pattern_of(key), id_of(key, pattern) if pattern else None) == (pattern, one)


def compared(stale: int, of: int = 100, fields: tuple[str, ...] = ("name",)) -> Compared:
    looks = {
        b"place:%d" % n: Look(Cached(b"place:%d" % n, str(n), {"name": "x"}, b"x", -1, as_text=False), {"name": "y"}, fields)
        for n in range(stale)
    }
    return Compared(COPY, compared=of, stale=looks)


def delta(**later):
    return subtract(Reading(0.0, INFO), Reading(4.0, {**INFO, "total_commands_processed": 200, **later}))


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (Seen(delta(), [compared(5)]), ("PROBLEM", "stale_cache", "place:{id} ↔ places")),
        (Seen(delta(evicted_keys=9), [compared(5)]), ("PROBLEM", "stale_cache", "place:{id} ↔ places")),
        (Seen(delta(), [compared(1)]), ("OK", None, "")),
        (Seen(delta(), []), ("UNKNOWN", None, "")),
        (Seen(delta(), [compared(90, fields=(GONE,))]), ("UNKNOWN", None, "")),
        (Seen(delta(), [compared(9, fields=(GONE,))]), ("PROBLEM", "stale_cache", "place:{id} ↔ places")),
        (Seen(delta(), [compared(5)], standby=True), ("UNKNOWN", None, "")),
        (Seen(delta(errorstat_OOM="count=3"), [compared(5)]), ("PROBLEM", "memory_full", "OOM")),
        (Seen(delta(errorstat_READONLY="count=3"), [compared(5)]), ("PROBLEM", "persistence_or_replication", "READONLY")),
        (Seen(delta(role="slave", master_link_status="down"), [compared(5)]), ("PROBLEM", "persistence_or_replication", "replica link")),
    ],
)  # fmt: skip
def test_it_tells_its_neighbours_apart(seen, wanted):
    """Refused invalidations and lagging replicas are theirs; an eviction makes no wrong value."""
    said = judge(seen)
    assert (said.status, said.code, said.subject) == wanted


@pytest.fixture
async def both(fresh_sandbox) -> AsyncIterator[SimpleNamespace]:
    """Redis and PostgreSQL with a table of places, a copy of it that nobody reads, and cached places."""
    import asyncpg
    import redis.asyncio

    from helpers.redis import connect

    async with fresh_sandbox(services=("postgres", "redis")) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as admin:
        owner = await asyncpg.connect(sandbox.postgres_dsn)
        await owner.execute(
            'create table places (id bigint primary key, "Full Name" text, lat float8, score int, updated_at timestamptz default now())'
        )
        await owner.execute(
            "insert into places select n, 'Place ' || n, n * 1.5, n, '2026-03-01 10:00:00+00' from generate_series(1, 60) n"
        )
        await owner.execute("create table places_old as select * from places; alter table places_old add primary key (id)")
        for n in range(1, 61):
            await admin.set(f"place:{n}", json.dumps({"id": n, "fullName": f"Place {n}", "lat": n * 1.5, "score": f"{n} points"}), ex=900)
        session = await connect.open_session(sandbox.redis_url, application_name="test")
        pg: Postgres = await open_session(sandbox.postgres_dsn, application_name="test")

        async def systems(name: str) -> Postgres:
            return pg

        yield SimpleNamespace(owner=owner, admin=admin, redis=session, pg=pg, systems=systems, sandbox=sandbox)
        await asyncio.gather(session.close(), pg.close(), owner.close())


async def test_the_table_is_learned_and_what_is_written_otherwise_is_not_compared(both):
    """Not the copy with the same rows; a field that never agrees is dropped."""
    [copy] = await learn_copies(both.redis, both.pg)
    assert (copy.subject, copy.fields, copy.dropped) == ("place:{id} ↔ places", {"fullName": "Full Name", "lat": "lat"}, ("score",))


async def test_a_late_invalidation_is_no_stale_key(both, monkeypatch):
    """It disagrees at the first look, and is gone at the second."""
    [copy] = await learn_copies(both.redis, both.pg)
    await both.owner.execute("""update places set "Full Name" = 'New' where id <= 9""")

    async def look_then_invalidate(*arguments):
        found = await look(*arguments)
        await both.admin.delete(*[f"place:{n}" for n in range(1, 7)])
        return found

    monkeypatch.setattr("helpers.redis.staleness.look", look_then_invalidate)
    said = await compare_some(both.redis, both.pg, copy, delay_s=0.1)
    assert (set(said.stale), said.late) == ({b"place:7", b"place:8", b"place:9"}, 6)


async def test_the_check_names_the_pattern_and_the_probe_measures_it(both):
    """Every tenth place was renamed in SQL."""
    await both.owner.execute("""update places set "Full Name" = 'New' where id % 10 = 0""")
    said = await stale_cache(both.redis, systems=both.systems, delay_s=0.2)
    samples = await DisagreeingKeys(window_s=1.0).measure({"redis": both.redis, "postgres": both.pg})
    assert (said.code, said.subject, len(said.target["keys"])) == ("stale_cache", "place:{id} ↔ places", 6), said
    assert ({s.value for s in samples}, len(samples)) == ({10.0}, 8)


async def test_a_mapping_that_does_not_exist_is_refused(both):
    """A table nobody made, and a column it does not have."""
    for given in ({"table": "nowhere"}, {"table": "places", "fields": "a=b"}, {"table": "places", "id_column": "no"}):
        with pytest.raises(ParameterError):
            await given_copy(both.redis, both.pg, pattern="place:{id}", **given)


@pytest.fixture
async def fix(admin, session):
    """Three stale keys of five, of all kinds; one of them never expires."""
    await admin.set("place:1", '{"name": "a"}', ex=500)
    await admin.hset("place:2", mapping={"name": "b", "rest": b"\xff\x00"})
    await admin.set("place:3", "plain", px=400_000)
    await admin.mset({"place:4": "other", "place:5": "other"})
    values = await read_cached(session, [b"place:1", b"place:2", b"place:3"], "place:{id}")
    return UnlinkStaleKeys("place:{id}", "s", {digest(v.key, "s"): digest(v.raw, "s") for v in values})


async def test_it_deletes_them_and_no_others_and_the_undo_restores(own_redis, admin, session, writer, fix):
    """Byte by byte, with their deadlines; twice is as good as once; a dry run changes nothing."""
    before = await contents(own_redis.redis_url)
    preview = await fix.preview(session)
    dry = await contents(own_redis.redis_url)
    await fix.apply(writer, preview)
    left = {key for key in await contents(own_redis.redis_url) if key.startswith(b"place:")}
    said = await fix.read_back(session)
    for _ in range(2):
        await fix.undo(writer, json.loads(json.dumps(preview.inverse)))
    assert (dry == before, left, "None of the 3" in said, await contents(own_redis.redis_url) == before) == (
        True, {b"place:4", b"place:5"}, True, True,
    )  # fmt: skip


async def test_a_key_that_was_written_since_is_left_alone(admin, session, writer, fix):
    """By the fix, and by the undo."""
    preview = await fix.preview(session)
    await admin.set("place:1", '{"name": "new"}')
    await fix.apply(writer, preview)
    kept = await admin.get("place:1")
    await admin.set("place:3", "made anew")
    await fix.undo(writer, preview.inverse)
    assert (kept, await admin.get("place:3"), await admin.hget("place:2", "name")) == (b'{"name": "new"}', b"made anew", b"b")


async def test_it_is_not_needed_when_all_were_written_since(admin, session, fix):
    """No statements."""
    await admin.delete("place:1", "place:2", "place:3")
    preview = await fix.preview(session)
    assert (preview.needed, list(preview.statements)) == (False, [])


@pytest.mark.parametrize("bad", [UnlinkStaleKeys("", "s"), UnlinkStaleKeys("a:{id}", ""), UnlinkStaleKeys("a:{id}", "s", keep_s=1.0)])
async def test_impossible_targets_are_refused(session, bad):
    """Before anything is asked."""
    with pytest.raises(ParameterError):
        await bad.preview(session)


def test_the_route_that_changed_the_rows_is_named(tmp_path):
    """From a log: missed_invalidations rests on the row's id in the path, at the time of its change."""
    at = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    lines = [
        {"timestamp": (at + timedelta(seconds=n)).isoformat(), "level": "info", "event": "request", "http_request_method": "PUT", "http_route": "/places/{id}",
         "url_path": f"/places/{n}", "http_response_status_code": 200, "duration_ms": 3.0}
        for n in range(10)
    ]  # fmt: skip
    (tmp_path / "api.ndjson").write_text("\n".join(map(json.dumps, lines)))
    found = requests_between([str(tmp_path / "*.ndjson")], at, at + timedelta(seconds=9), slack_s=2.0)
    moments = {digest(str(n).encode(), "s"): at + timedelta(seconds=n) for n in range(3, 7)} | {digest(b"99", "s"): at}
    said = writers(found, moments, "s")
    nobody = writers(found, {digest(b"99", "s"): at}, "s")
    assert (len(found), said.status, said.rows[0].route, said.rows[0].rows) == (10, "PROBLEM", "PUT /places/{id}", 4)
    assert (nobody.status, "hand-written SQL" in nobody.summary) == ("OK", True)
