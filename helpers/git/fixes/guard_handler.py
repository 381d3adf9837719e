"""Guard a route handler as its neighbours are: through the function that refuses strangers, or among the paths the middleware has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, diff_of
from helpers.git.patches import CodePatch, Patch
from helpers.git.typescript.edits import changed_script, imported
from helpers.git.typescript.handlers import Handler, handlers_of
from helpers.git.typescript.middleware import matchers_of
from helpers.git.typescript.source import Script, read_scripts
from helpers.git.typescript.wrapping import module_of_name, wrapped

__all__ = ["GuardHandler"]

ADVICE = (
    "Check who asks in the handler or below it as well: a matcher forgets what is added later.",
    "Keep a test that asks every route without credentials and expects 401, those left out being listed.",
    "What was readable may have been read: look at the log for who asked, and since when.",
)


@dataclass(frozen=True)
class GuardHandler(CodePatch):
    """Patch the handler of `route` so that it passes through `wrappers` (of a neighbour, the outermost first), or `matcher` has its path.

    Where another tenant is answered, a guard of strangers does not help: `tenant` True says so, and no patch is made.
    """

    route: str
    wrappers: str = ""
    matcher: str = ""
    tenant: bool = False

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when handler or guard are not known; its remedy says what a person would do."""
        if self.tenant:
            remedy = f"In the handler of {self.route}: compare the row's owner with who asks, and answer 404."
            raise FixFailed(
                "It checks that somebody signed in, and not whose data it is: which column says so is not for a tool to guess.",
                remedy=remedy,
            )
        scripts = await read_scripts(checkout)
        handler = next((one for one in handlers_of(scripts) if one.route == self.route), None)
        if handler is None:
            raise FixFailed(f"The checkout has no handler of {self.route}.", remedy="Is it the application's, at the version that runs?")
        if not (self.wrappers or self.matcher):
            raise FixFailed("What guards its neighbours is not known.", remedy="Let it ask who is signed in before it answers.")
        made = self._wrapped if self.wrappers else self._matched
        script, edits, said = await asyncio.to_thread(made, handler, scripts)
        after = changed_script(script, edits)
        body = f"{self.route} answered without credentials; its neighbours do not. {said}"
        effects = (f"{self.route} answers 401 without credentials.",)
        return Patch(diff_of(script.path, script.raw.decode(), after), f"fix: guard {self.route}"[:72], body, effects, ADVICE)

    def _wrapped(self, handler: Handler, scripts: dict[str, Script]) -> tuple[Script, list[Edit], str]:
        missing = [name for name in self.wrappers.split(",") if name and name not in handler.wrappers]
        modules = {name: module_of_name(name, scripts) for name in missing}
        unknown = [name for name, module in modules.items() if not module]
        if unknown or not missing:
            raise FixFailed(f"Where {', '.join(unknown) or 'its guard'} comes from is not known.", remedy="Wrap the handler by hand.")
        edits = wrapped(handler, missing, inside=True)
        behind = handler.script
        for name, module in modules.items():
            edits += imported(behind, name, module)
        return behind, _merged(edits), f"It passes through {' and '.join(missing)} now."

    def _matched(self, handler: Handler, scripts: dict[str, Script]) -> tuple[Script, list[Edit], str]:
        _, matchers = matchers_of(scripts)
        last = next((one for one in reversed(matchers) if one.node.parent.type == "array"), None)
        if last is None:
            raise FixFailed(f"The matcher of {self.matcher} is not a list.", remedy=f"Add the path of {self.route} to it.")
        fixed = handler.path.partition("[")[0].rstrip("/")
        pattern = f"{fixed}/:path*"
        end = last.node.end_byte
        return last.script, [Edit(end, end, f', "{pattern}"')], f"The matcher has {pattern} now."


def _merged(edits: list[Edit]) -> list[Edit]:
    """Return insertions at one place as one, in their order."""
    found: dict[tuple[int, int], Edit] = {}
    for edit in edits:
        key = (edit.start, edit.end)
        found[key] = Edit(edit.start, edit.end, found[key].text + edit.text) if key in found else edit
    return list(found.values())
