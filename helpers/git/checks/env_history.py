"""Secrets that a `.env` file once brought into git: they are in every clone, whatever was deleted since."""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime

from helpers.git.connect import Checkout
from helpers.results import CheckResult, Status
from helpers.variables.dotenv import is_template, read_env
from helpers.variables.known import CommittedEnv
from helpers.variables.shapes import named_secret

__all__ = ["env_history"]

MOST = 200  # versions of such files: they are small, and rare


async def env_history(checkout: Checkout) -> CheckResult[CommittedEnv]:
    """Variables with the form of a secret in the `.env` files of any commit, the newest commit of each value.

    Args:
        checkout: The checkout; commits of every branch that it has are read.

    Returns:
        PROBLEM with one row per variable, file and value; OK when there is none. Templates, placeholders, public keys and passwords of this
        machine do not count. Facts: `versions` that were read, `whole` (whether those were all), `shallow` (whether history is cut off).

    Raises:
        SystemProblem: git cannot be run.

    Source: git-log, --diff-filter; Vercel documentation, Rotating secrets.
    """
    versions = (await _listed(checkout))[:MOST]
    tracked = set((await checkout.git("ls-files", "--full-name", "-z", "--cached")).split("\0"))
    found: dict[tuple[str, str, str], CommittedEnv] = {}
    for commit, at, path in versions:
        for one in await _secrets(checkout, commit, at, path, path in tracked):
            found.setdefault((one.name, one.file, one.digest), one)
    shallow = (await checkout.git("rev-parse", "--is-shallow-repository")).strip() == "true"
    facts = {"versions": len(versions), "whole": len(versions) < MOST, "shallow": shallow}
    rows = sorted(found.values(), key=lambda one: (one.file, one.name, one.at))
    if not rows:
        return CheckResult(Status.OK, (), f"No secret in {len(versions)} committed versions of .env files.", facts=facts)
    said = f"{len(rows)} secrets in committed .env files: {', '.join(sorted({f'{one.name} ({one.file})' for one in rows})[:6])}."
    return CheckResult(
        Status.PROBLEM, rows, said, remedy="Have them issued anew: a rewritten history does not call a clone back.", facts=facts
    )


async def _listed(checkout: Checkout) -> list[tuple[str, str, str]]:
    """Return (commit, when, path) of every version of such a file, the newest first."""
    said = ("--diff-filter=AM", f"--max-count={MOST}", "--format=%x1e%H%x1f%at", "--name-only")
    listed = await checkout.git("-c", "core.quotePath=false", "log", "--all", "--no-renames", *said, "--", ":(glob)**/.env*")
    return [version for record in listed.split("\x1e") for version in _versions(record)]


def _versions(record: str) -> list[tuple[str, str, str]]:
    head, *paths = [line for line in record.split("\n") if line.strip()] or [""]
    commit, _, seconds = head.partition("\x1f")
    if not seconds.isdigit():
        return []
    at = f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    readable = [path for path in paths if not path.startswith('"')]  # quoted: a name with control characters
    return [(commit, at, path) for path in readable if posixpath.basename(path).startswith(".env") and not is_template(path)]


async def _secrets(checkout: Checkout, commit: str, at: str, path: str, tracked: bool) -> list[CommittedEnv]:
    file = read_env(path, await checkout.git("cat-file", "blob", f"{commit}:{path}"))
    return [
        CommittedEnv(name, path, commit[:10], at, tracked, hidden.digest, list(hidden.looks))
        for name, hidden in file.values.items()
        if "placeholder" not in hidden.looks and ("secret" in hidden.looks or ("random" in hidden.looks and named_secret(name)))
    ]
