"""Credentials of a caller, by reference only: what a parameter holds may be printed, what it refers to is a secret."""

from __future__ import annotations

from helpers.errors import ParameterError
from helpers.settings import resolve

__all__ = ["headers_of"]


def headers_of(reference: str) -> dict[str, str]:
    """Return the headers that a reference stands for; none for an empty one.

    Args:
        reference: `env:NAME` or `file:PATH` of a token, sent as `Authorization: Bearer …`, or of a whole header: `X-API-Key: …`, `Cookie: …`.

    Raises:
        ParameterError: it is no reference: a token given as it is would stand in the notebook.
        ProfileError: it points at nothing.

    """
    if not reference:
        return {}
    if not reference.startswith(("env:", "file:")):
        raise ParameterError("Credentials are given by reference.", remedy="Write env:NAME or file:PATH, where the token is.")
    found = resolve(reference, where="the credentials")
    name, colon, value = found.partition(": ")
    if colon and name and all(c.isalnum() or c in "-_" for c in name):
        return {name: value.strip()}
    return {"Authorization": f"Bearer {found}"}
