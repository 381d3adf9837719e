"""A counter as DUMP would give it, made from its number: what an undo RESTOREs after the counter has expired.

A diagnosis may not send DUMP, whose reply has no bound; a number and its time to live say as much.
"""

from __future__ import annotations

from functools import cache

__all__ = ["dump_of_integer"]

_RDB_VERSION = 6  # the oldest with this form (Redis 2.6); every newer server loads it
_JONES = 0x95AC9329AC4BC9B5  # the polynomial of Redis' crc64.c, reflected


def dump_of_integer(value: int) -> bytes:
    """Return the payload that RESTORE turns into the string of that integer.

    Source: Redis source, cluster.c (createDumpPayload), rdb.c (string object: type 0, length, bytes), crc64.c.
    """
    text = str(value).encode()
    body = bytes([0, len(text)]) + text + _RDB_VERSION.to_bytes(2, "little")
    return body + _crc64(body).to_bytes(8, "little")


@cache
def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_JONES if crc & 1 else 0)
        found.append(crc)
    return tuple(found)


def _crc64(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _table()[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc
