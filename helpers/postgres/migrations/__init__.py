"""Migrations as files, and as the database's own books say: which of them are not applied."""
