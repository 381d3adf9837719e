"""Route templates: given by an OpenAPI document or Next.js' files, learned by cardinality, and used by every analysis of the run."""

from __future__ import annotations

from helpers.logs.analyses import Entries
from helpers.logs.routes.given import given_routes
from helpers.logs.routes.learning import learned_routes
from helpers.logs.routes.templates import macro

__all__ = ["given_routes", "learned_routes", "use_routes"]


def use_routes(logs: Entries, source: str = "", *, learn: bool = True) -> list[str]:
    """Let all further questions to these logs use templates, and return those that were given or learned.

    Args:
        logs: Open logs.
        source: Path or URL of an OpenAPI document, or path of a Next.js project; empty: none is given.
        learn: Whether path segments with very many values become `{slug}`; costs a pass over the logs.

    Raises:
        ParameterError: the source cannot be read, or holds no route.

    """
    given = given_routes(source) if source else []
    if given:
        logs.define(macro(given, []))
    learned = learned_routes(logs) if learn else []
    if given or learned:
        logs.define(macro(given, learned))
    return given + learned
