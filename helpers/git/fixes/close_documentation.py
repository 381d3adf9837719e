"""Close an API's own documentation: no Swagger, no ReDoc, no OpenAPI document."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, changed, diff_of, span
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Project, dotted, read_project

__all__ = ["CloseDocumentation"]

KEYWORDS = ("docs_url", "redoc_url", "openapi_url")


@dataclass(frozen=True)
class CloseDocumentation(CodePatch):
    """Patch where the FastAPI application is made: its `docs_url`, `redoc_url` and `openapi_url` become None."""

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when no application is made in the checkout, or several are."""
        project = await read_project(checkout)
        found = await asyncio.to_thread(_applications, project)
        if len(found) != 1:
            raise FixFailed(
                f"The checkout makes {len(found)} FastAPI applications, not one.", remedy="FastAPI(openapi_url=None) in production."
            )
        path, call = found[0]
        source = checkout.text(path)
        after = await asyncio.to_thread(_closed, source, call)
        body = "Anybody could read every route and field of the API that runs."
        advice = ("Where developers need it, serve it where only they are: FastAPI(openapi_url=settings.openapi_url).",)
        effects = (f"{path}:{call.lineno} makes an application without documentation, also where it is developed.",)
        return Patch(diff_of(path, source, after), "fix: close the documentation of the API", body, effects, advice)


def _applications(project: Project) -> list[tuple[str, ast.Call]]:
    return [
        (module.path, node)
        for module in project.modules.values()
        if not module.is_test
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and module.meaning(dotted(node.func)) in ("fastapi.FastAPI", "fastapi.applications.FastAPI")
    ]


def _closed(source: str, call: ast.Call) -> str:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    edits = [Edit(*span(source, given[name]), "None") for name in KEYWORDS if name in given]
    missing = [f"{name}=None" for name in KEYWORDS if name not in given]
    end = span(source, call)[1] - 1
    before = source.encode()[:end].decode().rstrip()
    comma = "" if before.endswith(("(", ",")) else ", "
    return changed(source, [*edits, *([Edit(end, end, comma + ", ".join(missing))] if missing else [])])
