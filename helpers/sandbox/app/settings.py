"""The application's settings, from the environment."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings"]


class Settings(BaseModel):
    """Where its systems are, and how it behaves."""

    model_config = ConfigDict(frozen=True)

    database_url: str
    redis_url: str
    access_log: str = ""
    version: str = ""
    runtime_interval_s: float = 2.0
    application_name: str = "shop-api"
    pool_size: int = 10
    pool_wait_s: float = 5.0
    statement_timeout_s: float = 15.0
    customer_cache_s: int = 60
    session_s: int = 1800
    requests_per_minute: int = 6000

    @classmethod
    def from_environment(cls) -> Settings:
        """Return the settings: DATABASE_URL, REDIS_URL, and SHOP_ before the names of the others."""
        names = {k: k.upper() if k.endswith("_url") else f"SHOP_{k.upper()}" for k in cls.model_fields}
        return cls.model_validate({k: os.environ[name] for k, name in names.items() if name in os.environ})
