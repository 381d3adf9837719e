"""A folder of migrations as the tool that wrote it names and orders them; files are read, never run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.errors import Refused
from helpers.postgres.migrations.migration import Folder
from helpers.postgres.migrations.numbered import read_numbered
from helpers.postgres.migrations.python_files import read_alembic, read_django

__all__ = ["read_folder"]

KNOWN = "Alembic, Django, Prisma, Flyway, Rails, golang-migrate, goose and dbmate are known."
_READERS: tuple[Callable[[Path], Folder | None], ...] = (read_alembic, read_django, read_numbered)


def read_folder(path: str) -> Folder:
    """Return the migrations in `path` in the order they are applied.

    Args:
        path: `alembic/versions`, `prisma/migrations`, `db/migrate`, `migrations`; for Django the folder that holds the apps.

    Raises:
        Refused: there is no such folder, or no tool that is known wrote what is in it.

    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise Refused("postgres", f"There is no folder {path}.", remedy="Give `migrations` relative to where the run was started.")
    try:
        found = next((made for made in (read(folder) for read in _READERS) if made is not None), None)
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise Refused("postgres", f"The migrations in {path} cannot be read: {error}.") from None
    if found is None:
        raise Refused("postgres", f"No known migration tool wrote what is in {path}.", remedy=KNOWN)
    return found
