"""The Python code as another revision had it: files that differ come from git, all others are as they lie there."""

from __future__ import annotations

import asyncio
import re

from helpers.errors import BadAnswer
from helpers.git.connect import Checkout
from helpers.git.project import Project, parsed

__all__ = ["commit_of", "project_at", "text_at"]

# What a log calls a version is somebody else's text: only what can be a revision's name is shown to git, and never an option.
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/+-]{0,99}\Z")
MOST_FILES = 300  # of files that differ: beyond that it is another program


async def commit_of(checkout: Checkout, version: str) -> str:
    """Return the commit of a version as a log names it (a hash, `1.4.2`, `v1.4.2`); empty when there is none of that name."""
    if not _NAME.match(version) or ".." in version:
        return ""
    for name in (version, f"v{version}"):
        try:
            return (await checkout.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")).strip()
        except BadAnswer:
            continue
    return ""


async def text_at(checkout: Checkout, commit: str, path: str) -> str:
    """Return a file as that commit has it. Raises BadAnswer when it is not in it."""
    prefix = (await checkout.git("rev-parse", "--show-prefix")).strip()
    return await checkout.git("cat-file", "blob", f"{commit}:{prefix}{path}")


async def project_at(checkout: Checkout, commit: str) -> Project:
    """Return the Python of a commit, parsed. Raises BadAnswer when more than MOST_FILES files differ from what lies there."""
    listed = await checkout.git("ls-tree", "-r", "-z", "--name-only", commit, "--", ".")
    names = [name for name in listed.split("\0") if name.endswith(".py")]
    different = await checkout.git("diff", "--relative", "--name-only", "--no-renames", "--no-ext-diff", "-z", commit, "--", "*.py")
    changed = sorted(set(different.split("\0")) & set(names))
    if len(changed) > MOST_FILES:
        raise BadAnswer("code", f"{len(changed)} files differ from {commit[:10]}.", remedy="Check out a version nearer to it.")
    texts = {name: await text_at(checkout, commit, name) for name in changed}
    return await asyncio.to_thread(parsed, sorted(names), lambda name: texts[name] if name in texts else checkout.text(name))
