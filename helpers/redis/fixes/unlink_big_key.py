"""Unlink one big key that can be made again; its dump is kept beside it for a day, so that it can be restored.

The dump stays on the server under a name of its own: no value gets into the evidence. UNLINK takes the key away at once, without walking it.
Undone, the key is restored with its own expiry, unless the application has made it anew meanwhile.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import BadAnswer, FixFailed, ParameterError
from helpers.redaction import redact_value
from helpers.redis.connect import Redis
from helpers.redis.deadlines import deadlines_of, now_ms
from helpers.redis.key_size import KeySize, key_size
from helpers.redis.keys import has_token, key_text
from helpers.redis.write import RedisWriter

__all__ = ["UnlinkBigKey"]

MOST_BYTES = 64 << 20  # DUMP and RESTORE walk the key while everybody waits, some milliseconds per MiB


@dataclass(frozen=True)
class UnlinkBigKey(Fix):
    """UNLINK `key`, after its dump was restored under another name, where it stays for `keep_s` seconds."""

    key: str
    keep_s: float = 86_400.0

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return what is unlinked and where it is kept; not needed when it is gone. Raises ParameterError, FixFailed, SystemProblem."""
        if not self.key or self.keep_s < 60:
            raise ParameterError("unlink_big_key needs a key, and keep_s of at least 60 s: an undo is a person's work.")
        name = self.key.encode()
        if has_token(name):
            raise FixFailed("The key holds a token, and could not be written down for the undo.")
        size = await key_size(session, name)
        if size is None:
            return FixPreview([], needed=False, effects=[f"{self.key} is gone by itself."])
        self._check(size)
        deadline = (await deadlines_of(session, [name]))[0][0]
        kept = _kept_name(self.key)
        inverse = {"key": self.key, "kept": kept, "deadline_ms": max(deadline, 0), "type": size.type, "elements": size.elements}
        if redact_value(inverse) != inverse:
            raise FixFailed("The key looks like a secret, and could not be written down for the undo.")
        shown = key_text(name)
        return FixPreview(
            statements=[f"RESTORE {kept} {self.keep_s * 1000:.0f} <DUMP {shown}>", f"UNLINK {shown}"],
            undo_statements=[f"RESTORE {shown} {max(deadline, 0)} <DUMP {kept}> ABSTTL", f"UNLINK {kept}"],
            inverse=inverse, effects=self._effects(size, kept), advice=self._advice(size),
        )  # fmt: skip

    def _check(self, size: KeySize) -> None:
        if size.bytes is None:
            raise FixFailed("The server does not say how large the key is, so its dump cannot be bounded.", remedy="Allow MEMORY USAGE.")
        if size.bytes > MOST_BYTES:
            raise FixFailed(
                f"{self.key} has about {size.bytes >> 20:,} MiB: its dump would hold the server too long.",
                remedy="Rename it aside by hand (RENAMENX), and UNLINK it when nobody misses it.",
            )

    def _effects(self, size: KeySize, kept: str) -> list[str]:
        return [
            f"{key_text(self.key.encode())}, a {size}, is gone for the application, which must be able to make it again.",
            f"The dump stays as {kept} for {self.keep_s / 3600:.0f} h and holds its memory until then; where keys are evicted, it may be too.",
            "DUMP and RESTORE walk the key once each, and everybody waits meanwhile.",
            "What is written to the key between the dump and the UNLINK, some milliseconds later, is lost.",
        ]

    def _advice(self, size: KeySize) -> list[str]:
        parts = max(-(-size.elements // 1000), 2)
        return [
            f"Write it as {parts:,} keys of about a thousand elements each, by a hash of the element: it grows back otherwise.",
            f"Bound it where it is written, and let it expire; watch its size ({_COUNTER.get(size.type, 'MEMORY USAGE')}).",
        ]

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Keep the dump, look again, unlink. Raises FixFailed; a dump without its UNLINK is taken away again."""
        name, kept = self.key.encode(), str(preview.inverse["kept"]).encode()
        dump = await writer.execute("DUMP", name, timeout_s=10.0)
        if dump is None:
            return
        await writer.execute("RESTORE", kept, int(self.keep_s * 1000), dump, timeout_s=10.0)
        now, copy = await key_size(writer, name), await key_size(writer, kept)
        if now is None or copy is None or (now.type, now.elements) != (copy.type, copy.elements):
            await writer.execute("UNLINK", kept)
            raise FixFailed(
                f"{self.key} is being written: its dump is no copy of it any more.", remedy="Stop its writer, and run it again."
            )
        await writer.execute("UNLINK", name)

    async def read_back(self, session: Redis) -> str:
        """Return that it is gone, or how small it is by now; raise FixFailed when it is as large as ever."""
        size = await key_size(session, self.key.encode())
        if size and size.bytes and size.bytes > MOST_BYTES // 64:
            raise FixFailed(f"{self.key} is there again, a {size}.")
        return f"{self.key} is gone." if size is None else f"{self.key} was made anew, a {size}."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """Restore the key from its dump; no-op when it was, leaves alone a key made anew. Raises FixFailed when the dump is gone."""
        name, kept, deadline = str(inverse["key"]).encode(), str(inverse["kept"]).encode(), int(inverse["deadline_ms"])
        dump = await writer.execute("DUMP", kept, timeout_s=10.0)
        if dump is None:
            if await writer.ask("EXISTS", name) or 0 < deadline <= await now_ms(writer):
                return
            raise FixFailed(f"The dump {key_text(kept)} is gone: it expired, was evicted, or never came to be.")
        if not 0 < deadline <= await now_ms(writer) and not await writer.ask("EXISTS", name):
            try:
                await writer.execute("RESTORE", name, deadline, dump, "ABSTTL", timeout_s=10.0)
            except BadAnswer as problem:
                if problem.code != "BUSYKEY":
                    raise
        await writer.execute("UNLINK", kept)


_COUNTER = {"hash": "HLEN", "list": "LLEN", "set": "SCARD", "zset": "ZCARD", "stream": "XLEN", "string": "STRLEN"}


def _kept_name(key: str) -> str:
    """Return a new name on the same node of a cluster: it has the key's hash tag, or the key as its own."""
    start = key.find("{")
    end = key.find("}", start + 1)
    tag = key[start + 1 : end] if 0 <= start < end - 1 else key
    return f"runbook-kept:{{{tag}}}:{secrets.token_hex(4)}"
