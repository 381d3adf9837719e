"""missing_ttl, memory_full and eviction_churn judge facts, without a server."""

import dataclasses

import pytest

from helpers.redis.checks import eviction_churn, memory_full, missing_ttl
from helpers.redis.cohort import Fate
from helpers.redis.deltas import Delta, Reading, subtract
from helpers.redis.tally import PrefixRow

INFO = {
    "run_id": "a", "redis_version": "8", "total_commands_processed": 100, "used_memory": 100, "maxmemory": 100, "maxmemory_policy": "noeviction",
    "evicted_keys": 0, "db0": "keys=1000,expires=500,avg_ttl=1",
}  # fmt: skip


def delta(**later) -> Delta:
    return subtract(Reading(0.0, INFO), Reading(4.0, {**INFO, "total_commands_processed": 200, **later}))


def row(prefix: str, **changes) -> PrefixRow:
    plain = PrefixRow(prefix, 1000, 50.0, (48.0, 52.0), 1000, 50.0, (48.0, 52.0), 50.0, (45.0, 55.0), 1790.4, 1.0, "string", 100, "")
    return dataclasses.replace(plain, **changes)


LOST = {"session:{id}": Fate(watched=100, lost_expiry=4)}


def test_a_prefix_seen_losing_its_expiry_is_named_with_its_time_to_live():
    """The longest time its other keys have."""
    said = missing_ttl.judge(missing_ttl.Seen(delta(), [row("cart:{id}"), row("session:{id}")], LOST), allowed_pct=10)
    assert (said.code, said.subject, said.target) == ("missing_ttl", "session:{id}", {"prefix": "session:{id}", "ttl_s": 1791.0})


@pytest.mark.parametrize(
    ("later", "fates", "given", "wanted"),
    [
        ({}, {}, {}, ("UNKNOWN", None)),
        ({}, {}, {"prefix": "session:{id}", "ttl_s": 600.0}, ("PROBLEM", "missing_ttl")),
        ({}, {}, {"prefix": "other:{id}", "ttl_s": 600.0}, ("UNKNOWN", None)),
        ({"db0": "keys=1000,expires=950,avg_ttl=1"}, LOST, {}, ("OK", None)),
        ({"errorstat_OOM": "count=5"}, LOST, {}, ("PROBLEM", "memory_full")),
        ({"evicted_keys": 5}, LOST, {}, ("PROBLEM", "eviction_churn")),
        ({"errorstat_READONLY": "count=5"}, LOST, {}, ("PROBLEM", "persistence_or_replication")),
    ],
)
def test_missing_ttl_tells_its_neighbours_apart(later, fates, given, wanted):
    """And says UNKNOWN where nothing on the server decides."""
    said = missing_ttl.judge(missing_ttl.Seen(delta(**later), [row("session:{id}")], fates), allowed_pct=10, **given)
    assert (said.status, said.code) == wanted


@pytest.mark.parametrize(
    ("later", "wanted"),
    [
        ({"errorstat_OOM": "count=5"}, ("PROBLEM", "memory_full", "report:{id} under noeviction")),
        ({"errorstat_OOM": "count=5", "mem_clients_normal": 80}, ("PROBLEM", "client_exhaustion", "client buffers")),
        ({"errorstat_OOM": "count=5", "errorstat_MISCONF": "count=1"}, ("PROBLEM", "persistence_or_replication", "MISCONF")),
        ({"used_memory": 40}, ("OK", None, "")),
        ({"maxmemory": 0}, ("OK", None, "")),
        ({"evicted_keys": 9, "maxmemory_policy": "allkeys-lru"}, ("PROBLEM", "eviction_churn", "evicted_keys")),
        ({"maxmemory_policy": "allkeys-lru"}, ("OK", None, "")),
    ],
)
def test_memory_full_tells_its_neighbours_apart(later, wanted):
    """Refused for lack of memory, and for nothing else."""
    said = memory_full.judge(delta(**later), [row("report:{id}"), row("session:{id}", bytes_pct=20.0)])
    assert (said.status, said.code, said.subject) == wanted


def test_the_fix_of_a_full_memory_fits_what_fills_it():
    """Evict what would expire anyway; else raise the limit."""
    refused = delta(errorstat_OOM="count=5")
    cache = memory_full.judge(refused, [row("cache:{id}", without_ttl_pct=0.0, without_ttl_pct_ci=(0.0, 1.0), bytes_pct=90.0)])
    store = memory_full.judge(refused, [row("report:{id}", without_ttl_pct=100.0, without_ttl_pct_ci=(99.0, 100.0), bytes_pct=90.0)])
    assert (cache.fix, store.fix) == ("set_maxmemory_policy", "set_maxmemory")


@pytest.mark.parametrize(
    ("later", "fates", "wanted"),
    [
        ({}, {}, ("OK", None, "")),
        ({"evicted_keys": 90}, {}, ("UNKNOWN", None, "")),
        (
            {"evicted_keys": 90},
            {"session:{id}": Fate(watched=100, vanished_early=9)},
            ("PROBLEM", "eviction_churn", "session:{id} evicted by thumb:{id}"),
        ),
        (
            {"evicted_keys": 90},
            {"thumb:{id}": Fate(watched=100, vanished_early=9)},
            ("PROBLEM", "eviction_churn", "thumb:{id} evicted by itself"),
        ),
        ({"evicted_keys": 90}, {"thumb:{id}": Fate(persistent=100, persistent_vanished=9)}, ("UNKNOWN", None, "")),
        ({"evicted_keys": 90, "errorstat_OOM": "count=3"}, {}, ("PROBLEM", "memory_full", "OOM")),
    ],
)
def test_eviction_churn_rests_on_keys_seen_leaving(later, fates, wanted):
    """A cache at its limit that evicts what nobody misses is no cause."""
    said = eviction_churn.judge(delta(**later), [row("thumb:{id}"), row("session:{id}")], fates)
    assert (said.status, said.code, said.subject) == wanted
