"""Passwords as people have them: with every character that breaks a URL put together by hand."""

from __future__ import annotations

import secrets
from urllib.parse import quote

__all__ = ["new_password", "url_with_password"]


def new_password() -> str:
    """Return a random password that holds `@ : / % # ?` and is safe inside single quotes."""
    return f"{secrets.token_hex(6)}@:/%#?{secrets.token_hex(6)}"


def url_with_password(scheme: str, user: str, password: str, port: int, path: str) -> str:
    """Return an address on loopback with its password encoded as URLs want it."""
    return f"{scheme}://{user}:{quote(password, safe='')}@127.0.0.1:{port}/{path}"
