"""What the oracle makes of text, character by character and line by line: route templates, fingerprints of messages, frames of own code."""

from __future__ import annotations

import re
import string
from itertools import pairwise

WORD = set(string.ascii_letters + string.digits + "_")
HEX, DIGITS, LETTERS = set(string.hexdigits), set(string.digits), set(string.ascii_letters)
ERROR_WORDS = ("Error", "Exception", "Warning", "Exit", "Interrupt", "Timeout")


def template_of(path: str) -> str:
    """`{id}` for each segment that begins with a uuid, a date, digits, a hash or a prefixed id, and no word goes on behind it."""
    first, *rest = path.split("/")
    return "/".join([first, *(_segment(one) for one in rest)])


def _segment(text: str) -> str:
    for length in _candidates(text):
        if not (text[length - 1] in WORD and length < len(text) and text[length] in WORD):
            return "{id}" + text[length:]
    return text


def _candidates(text: str) -> list[int]:
    """Lengths that look like an id, in the order they are tried."""
    dashed = [len(part) for part in text[:36].split("-")]
    found = [36] if dashed == [8, 4, 4, 4, 12] and set(text[:36]) <= HEX | {"-"} else []
    day = text[:10]
    found += [10] if len(day) == 10 and all((c == "-") if i in (4, 7) else c in DIGITS for i, c in enumerate(day)) else []
    digits, hexes, letters = _run(text, DIGITS), _run(text, HEX), _run(text, LETTERS)
    found += [digits] if digits else []
    found += [min(hexes, 64)] if hexes >= 16 else []
    behind = text[letters + 1 :][: _run(text[letters + 1 :], LETTERS | DIGITS)] if letters and text[letters : letters + 1] == "_" else ""
    until_digit = _run(behind, LETTERS)
    prefixed = until_digit < len(behind) and (until_digit >= 5 or len(behind) - until_digit > 5)  # a digit in it, and six letters or so
    return found + ([letters + 1 + len(behind)] if prefixed else [])


def _run(text: str, kind: set[str]) -> int:
    return next((n for n, c in enumerate(text) if c not in kind), len(text))


def words(text: str) -> list[str]:
    """The words of a text; what is percent-encoded stands between words."""
    plain = re.sub("%[0-9A-F]{2}", " ", text)
    return "".join(c if c in WORD else " " for c in plain).split()


def shape_of(message: str) -> str:
    """Without what is quoted, addresses of people, and words with digits in them."""
    for quote in '"', "`":
        lines = []
        for line in message.split("\n"):
            parts = line.split(quote)
            odd = [parts.pop()] if len(parts) % 2 == 0 else []
            joined = "".join("?" if n % 2 else part for n, part in enumerate(parts))
            lines.append(joined + "".join(quote + one for one in odd))
        message = "\n".join(lines)
    message = re.sub(r"[^\s@<>]+@[^\s@<>]+", "?", message)
    pattern = r"(?a)\B'[^'\n]*'\B|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[A-Za-z]*[0-9][A-Za-z0-9_.:]*|[a-f]{16,}"
    return re.sub(pattern, "?", message)


def _as_lines(trace: str) -> list[str]:
    text = re.sub(r'"filename": ?"([^"]*)", ?"lineno": ?([0-9]+), ?"name": ?"([^"]*)"', '\nFile "\\1", line \\2, in \\3\n', trace)
    return text.split("\n")


def frames_of(trace: str) -> str:
    """The three own frames nearest to what failed, a line each."""
    own = []
    for line in _as_lines(trace):
        bare = line.strip(" \t\r")
        if bare.startswith('File "') and '", line ' in bare:
            path, rest = bare[6:].split('"', 1)
            number, _, name = rest.removeprefix(", line ").partition(", in ")
            if name and number.isdigit() and path and not _installed(path):
                own.append(bare)
        elif bare.startswith("at ") and re.search(r":\d+(?::\d+)?\)?$", bare) and not _library(bare):
            own.append(bare)
    python = any(one.startswith('File "') for one in own)
    near = own[-3:] if python else own[:3]
    return "\n".join(re.sub(", line [0-9]+|:[0-9]+|[0-9a-f]{8,}", "", one) for one in near)


def _installed(path: str) -> bool:
    parts = re.split(r"[/\\]", path)
    library = any(re.fullmatch(r"site-packages|dist-packages|.*python[0-9]+\.zip", part) for part in parts[:-1])
    pairs = list(pairwise(parts[:-1]))
    own = any(
        (a.endswith(("Lib", "lib")) and re.fullmatch(r"python[0-9.]+", b)) or (re.search(r"[Pp]ython[0-9]*$", a) and b in ("Lib", "lib"))
        for a, b in pairs
    )
    return path.startswith("<") or library or own


def _library(frame: str) -> bool:
    place = frame.removeprefix("at ").removeprefix("async ")
    foreign = any(mark in frame for mark in ("node_modules/", "node_modules\\", "(internal/", " internal/", "<anonymous>"))
    return foreign or bool(re.search(r"\bnode:", frame)) or bool(re.match(r"(?:[a-z.]+/)?(?:java|javax|jdk|sun)\.", place))


def _said(trace: str) -> tuple[str, str] | None:
    """The class and the message of the line that says what was raised: the last one of a traceback, the first one elsewhere."""
    lines = _as_lines(trace)
    traced = [n for n, line in enumerate(lines) if "Traceback (most recent call last):" in line]
    if traced:
        behind = [line for line in lines[traced[-1] + 1 :] if line and line[0] not in " \t\r"]
        if behind and (one := _raised(behind[0], any_name=True)):
            return one  # also where it says nothing
    return next(
        (one for line in lines if (one := _raised(re.sub(r"^[^\w]*(?:Uncaught |unhandledRejection: )?", "", line, flags=re.A)))), None
    )


def _raised(line: str, *, any_name: bool = False) -> tuple[str, str] | None:
    name, colon, message = line.rstrip("\r").partition(":")
    short = name.rsplit(".", 1)[-1]
    plain = name and all(c in WORD | {"."} for c in name) and all(name.split("."))
    if plain and (any_name or any(word in short for word in ERROR_WORDS)):
        return short, message.removeprefix(" ") if colon else ""
    return None


def class_of(trace: str) -> str | None:
    found = re.search(r'"exc_type": ?"([^"]+)"', trace)
    said = _said(trace)
    return found[1] if found else said[0] if said else None


def said_by(trace: str) -> str | None:
    written = ""
    if '"exc_value":' in trace:
        rest = iter(trace.split('"exc_value":', 1)[1].lstrip(" ")[1:])
        for character in rest:  # JSON: up to the next quote that is not escaped; its first line
            following = next(rest, "") if character == "\\" else ""
            if character == '"' or following == "n":
                break
            written += following if following in ('"', "\\") and following else character + following
    said = _said(trace)
    return written or ((said[1] or None) if said else None)
