"""PostgreSQL checks, one file each; reached as `postgres.NAME`."""
