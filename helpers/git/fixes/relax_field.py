"""Let an input be left out again, or be what it was before, so that clients that were fine are taken."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.contract import contract_of
from helpers.git.edits import Edit, changed, diff_of, span
from helpers.git.inputs import Input
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import dotted, read_project
from helpers.git.revisions import project_at, text_at

__all__ = ["RelaxField"]

Node = ast.AnnAssign | ast.arg


@dataclass(frozen=True)
class RelaxField(CodePatch):
    """Patch the declaration of `field` at `file`:`line` in `owner` (a model or a handler), for the sake of `route`.

    What `before` (a commit) declared is restored; what it did not have may be absent from now on, and is None then.
    """

    route: str
    field: str
    file: str = ""
    line: int = 0
    owner: str = ""
    before: str = ""
    version: str = ""

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the declaration is not found, or cannot be relaxed safely."""
        if not self.file:
            raise FixFailed(f"Where {self.field} is declared is not known.", remedy="Name the checkout as the profile's `code`.")
        source = checkout.text(self.file)
        was = await self._was(checkout)
        node, default = await asyncio.to_thread(_declaration, ast.parse(source), self.line, self.field)
        if was is None:
            edits = _optional(source, node, default)
            what = f"{self.field} may be left out, and is None then"
        else:
            old = await text_at(checkout, self.before, was.file)
            edits = await asyncio.to_thread(_restored, source, (node, default), old, was)
            what = f"{self.field} is declared as in {self.before} again"
        diff = diff_of(self.file, source, changed(source, edits))
        if not diff:
            raise FixFailed("Its declaration did not change.", remedy="A validator or a model's settings did: compare the two versions.")
        uses = await self._uses(checkout) if was is None else []
        advice = [
            "A field that clients must give comes in two deployments: first it may be given, then clients change, then it must be.",
            *([f"These read it, and must accept None: {', '.join(uses)}."] if uses else []),
            f"Rolling back the version{f' {self.version}' if self.version else ''} is the other way, if nothing else depends on it.",
        ]
        body = f"{self.route} rejected requests that it took before{f' {self.version}' if self.version else ''}.\n{what}."
        return Patch(
            diff, f"fix: accept requests as before {self.field} changed"[:72], body, (f"{what[0].upper()}{what[1:]}.",), tuple(advice)
        )

    async def _was(self, checkout: Checkout) -> Input | None:
        if not self.before:
            return None
        project = await project_at(checkout, self.before)
        return (await asyncio.to_thread(contract_of, project)).get(self.route, {}).get(self.field)

    async def _uses(self, checkout: Checkout) -> list[str]:
        """Return where an attribute of that name is read."""
        name, project = self.field.rpartition(".")[2], await read_project(checkout)
        return [
            f"{module.path}:{node.lineno}"
            for module in project.modules.values()
            if not module.is_test
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load)
        ][:5]


def _declaration(tree: ast.Module, line: int, field: str) -> tuple[Node, ast.expr | None]:
    """Return the field of a model or the parameter at a line, and its default."""
    name = field.rpartition(".")[2]
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and node.lineno == line:
            return node, node.value
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.args.posonlyargs, *node.args.args]
            defaults = [*[None] * (len(given) - len(node.args.defaults)), *node.args.defaults]
            pairs = [*zip(given, defaults, strict=True), *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
            named = [
                pair for pair in pairs if pair[0].lineno == line and (pair[0].arg == name.replace("-", "_") or name in ast.unparse(pair[0]))
            ]
            if named:
                return named[0]
    raise FixFailed(f"{field} is not declared at line {line}.", remedy="Is the checkout at the version that runs?")


def _optional(source: str, node: Node, default: ast.expr | None) -> list[Edit]:
    """Return the edits by which it may be absent: `| None` behind its type, and None as its default."""
    annotation = node.annotation
    if annotation is None:
        raise FixFailed("It has no type.", remedy="Give it a default.")
    kind = annotation
    if isinstance(kind, ast.Subscript) and dotted(kind.value).endswith("Annotated") and isinstance(kind.slice, ast.Tuple):
        kind = kind.slice.elts[0]
    end = span(source, kind)[1]
    edits = [] if "None" in ast.unparse(kind) or "Optional" in ast.unparse(kind) else [Edit(end, end, " | None")]
    if default is None:
        after = span(source, node)[1]
        moved = _last(source, node, edits)
        if edits and edits[0].start == after:
            edits = [Edit(after, after, edits[0].text + " = None")]
        else:
            edits = [*edits, Edit(after, after, " = None")]
        return moved or edits
    if not isinstance(default, ast.Call):
        return edits
    if default.args:
        start, stop = span(source, default.args[0])
        return [*edits, Edit(start, stop, "None")]
    inside = span(source, default.func)[1] + 1
    return [*edits, Edit(inside, inside, "None, " if default.keywords else "None")]


def _last(source: str, node: Node, edits: list[Edit]) -> list[Edit]:
    """Return the edits that move a parameter behind those without a default, empty where it may stay."""
    if not isinstance(node, ast.arg):
        return []
    arguments = next(a for a in ast.walk(ast.parse(source)) if isinstance(a, ast.arguments) and any(_same(node, each) for each in a.args))
    place = next(number for number, each in enumerate(arguments.args) if _same(node, each))
    if place == len(arguments.args) - 1 or len(arguments.defaults) >= len(arguments.args) - place - 1:
        return []
    if arguments.defaults or arguments.kwonlyargs or arguments.vararg:
        raise FixFailed("A parameter without a default follows it.", remedy="Move it behind those, with None as default.")
    start, end = span(source, node)
    raw = source.encode()[start:end]
    for edit in edits:
        raw = raw[: edit.start - start] + edit.text.encode() + raw[edit.end - start :]
    behind, following = span(source, arguments.args[-1])[1], span(source, arguments.args[place + 1])[0]
    return [Edit(start, following, ""), Edit(behind, behind, f", {raw.decode()} = None")]


def _same(one: ast.arg, other: ast.arg) -> bool:
    return (one.lineno, one.col_offset, one.arg) == (other.lineno, other.col_offset, other.arg)


def _restored(source: str, now: tuple[Node, ast.expr | None], old: str, was: Input) -> list[Edit]:
    node, default = _declaration(ast.parse(old), was.line, was.name)
    here, there = _whole(source, *now), _whole(old, node, default)
    return [Edit(*here, old.encode()[there[0] : there[1]].decode())]


def _whole(source: str, node: Node, default: ast.expr | None) -> tuple[int, int]:
    start, end = span(source, node)
    return start, max(end, span(source, default)[1]) if default is not None else end
