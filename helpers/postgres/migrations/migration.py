"""What a migration is, whichever tool wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["COMMANDS", "Folder", "Migration"]

# Each tool's own command that applies what is pending, and the one that shows its SQL or state first.
COMMANDS = {
    "alembic": ("alembic upgrade head", "alembic upgrade head --sql"),
    "django": ("python manage.py migrate", "python manage.py migrate --plan"),
    "prisma": ("npx prisma migrate deploy", "npx prisma migrate status"),
    "flyway": ("flyway migrate", "flyway info"),
    "rails": ("bin/rails db:migrate", "bin/rails db:migrate:status"),
    "golang-migrate": ("migrate -path MIGRATIONS -database \"$DATABASE_URL\" up", "migrate -path MIGRATIONS -database \"$DATABASE_URL\" version"),
    "goose": ("goose up", "goose status"),
    "dbmate": ("dbmate up", "dbmate status"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration: `version` as the tool's table names it, `name` as people do, `after` the versions it follows.

    `replaces` are the versions a squashed migration stands for.
    """

    version: str
    name: str
    after: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """A tool's migrations, in the order they are applied."""

    tool: str
    migrations: Sequence[Migration]
    path: str = ""
