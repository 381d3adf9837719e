"""PostgreSQL fixes, one file each; reached as `postgres.NAME`."""
