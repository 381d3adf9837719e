"""What the live database lacks, by whatever says what is wanted: a second database, a folder of migrations, or both (I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpers.errors import Refused
from helpers.postgres.connect import Postgres
from helpers.postgres.migrations.books import Standing, read_books, read_failures, standing
from helpers.postgres.migrations.folder import read_folder
from helpers.postgres.migrations.migration import Folder
from helpers.postgres.schema.catalog import Schema, changed_since, read_schema
from helpers.postgres.schema.compare import Comparison, compare_schemas
from helpers.postgres.schema.source import GIVE, NOTHING_GIVEN, wanted_schema

__all__ = ["Drift", "DriftReader"]


@dataclass(frozen=True, slots=True)
class Drift:
    """What was compared: the two schemas, the migrations, or only what migration tools say failed. None: it was not asked."""

    comparison: Comparison | None = None
    live: Schema | None = None
    wanted: Schema | None = None
    standing: Standing | None = None
    failed: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many things are missing, changed, not applied or half applied."""
        structural = len(self.comparison.differences) if self.comparison else 0
        due = len(self.standing.pending) + len(self.standing.failed) if self.standing else 0
        return structural + due + len(self.failed)


@dataclass(frozen=True, slots=True)
class DriftReader:
    """Reads the same question again and again: the wanted side was read once, the live one is read again when its catalog changed."""

    wanted: Schema | None
    folder: Folder | None
    ignore: tuple[str, ...]

    @classmethod
    async def opened(cls, pg: Postgres, compare_with: str, compare_database: str, migrations: str, ignore: Sequence[str]) -> DriftReader:
        """Return a reader whose wanted side is read. Raises Refused when that cannot be read."""
        given = compare_with or compare_database
        schema = await wanted_schema(pg, compare_with, compare_database, ignore) if given else None
        return cls(schema, read_folder(migrations) if migrations else None, tuple(ignore))

    async def read(self, pg: Postgres, last: tuple[str, Drift] | None = None) -> tuple[str, Drift]:
        """Return the catalog's state and the drift as they are now; `last` is what it returned before.

        Raises:
            Refused: nothing was given to compare with, or it cannot be read.

        """
        if self.wanted is None and self.folder is None:
            return "", await _failures(pg)
        state, drift = last or ("", Drift())
        now = await changed_since(pg) if self.wanted else ""
        if self.wanted is not None and now != state:
            live = await read_schema(pg, ignore=self.ignore)
            drift = Drift(compare_schemas(live, self.wanted), live, self.wanted)
        if self.folder is not None:
            drift = replace(drift, standing=standing(self.folder, await read_books(pg, self.folder.tool)))
        return now, drift


async def _failures(pg: Postgres) -> Drift:
    """What can be known with nothing to compare with: migrations that began and did not end."""
    failed = await read_failures(pg)
    if not failed:
        raise Refused("postgres", NOTHING_GIVEN, remedy=GIVE)
    return Drift(failed=tuple(failed))
