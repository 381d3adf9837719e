"""Which driver a prepared statement's name gives away, and the setting that makes that driver do without.

Source: each driver's own source and manual, as named beside its setting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DRIVERS", "Driver", "driver_of", "statement_in"]


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver: how it names its statements (empty: as the application likes), and its setting as text for the code."""

    name: str
    names: str
    setting: str


DRIVERS = (
    Driver(
        "asyncpg",
        r"__asyncpg_[0-9a-z_-]+__",
        "# asyncpg (its FAQ: PgBouncer)\n"
        "pool = await asyncpg.create_pool(dsn, statement_cache_size=0)\n\n"
        "# SQLAlchemy on asyncpg (its manual: Prepared Statement Name with PGBouncer)\n"
        "engine = create_async_engine(\n"
        "    url,\n"
        "    poolclass=NullPool,\n"
        "    connect_args={\n"
        '        "statement_cache_size": 0,\n'
        '        "prepared_statement_cache_size": 0,\n'
        '        "prepared_statement_name_func": lambda: f"__asyncpg_{uuid4()}__",\n'
        "    },\n"
        ")",
    ),
    Driver(
        "psycopg 3",
        r"_pg3_\d+",
        "# psycopg 3 (its manual: Prepared statements, Using with PgBouncer)\nconn = psycopg.connect(dsn, prepare_threshold=None)",
    ),
    Driver(
        "pgjdbc",
        r"S_\d+",
        "# pgjdbc (its manual: prepareThreshold)\njdbc:postgresql://host/database?prepareThreshold=0",
    ),
    Driver(
        "pgx",
        r"(?:stmtcache|lrupsc)_\w+",
        "# pgx 5 (its manual: QueryExecMode)\npostgres://host/database?default_query_exec_mode=exec",
    ),
    Driver(
        "Npgsql",
        r"_(?:auto|p)\d+",
        "# Npgsql (its manual: Prepared statements)\nHost=…;Max Auto Prepare=0;No Reset On Close=true",
    ),
    Driver(
        "Prisma",
        r"s\d+",
        "# Prisma, and others on tokio-postgres (its manual: PgBouncer)\nDATABASE_URL=postgres://host/database?pgbouncer=true",
    ),
    Driver("sqlx", r"sqlx_s_\d+", "# sqlx (PgConnectOptions)\noptions.statement_cache_capacity(0)"),
    Driver("Active Record", r"a\d+", "# Rails, config/database.yml\nprepared_statements: false"),
    Driver("Ecto", r"ecto_\w+", "# Ecto, the repository's configuration\nprepare: :unnamed"),
    Driver("PDO", r"pdo_stmt_\w+", "# PHP\n[PDO::ATTR_EMULATE_PREPARES => true]"),
    Driver(
        "node-postgres",
        "",
        "// node-postgres: prepared only where a query has a name; leave it out\nclient.query({ text, values })\n\n"
        "// postgres.js\npostgres(url, { prepare: false })",
    ),
)


def driver_of(statement: str) -> str:
    """Return the driver that names its prepared statements like `statement`, or an empty string."""
    return next((d.name for d in DRIVERS if d.names and re.fullmatch(d.names, statement)), "")


def statement_in(error: str) -> str:
    """Return the prepared statement an error message names, or an empty string."""
    found = re.search(r'prepared statement "([^"]+)"', error)
    return found[1] if found else ""
