"""What a server holds: its catalog as text, byte for byte."""

from __future__ import annotations

import asyncio
import re

from helpers.sandbox import Sandbox
from helpers.sandbox.binaries import postgres_binaries

BIN = postgres_binaries()[0]


async def dump(sandbox: Sandbox) -> str:
    """Return pg_dump's schema, a word instead where a table is locked; the random token that newer pg_dump versions write is left out."""
    arguments = ["--schema-only", "--lock-wait-timeout=5000", sandbox.admin_dsn]  # behind waiting DDL it would wait for ever
    process = await asyncio.create_subprocess_exec(
        BIN / "pg_dump", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    if b"due to statement timeout" in err or b"due to lock timeout" in err:  # which of them the version of pg_dump sets
        return "locked"
    assert process.returncode == 0, err.decode()
    return re.sub(r"^\\(un)?restrict .*$", "", out.decode(), flags=re.M)
