"""Which requests to try without credentials: GET routes that are described or given, with values for what their paths leave open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from helpers.http.connect import parse_endpoint
from helpers.http.openapi_document import Operation

__all__ = ["Target", "fits", "given_endpoints", "targets_of"]

MOST = 40
# A GET ought to change nothing; a route of such a name may, all the same.
UNSAFE = re.compile(
    r"(?i)logout|log-out|signout|sign-out|unsubscribe|delete|remove|cancel|confirm|revoke|reset|purge|flush|shutdown|trigger"
)
_OPEN = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Target:
    """One request: the route as described, the path to ask, the security schemes it names, and whether it was given as private."""

    route: str
    path: str
    security: tuple[str, ...] = ()
    is_private: bool = False


def given_endpoints(text: str) -> list[str]:
    """Return the paths of `GET /a/7, GET /b?c=1`. Raises ParameterError for another method than GET."""
    return [parse_endpoint(each)[1] for each in re.split(r",\s+(?=/|[A-Z]+ /)", text.strip()) if each]


def fits(template: str, path: str) -> dict[str, str] | None:
    """Return the values that a path has where a template is open, None when it is not of that template."""
    names = [part[1:-1].partition(":")[0] for part in _OPEN.findall(template)]
    pattern = "([^/]+)".join(re.escape(part) for part in _OPEN.split(template))
    found = re.fullmatch(pattern, path.partition("?")[0])
    return dict(zip(names, found.groups(), strict=True)) if found else None


def targets_of(operations: Iterable[Operation], private: Sequence[str], known: Sequence[str] = ()) -> list[Target]:
    """Return what to ask, those given as private first; pure. A route is left out when no value for its path is known, or it needs a query.

    Args:
        operations: As the API describes them; other methods than GET are left out.
        private: Paths of the first tenant.
        known: Further paths that were asked before, of whomever.

    """
    described = [one for one in operations if one.route.startswith("GET ")]
    found: dict[str, Target] = {}
    for is_private, paths in ((True, private), (False, known)):
        for path in paths:
            matching = [one for one in described if fits(one.route[4:], path) is not None]
            best = min(matching, key=lambda one: one.route.count("{"), default=None)
            route = best.route if best else f"GET {path.partition('?')[0]}"
            found.setdefault(route, Target(route, path, best.security if best else (), is_private))
    for one in described:
        path = _filled(one.route[4:], [*private, *known], described)
        if path and not any(name.startswith(("query.", "header.", "cookie.")) for name in one.required):
            found.setdefault(one.route, Target(one.route, path, one.security))
    return [target for target in found.values() if not UNSAFE.search(target.path)][:MOST]


def _filled(template: str, paths: Sequence[str], described: Sequence[Operation]) -> str:
    """Return the template with the values that other paths have at the same place; empty when one is missing."""
    values: dict[str, str] = {}
    for path in paths:
        for one in described:
            for prefix in _prefixes(one.route[4:]):
                if template.startswith(prefix):
                    values |= {name: value for name, value in (fits(one.route[4:], path) or {}).items() if f"{{{name}" in prefix}
    filled = _OPEN.sub(lambda part: quote(values.get(part[0][1:-1].partition(":")[0], "{"), safe="%"), template)
    return "" if "{" in filled or "%7B" in filled else filled


def _prefixes(template: str) -> list[str]:
    """Return what ends with each open part: `/orders/{order_id}` of `/orders/{order_id}/items`."""
    return [template[: part.end()] for part in _OPEN.finditer(template)]
