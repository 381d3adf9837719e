"""Wait for a promise before the answer is given: `await`, or `await Promise.all(….map(…))` in place of `forEach`."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, diff_of
from helpers.git.patches import CodePatch, Patch
from helpers.git.typescript.edits import changed_script
from helpers.git.typescript.handlers import handlers_of
from helpers.git.typescript.promises import Floating, floating_of, function_about
from helpers.git.typescript.source import read_scripts

__all__ = ["AwaitPromise"]

ADVICE = (
    "Where the answer must not wait, hand it to `after()` of next/server (or `waitUntil`), with a `catch` that logs what was lost.",
    "Let the rule no-floating-promises of typescript-eslint fail the build.",
    "What was lost already is not made by this: find it by comparing what was answered with what is stored.",
)


@dataclass(frozen=True)
class AwaitPromise(CodePatch):
    """Patch the promise at `file`:`line` that `route` does not wait for."""

    route: str
    file: str = ""
    line: int = 0

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when it is not there, or stands in a function that cannot wait."""
        scripts = await read_scripts(checkout)
        found = [one for handler in handlers_of(scripts) if handler.route == self.route for one in floating_of(handler, scripts)]
        floating = next((one for one in found if one.place == f"{self.file}:{self.line}"), None)
        if floating is None:
            raise FixFailed(
                f"{self.route} reaches no such promise at {self.file}:{self.line}.", remedy="Is the checkout at the version that runs?"
            )
        about, script = function_about(floating.node.parent), floating.script
        if about is None or not script.text(about).lstrip().startswith("async"):
            raise FixFailed(
                f"{floating.place} stands in a function that is not async.", remedy="Return the promise to who can wait for it."
            )
        after = changed_script(script, _edits(floating))
        body = f"{self.route} answered before {floating.text} at {floating.place} was done, and whatever became of it. It waits now."
        effects = ("The answer comes later, by as long as it takes; when it fails, the request does.",)
        return Patch(diff_of(script.path, script.raw.decode(), after), f"fix: wait for what {self.route} does"[:72], body, effects, ADVICE)


def _edits(floating: Floating) -> list[Edit]:
    """Return the changes that wait for it; `void` goes."""
    node = floating.node
    start = node.parent.start_byte if node.parent.type == "unary_expression" else node.start_byte
    if floating.kind == "call":
        return [Edit(start, node.start_byte, "await ")]
    name = node.child_by_field_name("function").child_by_field_name("property")
    return [
        Edit(start, node.start_byte, "await Promise.all("),
        Edit(name.start_byte, name.end_byte, "map"),
        Edit(node.end_byte, node.end_byte, ")"),
    ]
