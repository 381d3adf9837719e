"""No secret in any artefact: known secrets and everything that looks like one become `•••`.

Two barriers. `redact` replaces, in every text that is shown or kept, the secrets that profiles resolved
(in their plain, URL-encoded, JSON-escaped and base64 forms) and what looks like a secret. `write_text` and `write_bytes`
refuse to write a file that still holds a known one.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from helpers.errors import SecretLeak

__all__ = [
    "MASK", "add_secret", "add_secrets_of_url", "find_secret", "known_secrets", "mask_literals",
    "redact", "redact_url", "redact_value", "write_bytes", "write_text",
]  # fmt: skip

MASK = "•••"
_SHORTEST = 4  # a shorter "secret" would mask ordinary text
_secrets: dict[str, tuple[str, ...]] = {}

_NAMES = r"(?:[\w-]{0,64}(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)|pwd|authorization|cookie)"
# Each pattern keeps its first group and masks the rest, which ends where the text of an HTML element does.
_ON = r"(?!</|<br\b)"
_LOOKS_SECRET = [
    re.compile(r"(\b[a-zA-Z][\w+.-]{0,30}://[^\s:/@'\"]*:)[^\s/'\"]+(?=@)"),  # scheme://user:secret@
    re.compile(rf"(?i)(\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|digest|token)?\s*)(?:{_ON}[^\s\"',;])+"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[\w.+/=~-]{8,}"),
    re.compile(rf"(?i)(\b(?:set-)?cookie[\"']?\s*[:=]\s*)(?:{_ON}[^\r\n\"'])+"),
    re.compile(rf"(?i)(\b{_NAMES}[\"']?\s*(?:=>|:=|[:=])\s*[\"']?)(?!•)(?:{_ON}[^\s\"',;&)}}\]])+"),
    re.compile(r"(?i)(\b(?:encrypted\s+)?password\s+)'(?:[^']|'')*'"),  # SQL: ALTER ROLE … PASSWORD '…'
    re.compile(r"(?i)(\bauth\s+)\S+(?:\s+\S+)?(?=\s*$)"),  # Redis: AUTH [user] password
    re.compile(r"()\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"),  # JSON web token
    re.compile(r"()\b(?:sk|pk|rk)_(?:live|test)_\w{8,}|()\bgh[pousr]_\w{20,}|()\b(?:AKIA|ASIA)[A-Z0-9]{12,}|()\bxox[abprs]-[\w-]{8,}"),
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
]


def add_secret(secret: str) -> None:
    """Remember `secret` for the life of the process; shorter than four characters is ignored."""
    if len(secret) < _SHORTEST:
        return
    raw = secret.encode()
    forms = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        unquote(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
    }
    forms |= {json.dumps(secret, ensure_ascii=False)[1:-1], base64.b64encode(raw).decode(), secret.replace("'", "''")}
    forms |= {quote(secret), repr(secret)[1:-1]}
    _secrets[secret] = tuple(sorted((f for f in forms if len(f) >= _SHORTEST), key=len, reverse=True))


def add_secrets_of_url(url: str) -> None:
    """Remember the password (and a password in the query) of an address such as a DSN."""
    try:
        parts = urlsplit(url)
    except ValueError:
        add_secret(url)
        return
    for raw in [parts.password or "", *re.findall(r"(?i)[?&](?:password|token)=([^&]+)", url)]:
        add_secret(raw)
        add_secret(unquote(raw))


def known_secrets() -> frozenset[str]:
    """Return the secrets registered in this process."""
    return frozenset(_secrets)


def redact(text: str) -> str:
    """Return `text` with every known secret, and everything that looks like one, replaced by `•••`."""
    for forms in _secrets.values():
        for form in forms:
            if form in text:
                text = text.replace(form, MASK)
    return _by_its_looks(text) if len(text) > _SHORT else _by_its_looks_again(text)


def _by_its_looks(text: str) -> str:
    for pattern in _LOOKS_SECRET:
        text = pattern.sub(lambda m: (m.group(1) or "") + MASK, text)
    return text


_SHORT = 64  # names and states, most of which come again and again
_by_its_looks_again = lru_cache(4096)(_by_its_looks)


def redact_value(value: Any) -> Any:
    """Return a JSON-like value with every text in it redacted; a value under a secret's name is masked whole."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(k)): MASK if _is_secret_name(str(k)) and v else redact_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(v) for v in value]
    return value


def _is_secret_name(name: str) -> bool:
    return re.fullmatch(rf"(?i){_NAMES}", name) is not None


def redact_url(url: str) -> str:
    """Return an address as it may be shown: no password, no query."""
    return redact(url.split("?", 1)[0])


_LITERAL = re.compile(r"""(?s)(?:\b[eEbBxXnN]|\b[uU]&)?'(?:[^']|'')*(?:'|\Z)|(\$(?:[A-Za-z_]\w*)?\$).*?(?:\1|\Z)|("(?:[^"]|"")*")""")


def mask_literals(sql: str) -> str:
    """Return SQL with the text of its string literals masked; quoted identifiers and numbers stay."""
    return _LITERAL.sub(lambda m: m.group(2) or f"'{MASK}'", sql)


def find_secret(data: str | bytes) -> str | None:
    """Return a hint (its first character and length) of the first known secret in `data`, or None."""
    for secret, forms in _secrets.items():
        for form in forms:
            if (form in data) if isinstance(data, str) else (form.encode() in data):
                return f"{secret[0]}… ({len(secret)} characters)"
    return None


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically, redacted; raise SecretLeak rather than let a known secret through."""
    write_bytes(path, redact(text).encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically; raise SecretLeak if a known secret is in it."""
    hint = find_secret(data)
    if hint is not None:
        raise SecretLeak(f"{path.name} would hold the secret {hint} and was not written.", remedy="Please report this as a bug.")
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
