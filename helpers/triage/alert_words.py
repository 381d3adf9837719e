"""Which runbooks an alert's words speak of; they are walked first, and nothing else follows from a word.

Source: the rules that people take over for PostgreSQL, Redis and HTTP (awesome-prometheus-alerts, by name and description), Sentry's and
PostgreSQL's own messages for the same condition, and the title of each runbook.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpers.alerts import Alert
from helpers.runner.catalogue import RunbookInfo

__all__ = ["WORDS", "walked_first"]

# The particular before the general: a runbook's place is that of the first line that names it. One that no line names is found by its own name.
WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"dead ?locks?\b", ("deadlocks", "lock_contention")),
    (r"prepared statement", ("pooler_prepared_statements",)),
    (r"queue ?pool|pool (is )?(full|exhausted|saturat|timeout)|waiting for a connection", ("pool_saturated", "connection_leak")),
    (r"out of range|overflow|sequence", ("integer_overflow",)),
    (r"does not exist|undefined (column|table)|migrat|schema", ("schema_drift", "ddl_lock_queue")),
    (r"invalid index", ("invalid_index",)),
    (r"idle in transaction", ("idle_in_transaction", "lock_contention")),
    (r"\block(s|ed|ing)?\b|lock contention|blocked|lock timeout", ("lock_contention", "ddl_lock_queue", "idle_in_transaction")),
    (r"vacuum|dead (tuple|row)s?|bloat|wraparound", ("vacuum_blocked", "idle_in_transaction")),
    (r"connections?\b|client limit|max ?clients", ("connection_exhaustion", "client_exhaustion", "connection_leak", "pool_saturated")),
    (r"evict", ("eviction_churn", "memory_full", "missing_ttl")),
    (r"memory|\boom\b", ("memory_full", "missing_ttl", "eviction_churn", "function_crash")),
    (r"bgsave|\brdb\b|\baof\b|replicat|replica|backup|read ?only", ("persistence_or_replication",)),
    (r"stampede|hit (rate|ratio)|cache miss", ("cache_stampede", "eviction_churn", "stale_cache")),
    (r"hot ?key", ("hot_key",)),
    (r"session|log(ged)? ?(in|out)", ("sessions_lost",)),
    (r"rate ?limit|\b429\b|too many requests", ("stuck_rate_limit",)),
    (r"stale|old data|out of date", ("stale_route", "stale_cache", "stale_statistics")),
    (r"\b(401|403)\b|unauthori|forbidden|leak of data", ("missing_auth", "unauthorised_route", "shared_cache_leak")),
    (r"event loop", ("event_loop_blocked",)),
    (r"thread", ("thread_pool_exhausted",)),
    (r"\b422\b|validation", ("contract_drift",)),
    (r"deploy|release|rollout", ("deploy_regression",)),
    (r"crash|killed|exit(ed)? (code|status)", ("function_crash",)),
    (r"time ?d? ?out|timeout|\b504\b", ("function_timeout", "slow_upstream", "pool_saturated", "thread_pool_exhausted")),
    (r"\b5(xx|\d\d)\b|error|exception|failed|failure", ("unhandled_errors", "empty_errors", "deploy_regression", "function_crash")),
    (r"delete", ("unindexed_foreign_key",)),
    (r"slow ?log|slow command|blpop|latency spike", ("slow_command",)),
    (r"slow|latency|duration|p9\d|apdex|seconds", ("missing_index", "n_plus_one", "slow_command", "slow_upstream", "event_loop_blocked")),
    (r"inconsisten|partial|lost", ("partial_writes", "lost_work")),
    (r"\bcpu\b|load average", ("hot_key", "slow_command", "missing_index", "stale_statistics")),
)
AREAS = {
    "postgres": r"postgres|\bpg\b|\bsql\b|database|\bdb\b|pgbouncer",
    "redis": r"redis|valkey|cache|\bkv\b|upstash",
    "platform": r"vercel|next ?js|lambda|function|edge",
    "api": r"\bapi\b|http|fastapi|starlette|uvicorn|request|endpoint|route",
}


def walked_first(infos: Sequence[RunbookInfo], alert: Alert | None) -> list[RunbookInfo]:
    """Return the runbooks, those that the alert's words speak of first, of equals those of its area; as they were without an alert. Pure."""
    if alert is None:
        return list(infos)
    said = _words(alert)
    areas = {area for area, pattern in AREAS.items() if re.search(pattern, said)}
    spoken = [names for pattern, names in WORDS if re.search(pattern, said)]
    places = {name: (line, place) for line, names in reversed(list(enumerate(spoken))) for place, name in enumerate(names)}

    def nearness(info: RunbookInfo) -> tuple[int, bool, int]:
        own = all(word in said for word in info.name.split("_"))
        line, place = places.get(info.name, (-1 if own else len(spoken), 0))
        return line, info.area not in areas, place

    return sorted(infos, key=nearness)


def _words(alert: Alert) -> str:
    """Return what it says as words in lower case; `RedisOutOfMemory` and `redis_out_of_memory` are four each."""
    parts = [alert.title, alert.text, alert.service, *alert.labels.values()]
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", " ".join(parts))
    return split.replace("_", " ").replace("-", " ").lower()
