"""The session that keeps a patch as a branch; only a proposal that is kept, or an undo, asks for one."""

from __future__ import annotations

from pathlib import Path

from helpers.git.branches import CheckoutWriter

__all__ = ["open_writer"]


async def open_writer(address: str, *, application_name: str) -> CheckoutWriter:
    """Return a session that may make branches in the checkout at `address`. Raises Unreachable when it is none.

    Args:
        address: A folder.
        application_name: Not used: a commit says by itself who made it.

    """
    writer = CheckoutWriter(Path(address).expanduser().absolute())  # noqa: ASYNC240 - names, no files
    await writer.ping()
    return writer
