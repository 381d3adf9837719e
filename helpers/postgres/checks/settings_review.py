"""Settings that put data at risk, or make the planner guess wrong.

What is dangerous is told apart from what is only worth a thought; most servers run well with some of the latter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named
from helpers.results import CheckResult

__all__ = ["ReviewedSetting", "judge", "settings_review"]

_OFF = ("off",)
# Setting → values that matter, whether they are dangerous, why. PostgreSQL manual, "Server Configuration".
_RULES: Mapping[str, tuple[Sequence[str], bool, str]] = {
    "fsync": (_OFF, True, "a power cut or a crash of the operating system destroys the cluster"),
    "full_page_writes": (_OFF, True, "a crash in the middle of a page write corrupts it"),
    "autovacuum": (_OFF, True, "dead rows stay, statistics age, transaction ids run out"),
    "track_counts": (_OFF, True, "autovacuum does not know where to go"),
    "zero_damaged_pages": (("on",), True, "damaged pages are silently emptied"),
    "ignore_checksum_failure": (("on",), True, "damaged pages are read as if they were sound"),
    "enable_seqscan": (_OFF, True, "every plan is distorted; meant for one session at a time"),
    "enable_indexscan": (_OFF, True, "every plan is distorted; meant for one session at a time"),
    "enable_hashjoin": (_OFF, True, "every plan is distorted; meant for one session at a time"),
    "enable_nestloop": (_OFF, True, "every plan is distorted; meant for one session at a time"),
    "synchronous_commit": (_OFF, False, "the last commits before a crash are lost, though the client was told they are safe"),
    "idle_in_transaction_session_timeout": (("0",), False, "a forgotten transaction stays open for ever"),
    "random_page_cost": (("4",), False, "meant for spinning disks; on SSD 1.1 lets indexes be used (pg-extras)"),
    "work_mem": (("4096",), False, "the default of 4 MB spills early (pg-extras)"),
    "shared_buffers": (("16384",), False, "the default of 128 MB; a quarter of the memory is the manual's start"),
    "track_io_timing": (_OFF, False, "plans and statistics cannot tell disk from CPU"),
    "log_lock_waits": (_OFF, False, "nobody learns afterwards who waited for whom"),
    "jit": (("on",), False, "compiling can take longer than an API's statement; off for OLTP is common"),
}


@dataclass(frozen=True, slots=True)
class ReviewedSetting:
    """One setting that is worth a look; `scope` is the server, or the role or database it is set for."""

    setting: str
    value: str
    scope: str
    dangerous: bool
    why: str


@dataclass(frozen=True, slots=True)
class _Setting:
    setting: str
    value: str
    shown: str
    scope: str


async def settings_review(pg: Postgres) -> CheckResult[ReviewedSetting]:
    """Settings with a value that is dangerous or worth a thought, the dangerous first.

    Of the server, and of roles and databases that override it.

    Returns:
        PROBLEM when a dangerous one is set; OK otherwise, with what is worth a thought as rows.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Server Configuration"; pg-extras `diagnose`; check_postgres `settings_checksum` compares, and does not
        judge.

    """
    return judge([(s.setting, s.value, s.shown, s.scope) for s in await ask(pg, __file__, _Setting, list(_RULES))])


def judge(settings: Sequence[tuple[str, str, str, str]]) -> CheckResult[ReviewedSetting]:
    """Return the status of (name, raw value, value as shown, scope); pure."""
    rows = [
        ReviewedSetting(name, shown, scope, _RULES[name][1], _RULES[name][2])
        for name, value, shown, scope in settings
        if value in _RULES[name][0]
    ]
    return judged(
        rows,
        lambda row: row.dangerous,
        problem=lambda bad: (
            f"Dangerous: {named([f'{r.setting} = {r.value}' + (f' for {r.scope}' if r.scope != 'server' else '') for r in bad])}."
        ),
        fine=f"No setting is dangerous; {many(len(rows), 'is', 'are')} worth a thought.",
    )
