"""The live database is behind the schema that the code was written for.

A second database on the same server is what the migrations lead to; the live one has not seen the last of them. Instances of the new code
ask for what is not there, again and again. Beside the drift there is what is none: a column, an index and a table that only the live
database has. In the variant `pending_migration` a folder of Alembic revisions says what is wanted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.schema_variants import LIVE_ONLY, LIVE_ONLY_UNDO, VARIANTS, Behind
from helpers.sandbox.schema import OWNER

__all__ = ["SchemaDrift"]

_PAUSE_S = 0.5
_SHOP = Path(__file__).parents[2] / "schema.sql"


@dataclass
class SchemaDrift(Fault):
    """A column, a type or a table that the migrations brought to one database only; or a migration that was not applied."""

    variants: ClassVar[tuple[str, ...]] = tuple(VARIANTS)
    resolvable: ClassVar[bool] = False

    @property
    def _behind(self) -> Behind:
        return VARIANTS[self.variant]

    async def inject(self, place: Addresses) -> None:
        """Make the second database or the folder, take it one migration further, and let the new code run."""
        behind = self._behind
        self.subject = behind.subject
        async with table_owner(place) as connection:
            await connection.execute(f"{behind.undo}; {LIVE_ONLY_UNDO}")
            await connection.execute(f"{behind.live}; {LIVE_ONLY}")
        if behind.files:
            self.parameters = {"migrations": str(_written(self._folder(place), behind.files))}
        else:
            self.parameters = {"compare_database": behind.database}
            await self._make_head(place)
        for name in ("shop-api", "report-worker"):
            await self.clients.run(place, name, _asking(behind.statement))

    async def _make_head(self, place: Addresses) -> None:
        behind = self._behind
        async with superuser(place) as connection:
            await _dropped(connection, behind.database)
            name = await connection.fetchval("select quote_ident($1)", behind.database)
            await connection.execute(f"create database {name} owner {OWNER}")
        address = urlunsplit(urlsplit(place.admin)._replace(path="/" + quote(behind.database)))
        head = await asyncpg.connect(address, timeout=10, command_timeout=60)
        try:
            await head.execute(f"set role {OWNER}")
            await head.execute(_SHOP.read_text().replace("$CUSTOMERS", "100").replace("$ROWS", "200"))
            await head.execute(f"{behind.live}; {behind.migration}")
        finally:
            await head.close(timeout=10)

    def _folder(self, place: Addresses) -> Path:
        return Path(place.folder) / "migrations"

    async def heal(self, place: Addresses) -> None:
        """Stop the code, drop the second database; whatever a person ran of the migration goes, too."""
        await self.clients.end(place)
        async with superuser(place) as connection:
            await connection.execute(f"{self._behind.undo}; {LIVE_ONLY_UNDO}")
            if self._behind.database:
                await _dropped(connection, self._behind.database)
        for name in self._behind.files:
            (self._folder(place) / name).unlink(missing_ok=True)


def _written(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


async def _dropped(connection: asyncpg.Connection, database: str) -> None:
    await connection.execute(await connection.fetchval("select format('drop database if exists %I with (force)', $1::text)", database))


def _asking(statement: str) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    async def work(connection: asyncpg.Connection) -> None:
        while True:
            with contextlib.suppress(asyncpg.SyntaxOrAccessError):  # what the users of the new code get, until the migration is there
                await connection.fetch(statement, timeout=10)
            await asyncio.sleep(_PAUSE_S)

    return work
