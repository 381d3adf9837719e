"""Payloads as nobody sends them: seeded mutations of real ones, for whatever reads them."""

import json
import random
from pathlib import Path

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))
ODD = [
    None, True, False, 0, -1, 10**25, 1e308, -0.0, "", "\x00", "\ud800", "A" * 100_000, [], {}, [[]], [None] * 50, {"": {}},
    "NaN", "../../etc/passwd", "'; DROP TABLE orders;--", "$(reboot)", "`id`", "{{7*7}}", "%s%n", "\x1b]0;x\x07", "<img src=x onerror=alert(1)>",
    "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "GET http://evil.example/", "0001-01-01T00:00:00Z", "99999-99-99",
]  # fmt: skip


def mutated(seed: int) -> bytes:
    """One payload, changed in a few places; at times broken as bytes, too."""
    dice = random.Random(seed)
    document = json.loads(dice.choice(PAYLOADS).read_bytes())
    for _ in range(dice.randint(1, 4)):
        document = _changed(document, dice)
    body = json.dumps(document).encode()
    return dice.choice([lambda b, _: b, lambda b, _: b, _broken])(body, dice)


def _changed(value, dice):
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(list(value))
        if dice.random() < 0.15:
            return {k: v for k, v in value.items() if k != name}
        return {**value, name: _changed(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.7:
        at = dice.randrange(len(value))
        return [*value[:at], _changed(value[at], dice), *value[at + 1 :]]
    return _deep(dice.randint(30, 300)) if dice.random() < 0.05 else dice.choice(ODD)


def _deep(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def _broken(body, dice):
    at = dice.randrange(len(body))
    return dice.choice([
        body[:at], body[:at] + b"\xff\xfe" + body[at:], body[:at] + b"\x00" + body[at:], body + body, b"[" * 50_000,
        body.replace(b"null", b"NaN"), body.replace(b'"status"', b'"labels"'), b'{"a":1,"a":2,' + body[1:], body.replace(b"1", b"1" * 5000, 1),
    ])  # fmt: skip
