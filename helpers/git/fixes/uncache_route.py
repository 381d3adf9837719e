"""Let no cache keep a route's answers: its segment setting, or the header its code sends; what is kept already is purged by a command."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, diff_of
from helpers.git.patches import CodePatch, Patch
from helpers.git.typescript.caching import Keeps, keeps_of
from helpers.git.typescript.edits import changed_script
from helpers.git.typescript.handlers import handlers_of
from helpers.git.typescript.source import read_scripts

__all__ = ["PURGE", "UncacheRoute"]

PURGE = "vercel cache purge --type cdn"  # Source: Vercel documentation, CLI, vercel cache


@dataclass(frozen=True)
class UncacheRoute(CodePatch):
    """Patch the setting at `file`:`line` that lets a cache keep answers of `route`; `private`: they are one caller's alone."""

    route: str
    file: str = ""
    line: int = 0
    kind: str = ""
    private: bool = False

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when what lets it is not in the code, or is not written out there."""
        if not self.file:
            raise FixFailed(
                "Where it is allowed is not known.", remedy="Look for headers of the proxy or the platform, and in next.config."
            )
        if self.kind == "configuration":
            raise FixFailed(f"It is allowed in {self.file}, line {self.line}.", remedy=f"Leave the route out there, deploy, then: {PURGE}")
        scripts = await read_scripts(checkout)
        found = [one for handler in handlers_of(scripts) if handler.route == self.route for one in keeps_of(handler, scripts)]
        keeps = next((one for one in found if one.place == f"{self.file}:{self.line}"), None)
        if keeps is None:
            raise FixFailed(f"{self.file}:{self.line} lets nothing be kept.", remedy="Is the checkout at the version that runs?")
        edit, said = _edit(keeps, private=self.private)
        after = changed_script(keeps.script, [edit])
        body = f"A cache kept the answers of {self.route} ({keeps.setting}). {said}"
        effects = ("Each request reaches the function, and what it asks.", f"What is kept already stays until it is purged: {PURGE}")
        advice = () if self.private else ("Where a cache is wanted, give its entries a tag and revalidate that when the data changes.",)
        return Patch(
            diff_of(self.file, keeps.script.raw.decode(), after), f"fix: let no cache keep {self.route}"[:72], body, effects, advice
        )


def _edit(keeps: Keeps, *, private: bool) -> tuple[Edit, str]:
    """Return the change of a setting, and what it does. Raises FixFailed when the value is made elsewhere."""
    node = keeps.node
    if keeps.kind == "segment":
        value = "0" if keeps.setting.startswith("revalidate") else '"force-dynamic"'
        return Edit(node.start_byte, node.end_byte, value), "It is made for each request now."
    if node.type != "string":
        raise FixFailed("The header's value is made elsewhere.", remedy="Let it be `private, no-store`.")
    value = "private, no-store" if private else "no-store"
    return Edit(node.start_byte, node.end_byte, f'"{value}"'), f"It says {value} now."
