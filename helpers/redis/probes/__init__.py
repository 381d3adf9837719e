"""Redis probes, one file each; reached as `redis.NAME`."""
