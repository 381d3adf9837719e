"""What a server holds: its catalog as text, byte for byte."""

from __future__ import annotations

import asyncio
import re

from helpers.sandbox import Sandbox
from helpers.sandbox.binaries import postgres_binaries

BIN = postgres_binaries()[0]


async def dump(sandbox: Sandbox) -> str:
    """Return pg_dump's schema; the random token that newer pg_dump versions write is left out."""
    process = await asyncio.create_subprocess_exec(
        BIN / "pg_dump", "--schema-only", sandbox.admin_dsn, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return re.sub(r"^\\(un)?restrict .*$", "", out.decode(), flags=re.M)
