"""Whether an answer came from a cache on its way, by what its headers say."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["kept_by"]

_STATES = ("HIT", "STALE", "PRERENDER", "REVALIDATED", "UPDATING")
_HEADERS = ("x-vercel-cache", "x-nextjs-cache", "cf-cache-status", "x-cache", "cache-status")


def kept_by(headers: Mapping[str, str]) -> str:
    """Return `header: state` when a cache gave the answer; empty when it was made for this request, or nothing says. Pure.

    Args:
        headers: The answer's, names in lower case.

    Source: Vercel documentation, Response headers; RFC 9211 (`Cache-Status`, a `hit` parameter); RFC 9111 (`Age`).

    """
    for name in _HEADERS:
        said = headers.get(name, "")
        words = said.replace(";", " ").replace(",", " ").upper().split()
        state = next((state for state in _STATES if state in words), "")
        if state:
            return f"{name}: {state}"
    age = headers.get("age", "").strip()
    return f"age: {age}" if age.isdigit() and int(age) > 0 else ""
