"""Redis checks, one file each; reached as `redis.NAME`."""
