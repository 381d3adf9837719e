"""Which environment variables the code reads, where, and whether it can do without."""

from __future__ import annotations

import asyncio

from helpers.git.connect import Checkout
from helpers.git.project import read_project
from helpers.git.typescript.source import read_scripts
from helpers.git.typescript.variables import dynamic_reads, reads_of
from helpers.git.variables import python_reads
from helpers.results import CheckResult, Status
from helpers.variables.known import EnvRead

__all__ = ["env_reads"]


async def env_reads(checkout: Checkout) -> CheckResult[EnvRead]:
    """Every read of an environment variable in TypeScript, JavaScript and Python.

    Args:
        checkout: The checkout; nothing of it is run.

    Returns:
        OK with the reads by name, file and line, tests left out; SKIPPED when the code reads none. Facts: `dynamic`, reads whose variable is
        named only when they run, so that a variable may be used although no row says so.
    """
    scripts = await read_scripts(checkout)
    project = await read_project(checkout)
    found = await asyncio.to_thread(lambda: [read for script in scripts.values() for read in reads_of(script)])
    rows = sorted({*found, *python_reads(project)}, key=lambda read: (read.name, read.file, read.line))
    facts = {"dynamic": sum(dynamic_reads(script) for script in scripts.values())}
    if not rows:
        return CheckResult(Status.SKIPPED, reason="The code reads no environment variable by name.", facts=facts)
    names = {read.name for read in rows}
    needed = {read.name for read in rows if read.need == "required"}
    said = f"The code reads {len(names)} variables in {len(rows)} places, and cannot do without {len(needed)} of them."
    return CheckResult(Status.OK, rows, said, facts=facts)
