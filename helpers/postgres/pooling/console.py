"""PgBouncer's admin console: which pooler it is, how it pools, and who waits in its queue.

The console speaks the simple query protocol only, whose rows asyncpg throws away. So asyncpg logs in (TLS, SCRAM), and then its
transport is handed to a reader of our own that knows the four messages a console answers with.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from typing import Any

from helpers.errors import SystemProblem, TimedOut
from helpers.postgres.connect import Postgres, connected
from helpers.postgres.pooling.address import pooler_dsn, with_database

__all__ = ["Pooler", "ask_console", "introduced", "parse"]

ANSWER_S = 2.0
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Pooler:
    """Which pooler it is, as its console introduces itself; empty where that cannot be told.

    `settings` are those of SHOW CONFIG that matter here, `waiting` and `maxwait_s` the queue of SHOW POOLS; empty and 0 without leave.
    """

    kind: str = ""
    version: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    waiting: int = 0
    maxwait_s: float = 0.0

    @property
    def can_carry(self) -> bool:
        """Whether this version can carry prepared statements over in transaction pooling (PgBouncer 1.21+)."""
        numbers = [int(part) for part in self.version.split(".")[:2] if part.isdigit()]
        return len(numbers) == 2 and numbers >= [1, 21]

    def __str__(self) -> str:
        return f"{self.kind or 'a pooler'} {self.version}".strip()


async def introduced(pg: Postgres, pooler: str) -> Pooler:
    """Return what the console tells: PgBouncer has a database of its own name, and a refusal of its own for those who may not."""
    try:
        console = await connected(with_database(pooler_dsn(pg._dsn, pooler), "pgbouncer"), pg.application_name)
    except SystemProblem as problem:
        return Pooler("PgBouncer" if "not allowed" in problem.reason and "08P01" in problem.reason else "")
    version, _, what = str(console.get_settings().server_version).partition("/")
    try:
        if what != "bouncer":
            return Pooler()
        config, pools = await ask_console(console, "SHOW CONFIG"), await ask_console(console, "SHOW POOLS")
    except (SystemProblem, OSError):
        return Pooler("PgBouncer", version)
    finally:
        console.terminate()
    return _pooler(version, config, pools)


def _pooler(version: str, config: list[Row], pools: list[Row]) -> Pooler:
    wanted = ("pool_mode", "max_prepared_statements", "default_pool_size", "server_lifetime")
    settings = {row["key"]: row["value"] for row in config if row.get("key") in wanted}
    others = [row for row in pools if row.get("database") != "pgbouncer"]
    waits = [float(row.get("maxwait", 0)) + float(row.get("maxwait_us", 0)) / 1e6 for row in others]
    return Pooler("PgBouncer", version, settings, sum(int(row.get("cl_waiting", 0)) for row in others), max(waits, default=0.0))


async def ask_console(console: Any, command: str) -> list[Row]:
    """Return the rows of one console command, as text. Raises TimedOut when there is no answer within two seconds."""
    reader = _Answer()
    console._transport.set_protocol(reader)
    body = command.encode() + b"\0"
    console._transport.write(b"Q" + struct.pack("!i", len(body) + 4) + body)
    try:
        async with asyncio.timeout(ANSWER_S):
            return parse(await reader.whole)
    except TimeoutError:
        raise TimedOut("postgres", f"PgBouncer's console did not answer {command} in time.") from None


class _Answer(asyncio.Protocol):
    """Collects bytes until the console says that it is ready for the next command."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.whole: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self.whole.done() and self._data.endswith(b"Z\0\0\0\5I"):
            self.whole.set_result(bytes(self._data))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.whole.done():
            self.whole.set_exception(exc or ConnectionResetError("the console hung up"))


def parse(answer: bytes) -> list[Row]:
    """Return the rows of an answer: RowDescription names the columns, each DataRow holds them as text; pure.

    Source: PostgreSQL manual, Message Formats.
    """
    names: list[str] = []
    rows: list[Row] = []
    at = 0
    while at < len(answer):
        kind, length = answer[at : at + 1], struct.unpack_from("!i", answer, at + 1)[0]
        body, at = answer[at + 5 : at + 1 + length], at + 1 + length
        if kind == b"T":
            names = _columns(body)
        elif kind == b"D":
            rows.append(dict(zip(names, _values(body), strict=False)))
    return rows


def _columns(body: bytes) -> list[str]:
    names, at = [], 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        end = body.index(b"\0", at)
        names.append(body[at:end].decode(errors="replace"))
        at = end + 19
    return names


def _values(body: bytes) -> list[str]:
    values, at = [], 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        length = struct.unpack_from("!i", body, at)[0]
        values.append(body[at + 4 : at + 4 + max(length, 0)].decode(errors="replace"))
        at += 4 + max(length, 0)
    return values
