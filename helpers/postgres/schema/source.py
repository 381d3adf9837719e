"""Where the wanted schema is: a second database, by reference, opened read-only (I/O)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from helpers.errors import ProfileError, Refused, SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.schema.catalog import Schema, read_schema
from helpers.settings import load_profile, resolve

__all__ = ["NOTHING_GIVEN", "compared_with", "wanted_schema"]

NOTHING_GIVEN = "Nothing was given to compare this schema with."
GIVE = (
    "Give `compare_with` (a reference such as env:STAGING_DATABASE_URL, or a profile), `compare_database` (another database on this "
    "server), or `migrations` (the folder of migration files)."
)


@contextlib.asynccontextmanager
async def compared_with(pg: Postgres, compare_with: str, compare_database: str) -> AsyncIterator[Postgres]:
    """Yield a read-only session to the database that has the wanted schema.

    Args:
        pg: Session to the live database.
        compare_with: `env:NAME`, `file:PATH` or a profile's name; an address is taken only if it holds no password.
        compare_database: A database on the live one's own server, opened as the same role; used when `compare_with` is empty.

    Raises:
        Refused: nothing was given, the reference points at nothing, it cannot be opened, or it is the live database itself.

    """
    try:
        other = await _opened(pg, compare_with, compare_database)
    except (ProfileError, SystemProblem) as problem:
        text = f"The schema to compare with cannot be read: {problem.reason}"
        raise Refused("postgres", text, remedy=problem.remedy) from None
    try:
        if await _same(pg, other):
            raise Refused("postgres", "It was compared with itself: both addresses are the same database.", remedy=GIVE)
        yield other
    finally:
        await other.close()


async def wanted_schema(pg: Postgres, compare_with: str, compare_database: str, ignore: Sequence[str]) -> Schema:
    """Return the wanted schema; see `compared_with`. Raises Refused when it cannot be read or holds nothing."""
    async with compared_with(pg, compare_with, compare_database) as other:
        schema = await read_schema(other, ignore=ignore)
    if not schema.relations:
        raise Refused("postgres", "The database to compare with has no tables.", remedy="Is it the right one, and was it migrated?")
    return schema


async def _address(compare_with: str) -> str:
    if "://" in compare_with and urlsplit(compare_with).password:
        raise ProfileError(
            "compare_with holds a password, which would stand in every report.", remedy="Put the address into .env and give env:NAME."
        )
    if ":" in compare_with:
        return resolve(compare_with, where="compare_with")
    return (await load_profile(compare_with)).address("postgres")


async def _opened(pg: Postgres, compare_with: str, compare_database: str) -> Postgres:
    if compare_with:
        return await Postgres.connect(await _address(compare_with), application_name=pg.application_name)
    if compare_database:
        return await pg.sibling(compare_database)
    raise Refused("postgres", NOTHING_GIVEN, remedy=GIVE)


async def _same(pg: Postgres, other: Postgres) -> bool:
    """Whether both sessions are in one database; where a role may not ask for the cluster's name, that is not known."""
    try:
        return await pg.identity() == await other.identity()
    except SystemProblem:
        return False
