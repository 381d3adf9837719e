"""Let a handler answer input it cannot take: through the wrapper its neighbours pass through, and with an answer at its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, diff_of
from helpers.git.patches import CodePatch, Patch
from helpers.git.typescript.edits import changed_script, imported
from helpers.git.typescript.handlers import Handler, handlers_of
from helpers.git.typescript.source import Script, read_scripts
from helpers.git.typescript.wrapping import module_of_name, wrapped

__all__ = ["AnswerBadInput"]

_ANSWER = 'return Response.json({ error: "Invalid input" }, { status: 400 });'
_ENDS = ("return_statement", "throw_statement")


@dataclass(frozen=True)
class AnswerBadInput(CodePatch):
    """Patch the handler of `route` (`GET /api/orders/[id]`); `wrapper` is the function its neighbours pass through, `what` the input."""

    route: str
    wrapper: str = ""
    what: str = ""

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the handler is not found, or there is nothing to wrap it in."""
        scripts = await read_scripts(checkout)
        handler = next((one for one in handlers_of(scripts) if one.route == self.route), None)
        if handler is None:
            raise FixFailed(f"The checkout has no handler of {self.route}.", remedy="Is it the application's, at the version that runs?")
        edits, what = await asyncio.to_thread(self._edits, handler, scripts)
        after = changed_script(handler.script, edits)
        body = f"{self.route} answered with an empty 500{f' when {self.what}' if self.what else ''}.\n{what}."
        advice = (
            "Let a schema (zod) take each input before it is used, and answer 400 with what was wrong.",
            "Keep the failing request as a test of this route.",
        )
        return Patch(
            diff_of(handler.script.path, handler.script.raw.decode(), after),
            f"fix: answer bad input of {self.route}"[:72],
            body,
            (f"{what}.",),
            advice,
        )

    def _edits(self, handler: Handler, scripts: dict[str, Script]) -> tuple[list[Edit], str]:
        if self.wrapper and self.wrapper not in handler.wrappers:
            module = module_of_name(self.wrapper, scripts)
            if not module:
                raise FixFailed(f"Where {self.wrapper} comes from is not known.", remedy="Wrap the handler by hand.")
            return [
                *wrapped(handler, [self.wrapper]),
                *imported(handler.script, self.wrapper, module),
            ], f"It passes through {self.wrapper} now"
        block = handler.body.child_by_field_name("body") if handler.body is not None else None
        if block is None or block.type != "statement_block" or (block.named_children and block.named_children[-1].type in _ENDS):
            raise FixFailed("What it throws is caught, and it ends with an answer: where it gives none is not found.",
                            remedy="Look at its branches, and at what its wrapper does with a promise.")  # fmt: skip
        at = block.end_byte - 1
        indent = " " * (handler.script.root.descendant_for_byte_range(at, at).end_point[1] + 1)
        return [Edit(at, at, f"{indent}{_ANSWER}\n")], "What none of its branches answers is answered with 400"
