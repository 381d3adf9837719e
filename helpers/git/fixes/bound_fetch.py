"""Give a call to another host a time limit well below the function's own: `signal: AbortSignal.timeout(…)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, diff_of
from helpers.git.patches import CodePatch, Patch
from helpers.git.typescript.edits import changed_script
from helpers.git.typescript.source import parse, walk

__all__ = ["BoundFetch"]

SHARE = 0.5  # of the function's limit: there is time left to answer
USUAL_MS = 2000
ADVICE = (
    "Say what is answered instead when it does not come: a usual value, or 503 with Retry-After.",
    "Raise maxDuration only when it is known to be needed: it makes the same wait longer.",
)


@dataclass(frozen=True)
class BoundFetch(CodePatch):
    """Patch the `fetch` at `file`:`line` that `route` waits for; `limit_s` is how long the function may take (0: not known)."""

    route: str
    file: str = ""
    line: int = 0
    kind: str = "call"
    limit_s: float = 0.0

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when it is no `fetch`, or has options that are not written there."""
        if not self.file:
            raise FixFailed("Where it waits is not known.", remedy="Name the checkout as the profile's `code`.")
        if self.kind != "call":
            raise FixFailed(
                f"{self.file}:{self.line} is a loop that waits for something.",
                remedy="Count its rounds, and answer 202 with a place to ask again when they are over.",
            )
        script = parse(self.file, checkout.text(self.file))
        call = next((n for n in walk(script.root) if n.type == "call_expression" and script.line(n) == self.line
                     and script.text(n.child_by_field_name("function")).endswith("fetch")), None)  # fmt: skip
        if call is None:
            raise FixFailed(f"{self.file}:{self.line} calls no fetch.", remedy="Give the client you use its own time limit.")
        ms = int(1000 * self.limit_s * SHARE) or USUAL_MS
        after = changed_script(
            script, [_bounded(call.child_by_field_name("arguments").named_children, f"signal: AbortSignal.timeout({ms})")]
        )
        body = f"{self.route} waited for it until the platform ended the function. It may take {ms} ms now."
        effects = (f"After {ms} ms the call ends with a TimeoutError, which its caller must take.",)
        return Patch(diff_of(self.file, script.raw.decode(), after), f"fix: bound what {self.route} waits for"[:72], body, effects, ADVICE)


def _bounded(given: Sequence[Any], bound: str) -> Edit:
    """Return the edit that puts the bound among what a call is given. Raises FixFailed."""
    if len(given) == 1:
        return Edit(given[0].end_byte, given[0].end_byte, f", {{ {bound} }}")
    if given[1].type != "object":
        raise FixFailed("Its options are made elsewhere.", remedy=f"Add `{bound}` there.")
    start = given[1].start_byte + 1
    return Edit(start, start, f" {bound}," if given[1].named_children else f" {bound} ")
