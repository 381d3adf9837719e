"""The `.env` files of a checkout, by names and salted hashes: those git has, and those `vercel env pull` wrote beside them."""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime

from helpers.git.connect import Checkout
from helpers.results import CheckResult, Status
from helpers.variables.dotenv import EnvFile, environments_of, is_template, read_env
from helpers.variables.known import Variable

__all__ = ["env_files", "read_env_files"]

COMMITTED, LOCAL, FROM_PLATFORM = "committed", "local", "pulled"
MOST = 100


async def env_files(checkout: Checkout) -> CheckResult[Variable]:
    """Every variable of every `.env` file, without values.

    Args:
        checkout: The checkout; files that git ignores are read too, at its root and in `.vercel`.

    Returns:
        OK with one row per variable and file; `kind` is `committed` (git has the file), `pulled` (Vercel's CLI wrote it: what the platform had
        then) or `local`. SKIPPED without such files. Facts: `files`, `declared` (names of `.env.example` and the like), `unread` lines.

    Source: Next.js documentation, Environment Variables; Vercel documentation, `vercel env pull` and `vercel pull`.
    """
    rows, files, declared = await read_env_files(checkout)
    if not files:
        return CheckResult(Status.SKIPPED, reason="The checkout has no .env files.", remedy="`vercel env pull --environment=production`")
    facts = {"files": [one.path for one in files], "declared": declared, "unread": sum(one.unread for one in files)}
    said = ", ".join(f"{one.path} ({len(one.values)})" for one in files[:8])
    return CheckResult(Status.OK, rows, f"{len(files)} files: {said}.", facts=facts)


async def read_env_files(checkout: Checkout) -> tuple[list[Variable], list[EnvFile], list[str]]:
    """Return the variables, the files they are from, and the names that templates declare. Raises SystemProblem."""
    tracked = {name for name in (await checkout.git("ls-files", "-z", "--cached")).split("\0") if _is_env(name)}
    beside = [path for folder in (checkout.root, checkout.root / ".vercel") for path in folder.glob(".env*")]
    names = sorted({*tracked, *(path.relative_to(checkout.root).as_posix() for path in beside)})
    paths = [name for name in names if checkout.is_readable(name)][:MOST]
    files = [read_env(name, checkout.text(name)) for name in paths]
    declared = sorted({name for file in files if is_template(file.path) for name in file.values})
    kept = [file for file in files if not is_template(file.path)]
    return [one for file in kept for one in _variables(checkout, file, file.path in tracked)], kept, declared


def _is_env(name: str) -> bool:
    base = posixpath.basename(name)
    return base == ".env" or base.startswith(".env.")


def _variables(checkout: Checkout, file: EnvFile, tracked: bool) -> list[Variable]:
    kind = FROM_PLATFORM if file.pulled else COMMITTED if tracked else LOCAL
    environments = list(environments_of(file.path, pulled=file.pulled))
    written = datetime.fromtimestamp((checkout.root / file.path).stat().st_mtime, UTC)
    at = f"{written:%Y-%m-%dT%H:%M:%S}.{written.microsecond // 1000:03d}Z"
    return [
        Variable(name, environments, f"{file.path}:{file.lines[name]}", kind, at, "", hidden.digest, list(hidden.looks))
        for name, hidden in file.values.items()
    ]
