"""Redis fixes, one file each; reached as `redis.NAME`."""
