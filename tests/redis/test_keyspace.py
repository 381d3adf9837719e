"""keys_by_prefix and the sample behind it: near the truth, within its budget, without touching a key."""

import secrets

import pytest

from helpers.redis.checks.keys_by_prefix import keys_by_prefix
from helpers.redis.keyspace import random_keys, sample, scan_all, weigh
from helpers.redis.tally import KeyFacts, Tally, wilson
from helpers.results import Status


async def populate(admin, sessions=20_000, customers=8_000, reports=4_000) -> None:
    """Sessions and customers that expire, reports that do not."""
    pipe = admin.pipeline(transaction=False)
    for _ in range(sessions):
        pipe.set(f"session:{secrets.token_hex(8)}", "s" * 20, ex=1800)
    for number in range(customers):
        pipe.set(f"customer:{number}", "c" * 200, ex=300 + number % 60)
    for number in range(reports):
        pipe.hset(f"report:{number}:pdf", mapping={"body": "r" * 500})
    await pipe.execute()


async def test_a_sample_is_near_the_truth(admin, session):
    """Every share of keys and bytes within two points of a full scan, its interval included, from a part of the keys."""
    await populate(admin)
    exact, found = await scan_all(session), await sample(session, budget_keys=8000, precision=0.01)
    truth = {r.prefix: r for r in exact.tally.rows(exact.total_keys)}
    rows = found.tally.rows(found.total_keys)
    assert (found.exact, exact.exact, found.tally.count <= 9000) == (False, True, True)
    assert [r.prefix for r in rows] == ["report:{id}:pdf", "customer:{id}", "session:{id}"]
    assert [abs(r.keys_pct - truth[r.prefix].keys_pct) < 2 and abs(r.bytes_pct - truth[r.prefix].bytes_pct) < 2 for r in rows] == [True] * 3
    assert [(r.without_ttl_pct, r.types) for r in rows] == [(100.0, "hash"), (0.0, "string"), (0.0, "string")]


async def test_few_keys_are_counted_exactly(admin, session):
    """No more keys than the budget: intervals of no width."""
    await admin.mset({f"tag:{n}": n for n in range(300)})
    rows = await keys_by_prefix(session)
    assert (rows.status, rows.facts["exact"], [(r.prefix, r.keys, r.keys_pct_ci) for r in rows]) == (
        Status.OK,
        True,
        [("tag:{id}", 300, (100.0, 100.0))],
    )


async def test_no_keys_are_no_problem(session):
    """OK and empty."""
    found = await keys_by_prefix(session)
    assert (found.status, len(found), found.summary) == (Status.OK, 0, "There are no keys.")


async def test_the_time_budget_ends_a_sample_and_a_scan_that_is_resumed(admin, session):
    """A scan goes on where it ended, and counts every key."""
    await populate(admin, 3000, 2000, 1000)
    part = await scan_all(session, budget_s=0.0)
    while not part.exact:
        part = await scan_all(session, budget_s=0.05, resume=part)
    assert (part.exact, part.tally.count) == (True, 6000)


async def test_looking_at_keys_does_not_touch_them(admin, session):
    """The idle time the server evicts by goes on."""
    await admin.mset({f"tag:{n}": n for n in range(20)})
    before = {r: await admin.execute_command("OBJECT", "IDLETIME", f"tag:{r}") for r in range(20)}
    await admin.config_set("maxmemory-policy", "allkeys-lru")
    clock = (await admin.info("server"))["lru_clock"]
    while (await admin.info("server"))["lru_clock"] < clock + 2:  # the server's clock has ticked
        await sample(session)
    after = {r: await admin.execute_command("OBJECT", "IDLETIME", f"tag:{r}") for r in range(20)}
    assert all(after[r] > before[r] for r in range(20))


async def test_idle_times_are_left_out_under_lfu(admin, session):
    """The server refuses OBJECT IDLETIME then: not asked for again, and said so."""
    await admin.config_set("maxmemory-policy", "allkeys-lfu")
    await admin.mset({f"tag:{n}": n for n in range(2000)})
    found = await keys_by_prefix(session)
    assert (found.facts["not_allowed"], found.rows[0].idle_s, found.rows[0].bytes > 0) == (["OBJECT IDLETIME"], None, True)


async def test_keys_of_arbitrary_bytes_and_expired_ones_do_no_harm(admin, session):
    """Counted as what they are, or not at all."""
    await admin.mset({bytes([n, 13, 10, 255 - n]): b"\x00\r\n$-1\r\n" for n in range(256)})
    await admin.set("gone:1", "x", px=1)
    found = await keys_by_prefix(session)
    assert sum(r.keys for r in found) in (256, 257)


async def test_random_keys_are_different_keys(admin, session):
    """Without doubles, and as many as there are."""
    await populate(admin, 3000, 0, 0)
    keys = await random_keys(session, 1000)
    assert (len(keys), len(set(keys))) == (1000, 1000)


async def test_a_large_key_that_a_sample_misses_is_found_by_its_weight(admin, session):
    """What the sample does not explain is looked for among all keys."""
    await populate(admin, 25_000, 0, 0)
    await admin.setrange("export:all.csv", 60 << 20, b"x")
    found = await weigh(session, (await session.info("memory"))["used_memory_dataset"])
    assert (found.tally.rows(found.total_keys)[0].prefix, found.exact) == ("export:all.csv", True)


def test_names_that_come_by_the_million_do_not_fill_our_memory():
    """Shapes are folded to prefixes as they come."""
    tally = Tally()
    for number in range(25_000):
        word = "".join(chr(97 + int(d)) for d in str(number))
        tally.add(KeyFacts(b"", f"user:{word}", "string", -1, 10, 0))
    assert (len(tally.sums) < 20_001, [(r.prefix, r.keys) for r in tally.rows(25_000)]) == (True, [("user:{name}", 25_000)])


def test_an_interval_of_a_share_is_wilsons():
    """Known values: none of ten, and half of a hundred."""
    low, high = wilson(50, 100)
    assert (wilson(0, 0), round(wilson(0, 10)[1], 3), round(low, 3), round(high, 3)) == ((0.0, 1.0), 0.278, 0.404, 0.596)


@pytest.mark.parametrize(("n", "wanted"), [(0, 1.0), (100, None)])
def test_precision_is_the_widest_half_interval(n, wanted):
    """1 for nothing; about ten points for a hundred keys of one half."""
    tally = Tally()
    for number in range(n):
        tally.add(KeyFacts(b"", "a:{id}" if number % 2 else "b:{id}", "string", -1, 10, 0))
    assert tally.precision() == wanted if wanted else 0.08 < tally.precision() < 0.12
