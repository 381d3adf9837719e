"""The processes of a sandbox, one file each: PostgreSQL, Redis, the demo application and its load."""
