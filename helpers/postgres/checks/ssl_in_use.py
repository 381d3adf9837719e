"""Connections that cross a network unencrypted.

Passwords are hashed, but statements and rows can be read and changed on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, named, unknown
from helpers.results import CheckResult

__all__ = ["Encryption", "judge", "ssl_in_use"]

TRUSTED = ("127.0.0.0/8", "::1/128")  # never leave the machine; a pooler or a tunnel on it encrypts by itself


@dataclass(frozen=True, slots=True)
class Encryption:
    """Client sessions of one role and application, encrypted or not; `local` ones use a socket or a trusted network."""

    usename: str | None
    application_name: str
    client_addr: str | None
    encrypted: bool
    local: bool
    version: str | None
    sessions: int


async def ssl_in_use(pg: Postgres, *, trusted: Sequence[str] = TRUSTED) -> CheckResult[Encryption]:
    """Client sessions by role, application, address and encryption; the unencrypted first.

    Args:
        pg: Read-only session.
        trusted: Networks (CIDR) over which plain text is fine.

    Returns:
        PROBLEM when a session crosses another network unencrypted; OK otherwise; UNKNOWN when the role cannot see other roles'
        sessions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pg-extras `ssl_used`, pghero; PostgreSQL manual, pg_stat_ssl, pg_stat_gssapi.

    """
    return judge(await ask(pg, __file__, Encryption, list(trusted)), sees_everyone=pg.sees_everyone)


def judge(rows: Sequence[Encryption], *, sees_everyone: bool) -> CheckResult[Encryption]:
    """Return the status of the sessions; pure."""
    found = judged(
        rows,
        lambda row: not row.encrypted and not row.local,
        problem=lambda bad: (
            f"{sum(r.sessions for r in bad)} sessions are not encrypted: "
            f"{named([f'{r.application_name or r.usename} from {r.client_addr}' for r in bad])}."
        ),
        fine="Every session that crosses a network is encrypted.",
    )
    if not sees_everyone and found.status == "OK":
        return unknown("This role cannot see how other roles' sessions are connected.", rows=rows)
    return found
