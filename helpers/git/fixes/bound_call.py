"""Bound a call of another service: a time-out that users can live with, and no attempts that multiply it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from helpers.errors import FixFailed, ParameterError
from helpers.git.callgraph import CallGraph
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, changed, diff_of, span
from helpers.git.outbound import HttpCall, attempts_of, http_calls, in_transaction, timeout_of
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Project, read_project

__all__ = ["BoundCall"]

NEAR_LINES = 3
ATTEMPTS = 2  # one more, for a connection that was just closed


@dataclass(frozen=True)
class BoundCall(CodePatch):
    """Patch the call of another service at `file`:`line`, so that it takes at most `timeout_s` seconds in all.

    A time-out that is there and finite is kept where it is shorter; more than two attempts become two.
    """

    file: str
    line: int
    timeout_s: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s <= 60:
            raise ParameterError("bound_call needs a time-out of more than 0 s and at most 60 s.")

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the call is not found there, or its client is made elsewhere."""
        project = await read_project(checkout)
        return await asyncio.to_thread(self._made, checkout, project)

    def _made(self, checkout: Checkout, project: Project) -> Patch:
        found = self._found(CallGraph(project))
        source = checkout.text(self.file)
        attempts, expression = attempts_of(found.call)
        allowed = min(attempts, ATTEMPTS)
        edits, changes = self._timeout(source, found, allowed)
        if attempts > ATTEMPTS and expression is not None and math.isfinite(attempts):
            start, end = span(source, expression)
            edits.append(Edit(start, end, str(ATTEMPTS)))
            changes.append(f"{attempts:g} attempts become {ATTEMPTS}")
        if not edits:
            raise FixFailed(
                f"The call at {self.file}:{self.line} is bounded already.", remedy="The other service is slow within its bound: lower it."
            )
        body = f"{found.call.meaning} at {self.file}:{found.call.line} waited without a bound that users could live with.\n{'; '.join(changes)}."
        advice = ["Decide what the caller gets when the other service does not answer: an error of its own, or an answer without it."]
        if in_transaction(found.call):
            advice.append(
                "It is called while a transaction is open, whose locks and connection are held meanwhile: call it before or after."
            )
        diff = diff_of(self.file, source, changed(source, edits))
        effects = (f"{found.call.meaning} fails after at most {self.timeout_s:g} s in all; {'; '.join(changes)}.",)
        return Patch(diff, f"fix: bound {found.call.meaning}", body, effects, tuple(advice))

    def _found(self, graph: CallGraph) -> HttpCall:
        near = [
            found
            for found in http_calls(graph)
            if found.call.caller.module.path == self.file
            and found.call.line - NEAR_LINES <= self.line <= (found.call.node.end_lineno or found.call.line) + NEAR_LINES
        ]
        if not near:
            raise FixFailed(
                f"{self.file}:{self.line} holds no call of another service in the checkout.",
                remedy="Is the checkout at the version that runs?",
            )
        return min(near, key=lambda found: abs(found.call.line - self.line))

    def _timeout(self, source: str, found: HttpCall, attempts: float) -> tuple[list[Edit], list[str]]:
        """Return the edit of the time-out: of the call's own, of its client's, or a new one at the call."""
        each = self.timeout_s / max(attempts, 1)
        present = timeout_of(found)
        if isinstance(present, float) and present <= each:
            return [], []
        was = "none" if present is None else f"{present:g} s" if isinstance(present, float) else "another"
        value = f"aiohttp.ClientTimeout(total={each:g})" if found.library == "aiohttp" else f"{each:g}"
        for call in (found.call.node, found.made):
            given = next((keyword.value for keyword in call.keywords if keyword.arg == "timeout"), None) if call is not None else None
            if given is not None:
                start, end = span(source, given)
                return [Edit(start, end, value)], [f"the time-out of one attempt ({was}) becomes {each:g} s"]
        end = span(source, found.call.node)[1] - 1
        comma = ", " if found.call.node.args or found.call.node.keywords else ""
        trailing = source.encode()[:end].decode().rstrip().endswith(",")
        return [Edit(end, end, f"{'' if trailing else comma}timeout={value}")], [f"the time-out of one attempt ({was}) becomes {each:g} s"]
