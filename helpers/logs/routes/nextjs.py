"""The routes of a Next.js project by its files: `app/**/route.ts` and `page.tsx`, and `pages/**`.

Source: Next.js' conventions: `[id]`, `[...slug]`, `[[...slug]]`; `(group)` and `@slot` are no part of the path, `_private` folders and
intercepting routes `(.)x` are none of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["file_routes"]

_LEAVES = re.compile(r"(?:route|page)\.(?:tsx?|jsx?|mjs|mdx?)")
_PAGES = re.compile(r"(.+?)\.(?:tsx?|jsx?|mjs|mdx?)")
_DYNAMIC = re.compile(r"\[(\[?)(\.\.\.)?([^\[\].]+)\]?\]")


def file_routes(folder: Path) -> Iterator[str]:
    """Yield the templates of a project, or of its `app` or `pages` folder."""
    found = [folder / place for place in ("app", "src/app", "pages", "src/pages") if (folder / place).is_dir()]
    for root in found or [folder]:
        for path in sorted(root.rglob("*.*")):
            parts = path.relative_to(root).parts
            if "node_modules" in parts or not path.is_file():
                continue
            route = _of_pages(parts) if root.name == "pages" else _of_app(parts)
            if route is not None:
                yield "/" + "/".join(route)


def _of_app(parts: Sequence[str]) -> list[str] | None:
    *folders, leaf = parts
    if not _LEAVES.fullmatch(leaf) or any(one.startswith(("_", "(.")) for one in folders):
        return None
    return [_segment(one) for one in folders if not re.fullmatch(r"\(.*\)|@.*", one)]


def _of_pages(parts: Sequence[str]) -> list[str] | None:
    leaf = _PAGES.fullmatch(parts[-1])
    if leaf is None or leaf[1].startswith("_") or leaf[1].endswith(".d"):
        return None
    named = [*parts[:-1], *([] if leaf[1] == "index" else [leaf[1]])]
    return [_segment(one) for one in named]


def _segment(name: str) -> str:
    """Return `[id]` as `{id}`, `[...slug]` as `{...slug}` and `[[...slug]]` as `{...slug?}`."""
    found = _DYNAMIC.fullmatch(name)
    if found is None:
        return name.replace("%5F", "_")
    return "{" + (found[2] or "") + found[3] + ("?" if found[1] and found[2] else "") + "}"
