"""Profiles: the named environments a runbook is pointed at, with secrets by reference only.

`profiles.toml` in the working folder, one table each; values are plain addresses or references (`env:NAME`, `file:PATH`), `.env`
is read. Without the file, the profile `env` reads the names the ecosystem uses (DATABASE_URL, REDIS_URL …). `sandbox` always exists.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from helpers.errors import ProfileError, near_misses
from helpers.redaction import add_secret, add_secrets_of_url

__all__ = ["DeployCommands", "Profile", "System", "VercelProject", "load_profile", "profile_names"]

System = Literal["postgres", "redis", "api", "code", "vercel"]
SYSTEMS: tuple[System, ...] = ("postgres", "redis", "api", "code", "vercel")

# The names Vercel, Heroku, Upstash and most frameworks set.
ECOSYSTEM = {
    "postgres": ("DATABASE_URL", "POSTGRES_URL"),
    "redis": ("REDIS_URL", "KV_URL"),
    "api": ("API_URL",),
    "logs": ("API_LOGS",),
}


class VercelProject(BaseModel):
    """A Vercel project (name or id), the reference to a token that may read it, its team (an id or a slug), and where the API is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    project: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$")
    token: str = "env:VERCEL_TOKEN"
    team: str = Field("", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    api: str = "https://api.vercel.com"

    def token_of(self, profile: str) -> str:
        """Return the token, registered as a secret first. Raises ProfileError when its reference points at nothing."""
        token = resolve(self.token, where=f"{profile}.vercel.token")
        add_secret(token)
        return token


class DeployCommands(BaseModel):
    """How a revision of `code` is built and started, for a bisection: argument lists, run without a shell; `{port}` stands for a free port.

    `environment` are the names of variables that are handed on; no other is. They should lead to a database that may be written to.
    `health` is a path that answers below 500 once it runs; without one a connection is enough.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    start: list[str] = Field(min_length=1)
    build: list[str] = Field(default_factory=list)
    health: str = ""
    environment: list[str] = Field(default_factory=list)
    build_s: float = Field(600.0, gt=0)
    start_s: float = Field(60.0, gt=0)


class Profile(BaseModel):
    """One named environment. Values are as written (references unresolved), so a profile holds no secret by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    postgres: str = ""
    redis: str = ""
    api: str = ""
    logs: Annotated[list[str], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)] = Field(default_factory=list)
    log_columns: dict[str, str] = Field(default_factory=dict)
    log_routes: str = ""
    code: str = ""
    vercel: VercelProject | None = None
    deploy: DeployCommands | None = None
    protected: bool = False

    def deploy_commands(self) -> DeployCommands | None:
        """Return how a revision is built and started, None where the profile does not say."""
        return self.deploy

    def systems(self) -> list[System]:
        """Return the systems this profile has, in a fixed order."""
        return [s for s in SYSTEMS if getattr(self, s)]

    def has(self, system: str) -> bool:
        """Return whether it says where this system is (logs and code are systems too)."""
        return bool(getattr(self, system, ""))

    def address(self, system: System) -> str:
        """Return the resolved address of `system`; its password is registered as a secret first.

        Raises:
            ProfileError: the profile lacks the system, or its reference points at nothing.

        """
        if system == "vercel" and self.vercel is not None:
            self.vercel.token_of(self.name)
            return self.vercel.api
        value = resolve(getattr(self, system) or "", where=f"{self.name}.{system}")
        if not value:
            raise ProfileError(f"The profile {self.name} has no {system}.", remedy=f"Add `{system} = …` to it.")
        add_secrets_of_url(value)
        return value


def resolve(value: str, *, where: str) -> str:
    """Return what a plain value or a reference (`env:NAME`, `file:PATH`) stands for; a reference's value is a secret."""
    kind, _, rest = value.partition(":")
    if kind == "env":
        found = _environment().get(rest)
        if not found:
            raise ProfileError(
                f"{where} refers to the environment variable {rest}, which is not set.",
                remedy=f"export {rest}=… or put it into .env",
            )
    elif kind == "file":
        try:
            found = Path(rest).expanduser().read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ProfileError(f"{where} refers to the file {rest}, which cannot be read: {error.strerror}.") from error
    else:
        return value
    if "://" in found:
        add_secrets_of_url(found)
    else:
        add_secret(found)
    return found


def _environment() -> Mapping[str, str]:
    """The process environment over `.env` in the working folder."""
    return {**{k: v for k, v in dotenv_values(".env").items() if v is not None}, **os.environ}


def _table() -> dict[str, Any]:
    path = Path("profiles.toml")
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"profiles.toml cannot be read: {error}.") from error


def _from_environment() -> dict[str, Any]:
    environment = _environment()
    found = {key: next((f"env:{n}" for n in names if environment.get(n)), "") for key, names in ECOSYSTEM.items()}
    logs = environment.get("API_LOGS", "")
    return {**found, "logs": [part for part in logs.split(os.pathsep) if part], "vercel": _vercel_of(environment)}


def _vercel_of(environment: Mapping[str, str]) -> dict[str, str] | None:
    """Return the project that the variables of Vercel's own CLI name, with a token to read it; None where one of them is missing."""
    project, owner = environment.get("VERCEL_PROJECT_ID"), environment.get("VERCEL_ORG_ID", "")
    if not project or not environment.get("VERCEL_TOKEN"):
        return None
    return {"project": project, "team": owner if owner.startswith("team_") else ""}


def profile_names() -> list[str]:
    """Return every profile that can be named: those of profiles.toml, or `env`, and those provided (`sandbox`)."""
    return sorted({*(_table() or {"env": {}}), *(e.name for e in entry_points(group="runbook.profiles"))})


async def load_profile(name: str) -> Profile:
    """Return the profile `name`; a provided one (`sandbox`) starts what it needs.

    Raises:
        ProfileError: unknown name (with the near misses), unknown key or ill-typed value, named by where it stands.

    """
    table = _table()
    if name in table:
        values = table[name]
    elif name == "env" and not table:
        values = _from_environment()
    else:
        values = await _provided(name)
    if not isinstance(values, dict):
        raise ProfileError(f"profiles.toml: {name} must be a table, such as [{name}].")
    try:
        return Profile(name=name, **values)
    except ValidationError as error:
        problems = "; ".join(f"{name}.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ProfileError(
            f"The profile cannot be used: {problems}.",
            remedy=f"Known keys: {', '.join(k for k in Profile.model_fields if k != 'name')}.",
        ) from None


async def _provided(name: str) -> dict[str, Any]:
    for entry in entry_points(group="runbook.profiles", name=name):
        provided: dict[str, Any] = await entry.load()()
        return provided
    names = profile_names()
    raise ProfileError(f"There is no profile {name}.", remedy=f"{near_misses(name, names)} Known: {', '.join(names)}.".strip())
