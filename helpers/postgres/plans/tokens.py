"""The words of an expression as the server prints it (ruleutils.c), which puts brackets around every operator.

That fixed grammar needs no SQL parser: a general one would print the expression back in its own spelling,
and an index has to be built on the server's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Token", "depths", "outer_brackets_removed", "split_at", "text_of", "tokens"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>(?:[EBX]|U&)?'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*"|[^\W\d][\w$]*)
    | (?P<parameter>\$\d+)
    | (?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)
    | (?P<cast>::)
    | (?P<bracket>[()\[\]])
    | (?P<point>[.,;:])
    | (?P<operator>[-+*/<>=~!@\#%^&|`?]+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its `kind`, its text, and whether space stood before it."""

    kind: str
    text: str
    spaced: bool

    @property
    def identifier(self) -> str:
        """The name it stands for: quotes removed."""
        return self.text[1:-1].replace('""', '"') if self.text.startswith('"') else self.text


def tokens(text: str) -> list[Token]:
    """Return the words of `text`; raise ValueError at anything the server's own printer does not write."""
    found, at, text = [], 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ValueError(f"not an expression the server prints: {text[at : at + 20]!r}")
        word = match[match.lastgroup]
        found.append(Token(match.lastgroup, word, match.end() - at > len(word)))
        at = match.end()
    return found


def text_of(words: Sequence[Token]) -> str:
    """Return the words as text again, spaced as they were."""
    return "".join((" " if w.spaced and i else "") + w.text for i, w in enumerate(words))


def depths(words: Sequence[Token]) -> list[int]:
    """Return how many brackets are open around each word, an opening or closing one counted as outside.

    Raises ValueError when the brackets do not match.
    """
    out: list[int] = []
    open_brackets: list[str] = []
    pairs = {")": "(", "]": "["}
    for word in words:
        if word.kind == "bracket" and word.text in pairs and (not open_brackets or open_brackets.pop() != pairs[word.text]):
            raise ValueError("brackets do not match")
        out.append(len(open_brackets))
        if word.kind == "bracket" and word.text not in pairs:
            open_brackets.append(word.text)
    if open_brackets:
        raise ValueError("brackets do not match")
    return out


def outer_brackets_removed(words: Sequence[Token]) -> list[Token]:
    """Return the words without the brackets that enclose all of them."""
    inner = list(words)
    while len(inner) > 1 and inner[0].text == "(" and inner[-1].text == ")" and all(d > 0 for d in depths(inner)[1:-1]):
        inner = inner[1:-1]
    return inner


def split_at(words: Sequence[Token], separator: str) -> list[list[Token]]:
    """Return the parts between every top-level `separator` (`AND`, `OR`, `,`)."""
    parts: list[list[Token]] = [[]]
    for word, depth in zip(words, depths(words), strict=True):
        if depth == 0 and word.text == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts
