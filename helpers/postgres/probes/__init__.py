"""PostgreSQL probes, one file each; reached as `postgres.NAME`."""
