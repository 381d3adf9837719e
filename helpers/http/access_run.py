"""The matrix of who may read what, from parameters as a person gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from helpers.http.access import Access, ask_all
from helpers.http.checks.openapi import DOCUMENTS, MOST_BYTES
from helpers.http.connect import Api
from helpers.http.credentials import headers_of
from helpers.http.openapi_document import Operation, operations_in
from helpers.http.targets import Target, given_endpoints, targets_of

__all__ = ["Matrix", "described", "matrix_of"]


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is asked, and with which headers; they are secrets, and not shown."""

    targets: Sequence[Target]
    own: Mapping[str, str] = field(repr=False)
    other: Mapping[str, str] = field(repr=False)
    public: Sequence[str] = ()

    async def ask(self, api: Api) -> list[Access]:
        """Return a row per route with its finding."""
        return await ask_all(api, self.targets, self.own, self.other, self.public)


async def matrix_of(api: Api, *, private: str, a: str, b: str, public: str, document: str = "") -> Matrix:
    """Return what is to be asked. Raises ParameterError and ProfileError for what a person gave."""
    own, other = headers_of(a), headers_of(b)
    paths, open_to_all = given_endpoints(private), given_endpoints(public)
    operations = await described(api, (document,) if document else DOCUMENTS, own)
    return Matrix(targets_of(operations, paths), own, other, open_to_all)


async def described(api: Api, documents: Sequence[str], headers: dict[str, str]) -> list[Operation]:
    """Return what the API says of itself, read with credentials where it wants some."""
    for path in documents:
        answer = await api.read(path, headers=headers, most_bytes=MOST_BYTES)
        found = operations_in(answer.body) if answer.status == 200 and answer.is_whole else []
        if found or answer.error:  # one that hangs is not asked six times
            return found
    return []
