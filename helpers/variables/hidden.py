"""A value that is known only by a salted hash and by what it looks like: what is left of it outside of the function that read it.

The salt is made when the process starts and is kept nowhere, so that a hash answers "are these two the same?" within one run, and cannot be
used to try values afterwards.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from helpers.redaction import add_secret
from helpers.variables import shapes

__all__ = ["Hidden", "hide"]

_SALT = secrets.token_bytes(32)
_SHOWN = 12  # hexadecimal digits: 48 bits tell the few thousand values of one run apart


@dataclass(frozen=True, slots=True)
class Hidden:
    """One value: `digest` (salted; empty for an empty one) and what it `looks` like, in words.

    `empty`, `placeholder`, `line break`, `space` and `quotes` (around it, by accident), `secret` and `public` (forms that their makers
    document), `random` (a suspicion only).
    """

    digest: str
    looks: tuple[str, ...] = ()


def hide(value: str) -> Hidden:
    """Return what may be known of a value; one that looks like a secret is registered, so that no artefact can hold it."""
    bare = value.strip()
    if not bare:
        return Hidden("", ("empty",))
    public = shapes.is_public(value)
    told = {
        "placeholder": shapes.is_placeholder(value), shapes.untidy(value): bool(shapes.untidy(value)), "secret": shapes.is_secret(value),
        "public": public, "random": shapes.is_random(value) and not public,
    }  # fmt: skip
    if told["secret"] or told["random"]:
        add_secret(value)
        add_secret(bare)
    digest = hmac.new(_SALT, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_SHOWN]
    return Hidden(digest, tuple(word for word, holds in told.items() if holds))
