"""The demo application: a small shop as the field writes it, on FastAPI, asyncpg and Redis."""
