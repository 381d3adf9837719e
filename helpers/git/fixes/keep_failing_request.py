"""Keep the failing request as a regression test, beside the commit that a rollback would revert."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from helpers.errors import BadAnswer, FixFailed
from helpers.git.connect import Checkout
from helpers.git.patches import CodePatch, Patch

__all__ = ["KeepFailingRequest"]

_TEST = '''"""A request that failed with an unhandled {error_type} at {file}:{line}."""

import os

import httpx
import pytest

API_URL = os.environ.get("API_URL", "")


@pytest.mark.skipif(not API_URL, reason="API_URL names no running application")
def test_{name}():
    """It is answered, or refused with what is wrong about it: never with 500."""
    answer = httpx.{method}(API_URL + {path!r}, headers={headers!r}, timeout=10)
    assert answer.status_code < 500
'''


@dataclass(frozen=True)
class KeepFailingRequest(CodePatch):
    """Add a test that makes `request` (`GET /path?query, Header: value`), which ended with `error_type` at `file`:`line`."""

    file: str
    line: int
    error_type: str
    request: str
    input_class: str = ""

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch: a new file. Raises FixFailed when there is no request to keep."""
        method, _, rest = self.request.partition(" ")
        target, *given = rest.split(", ")
        if not target.startswith("/") or not re.fullmatch(r"[A-Z]+", method):
            raise FixFailed("No failing request is known that could be kept.", remedy="Give one as `endpoint`.")
        headers = dict(header.split(": ", 1) for header in given if ": " in header)
        name = f"{re.sub(r'[^a-z0-9]+', '_', self.error_type.lower())}_{hashlib.sha256(self.request.encode()).hexdigest()[:6]}"
        text = _TEST.format(
            error_type=self.error_type, file=self.file, line=self.line, name=name, method=method.lower(), path=target, headers=headers
        )
        path = f"tests/test_{name}.py"
        lines = text.splitlines()
        diff = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
        diff += "".join(f"+{line}\n" for line in lines)
        changed = await self._changed_by(checkout)
        what = f"requests with {self.input_class}" if self.input_class else "this request"
        body = f"{self.error_type} at {self.file}:{self.line} reaches nobody who handles it, for {what}.\nThe request is kept as a test, which fails until it is handled."
        effects = [f"Adds {path}; it fails until {self.file}:{self.line} handles {what}.", *changed]
        advice = (
            "Check the input where it comes in (a pydantic type, a `Query` constraint), so that it is refused with 422 and says why.",
        )
        return Patch(diff, f"test: keep the request that ends with {self.error_type}", body, tuple(effects), advice)

    async def _changed_by(self, checkout: Checkout) -> list[str]:
        """Return who changed the line last: what a rollback would revert."""
        try:
            said = await checkout.git("blame", "--porcelain", "-L", f"{self.line},{self.line}", "--", self.file)
        except BadAnswer:
            return []
        commit = said.partition(" ")[0]
        summary = next((line.removeprefix("summary ") for line in said.splitlines() if line.startswith("summary ")), "")
        if not re.fullmatch(r"[0-9a-f]{40,64}", commit) or not commit.strip("0"):
            return []
        return [f"The line is from {commit[:10]} ({summary}): `git revert {commit[:10]}` rolls it back."]
