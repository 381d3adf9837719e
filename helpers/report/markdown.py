"""The report as Markdown: the same content, foreign text escaped, code in fences no text inside can close."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from helpers.escaping import markdown_text, visible
from helpers.report.blocks import Bars, Block, Bullets, Code, Facts, Node, Page, Paragraph, Section, Strip, Table, Tree
from helpers.report.detail import Detail
from helpers.report.html import CODE_FACTOR, GLYPHS

__all__ = ["fenced", "page_markdown", "tree_lines"]

Text = Callable[[str], str]


def page_markdown(page: Page, detail: Detail) -> str:
    """Return the report as CommonMark with GitHub's tables."""
    writer = _Writer(detail.text)
    return "\n\n".join(part for part in writer.page(page) if part) + "\n"


def fenced(text: str, language: str = "") -> str:
    """Return a code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


class _Writer:
    """Blocks → Markdown, each text cut at `limit` characters."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def text(self, value: str) -> str:
        """One line of text as itself; a leading number or sign starts no list or heading."""
        escaped = markdown_text(value, limit=self.limit).replace("=", r"\=")
        out = re.sub(r"\\(.)", _eased, escaped)
        return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", out)

    def page(self, page: Page) -> Iterator[str]:
        t = self.text
        yield f"# {t(page.title)}"
        yield f"**{GLYPHS.get(page.verdict, '')} {t(page.verdict)}** {t(page.meaning)}"
        yield t(page.lead)
        for warning in page.warnings:
            yield f"> **Note:** {t(warning)}"
        yield self.rows(("", "", ""), [(tile.name, tile.value, tile.note) for tile in page.tiles], frozenset({1}))
        yield self.facts(page.facts)
        for section in page.sections:
            yield from self.section(section, 2)

    def section(self, section: Section, depth: int) -> Iterator[str]:
        status = f" — {GLYPHS.get(section.status, '')} {self.text(section.status)}" if section.status else ""
        note = f" ({self.text(section.note)})" if section.note else ""
        yield f"{'#' * depth} {self.text(section.title)}{status}{note}"
        for block in section.blocks:
            yield self.block(block)
        for part in section.parts:
            yield from self.section(part, depth + 1)

    def block(self, block: Block) -> str:
        makers: dict[type, Callable[[Any], str]] = {
            Paragraph: self.paragraph, Code: self.code, Bullets: self.bullets, Facts: self.facts,
            Table: self.table, Tree: self.tree, Bars: self.bars, Strip: self.strip,
        }  # fmt: skip
        return makers[type(block)](block)

    def paragraph(self, block: Paragraph) -> str:
        text = self.text(block.text)
        return f"> {text}" if block.tone == "warning" else f"*{text}*" if block.tone == "muted" and text else text

    def code(self, block: Code) -> str:
        return fenced(visible(block.text, limit=self.limit * CODE_FACTOR), block.language)

    def bullets(self, block: Bullets) -> str:
        sign = {"todo": "- [ ] ", "because": "- ✓ ", "against": "- ✗ "}.get(block.kind, "- ")
        return "\n".join(f"{sign}{self.text(item)}" for item in block.items)

    def facts(self, block: Facts) -> str:
        return "\n".join(f"- **{self.text(name)}**: {self.text(value)}" for name, value in block.pairs)

    def table(self, block: Table) -> str:
        caption = f"{self.text(block.caption)}\n\n" if block.caption else ""
        return caption + self.rows(block.head, block.rows, block.right) + (f"\n\n*{self.text(block.note)}*" if block.note else "")

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> str:
        lines = [head, *rows]
        out = [f"| {' | '.join(self.text(cell) for cell in line)} |" for line in lines]
        out.insert(1, f"|{'|'.join('---:' if i in right else '---' for i in range(len(head)))}|")
        return "\n".join(out)

    def tree(self, block: Tree) -> str:
        lines = [line for node in block.nodes for line in tree_lines(node)]
        return f"{self.text(block.caption)}\n\n{fenced(chr(10).join(lines), 'text')}"

    def bars(self, block: Bars) -> str:
        lines = [f"{'█' * max(1, round(length / 4)):<25} {value:>9}  {label}" for label, length, value in block.rows]
        return f"{self.text(block.caption)}\n\n{fenced(chr(10).join(lines), 'text')}"

    def strip(self, block: Strip) -> str:
        return f"{self.text(block.title)}. {self.text(block.description)}"


def _eased(escape: re.Match[str]) -> str:
    """An escape, or the bare character where it means nothing to Markdown: people read the source, too."""
    sign, text = escape[1], escape.string
    before, after = text[escape.start() - 1 : escape.start()], text[escape.end() : escape.end() + 1]
    within = before.isalnum() and after.isalnum()
    harmless = (
        sign in "()"
        or (sign in "-=_" and within)
        or (sign == ":" and before.isalnum() and (after in ("", " ") or (before + after).isdecimal()))
    )
    return sign if harmless else escape[0]


def tree_lines(node: Node, first: str = "", rest: str = "") -> Iterator[str]:
    """Yield a lock tree as lines of plain text, control characters visible."""
    mark = f" ({node.mark})" if node.mark else ""
    yield f"{first}{visible(node.text)}{mark}: {visible(node.detail)}".replace("\n", " ")
    for i, child in enumerate(node.children):
        last = i == len(node.children) - 1
        yield from tree_lines(child, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")
