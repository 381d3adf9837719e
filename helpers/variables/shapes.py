"""What a value looks like, judged while it is at hand: empty, a placeholder, a secret, a key that is meant to be public. Pure.

Nothing here returns a part of a value. The forms are those their makers document; what has none of them is told by its entropy alone,
and that is a suspicion, not a finding.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter

__all__ = ["entropy", "is_placeholder", "is_public", "is_random", "is_secret", "named_public", "named_secret", "untidy"]

# Source: the makers' documentations, as collected in the rules of gitleaks and of GitHub's secret scanning.
_SECRET = re.compile(
    r"(sk|rk)_(live|test)_\w{10,}|sk-(ant-|proj-)?[\w-]{20,}|whsec_[\w+/=]{16,}|gh[pousr]_\w{30,}|github_pat_\w{20,}|glpat-[\w-]{20,}"
    r"|(AKIA|ASIA)[A-Z0-9]{16}|xox[abprs]-[\w-]{10,}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_\w{30,}|re_\w{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|[a-z][\w+.-]*://[^\s:/@]*:[^\s/@]{4,}@(?!localhost\b|127\.|0\.0\.0\.0)[^\s/:@]+\.[^\s/]+"  # of this machine or a container: no secret
)
# Made to be read by browsers: publishable keys, measurement ids, DSNs of error trackers, site keys; what dotenvx and SOPS encrypted.
_PUBLIC = re.compile(
    r"pk_(live|test)_\w+|pk\.[\w-]+\.[\w-]+|sb_publishable_\w+|phc_\w+|AIza[\w-]{30,}|(G|UA|GTM|AW)-[\w-]+|https?://[0-9a-f]{16,}@[\w.-]+/\d+"
    r"|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|https?://[^\s@]+|\d+|true|false|[a-z]{1,12}"
    r"|encrypted:[\w+/=]+|ENC\[[^\]]*\]"
)
_NAMED_PUBLIC = re.compile(
    r"PUBLISHABLE|ANON_KEY|SITE_?KEY|PUBLIC_?KEY|CLIENT_?ID|APP_?ID|MEASUREMENT|ANALYTICS|DSN|VAPID|FIREBASE_API_KEY|MAPS?_|MAPBOX|POSTHOG|"
    r"PUBLIC_TOKEN|SEARCH_(API_)?KEY|CSRF"
)
_NAMED_SECRET = re.compile(r"(SECRET|PASSWORD|PASSWD|PRIVATE_?KEY|SERVICE_ROLE|CREDENTIAL|ACCESS_TOKEN|API_TOKEN|AUTH_TOKEN|REFRESH_TOKEN)")
_PLACEHOLDER = re.compile(
    r"(?i)change[-_ ]?me|replace[-_ ]?(me|this)|your[-_ ].*|<[^<>]*>|todo|tbd|fixme|x{3,}|placeholder|\.{3}|undefined"
)
_LONG = 20  # characters: shorter words are names, and their entropy says nothing
_BITS = 3.5  # per character: what gitleaks' rule for generic keys takes


def entropy(value: str) -> float:
    """Return Shannon's entropy, in bits a character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) if value else 0.0


def untidy(value: str) -> str:
    """Return what stands around a value by accident: `line break`, `space`, `quotes`; empty where nothing does."""
    if not value.strip() or value.startswith("-----BEGIN"):  # the text form of a key ends with a line break
        return ""
    if value != value.strip("\r\n"):
        return "line break"
    if value != value.strip():
        return "space"
    return "quotes" if len(value) > 2 and value[0] == value[-1] and value[0] in "\"'" else ""


def is_placeholder(value: str) -> bool:
    """Return whether somebody wrote it to be replaced."""
    return _PLACEHOLDER.fullmatch(value.strip()) is not None


def is_secret(value: str) -> bool:
    """Return whether it has the form of a secret: a key by its maker's prefix, a private key, an address with a password."""
    bare = value.strip().strip("\"'")
    return _SECRET.match(bare) is not None or _role(bare) == "service_role"


def is_public(value: str) -> bool:
    """Return whether it has the form of what browsers are meant to read."""
    bare = value.strip().strip("\"'")
    return not is_secret(value) and (_PUBLIC.fullmatch(bare) is not None or _role(bare) == "anon")


def is_random(value: str) -> bool:
    """Return whether it is long and as random as a generated key."""
    bare = value.strip()
    return len(bare) >= _LONG and not re.search(r"\s", bare) and entropy(bare) >= _BITS


def named_public(name: str) -> bool:
    """Return whether a name says that it is meant to be public: a publishable key, a DSN, an id of analytics."""
    return _NAMED_PUBLIC.search(name) is not None


def named_secret(name: str) -> bool:
    """Return whether a name says that it is a secret."""
    return _NAMED_SECRET.search(name) is not None and not named_public(name)


def _role(value: str) -> str:
    """Return the `role` a JSON web token claims, which tells Supabase's two keys apart."""
    parts = value.split(".")
    if len(parts) != 3 or not value.startswith("eyJ"):
        return ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return ""
    return str(claims.get("role", "")) if isinstance(claims, dict) else ""
