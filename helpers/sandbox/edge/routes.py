"""Which route of the build a path belongs to, and how long its function may take."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Route", "Routes", "pattern_of"]


@dataclass(frozen=True, slots=True)
class Route:
    """A route as the build names it (`/api/orders/[id]`), and its function's limit in s."""

    shape: str
    limit_s: float


class Routes:
    """The routes of one build in `folder` (`.next`)."""

    def __init__(self, folder: Path, usual_s: float) -> None:
        built = folder / "server"
        limits = _read(built / "functions-config-manifest.json").get("functions", {})
        shapes = {re.sub(r"/(route|page)$", "", key) or "/" for key in _read(built / "app-paths-manifest.json")}
        self.usual_s = usual_s
        self.known = [
            (pattern_of(shape), Route(shape, float(limits.get(shape, {}).get("maxDuration", usual_s))))
            for shape in sorted(shapes, key=lambda s: (s.count("["), s))
        ]

    def of(self, path: str) -> Route:
        """Return the route of a path; one the build does not have is named by itself."""
        return next((route for pattern, route in self.known if pattern.fullmatch(path)), Route(path, self.usual_s))


def pattern_of(shape: str) -> re.Pattern[str]:
    """Return the pattern of paths with this shape. Pure."""
    parts = re.split(r"(\[\[?\.\.\.\w+\]\]?|\[\w+\])", shape)
    return re.compile("".join(".+" if "..." in part else "[^/]+" if part.startswith("[") else re.escape(part) for part in parts))


def _read(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found
