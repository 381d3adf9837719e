"""The statements that show rows without their partner, and that would take them away."""

from __future__ import annotations

__all__ = ["repair_statements"]


def repair_statements(parent: str, child: str, column: str, parent_column: str) -> list[str]:
    """Return a SELECT of the orphans, and a DELETE in a transaction that a person commits; names are SQL."""
    lacks = f"NOT EXISTS (SELECT FROM {child} c WHERE c.{column} = p.{parent_column})"
    return [
        f"SELECT p.* FROM {parent} p WHERE {lacks} ORDER BY p.{parent_column} DESC LIMIT 100;",  # noqa: S608 - text for a person; names are SQL already
        f"BEGIN; DELETE FROM {parent} p WHERE p.{parent_column} = ANY(:orphans) AND {lacks};  -- look, then COMMIT or ROLLBACK",  # noqa: S608
    ]
