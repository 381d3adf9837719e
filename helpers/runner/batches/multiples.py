"""Small multiples: a panel per target, with a mark per run and a bar per earlier batch, as inline SVG.

Kinds differ by shape as well as by colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from helpers.escaping import html_text
from helpers.redaction import redact
from helpers.runner.batches.results import KINDS, Kind, ResultRow, Results, kind_of

__all__ = ["mark", "panels"]

SIZE, ACROSS = 18, 12  # a mark's box, and marks in a row
BAR, HIGH = 11, 34  # a bar's width, and the height that all bars are drawn to
_SHAPES: dict[Kind, str] = {
    "good": '<circle cx="9" cy="9" r="4.5"/>',
    "found": '<rect x="2.5" y="2.5" width="13" height="13" rx="1.5"/>',
    "doubt": '<path d="M9 2.2 15.8 9 9 15.8 2.2 9Z"/>',
    "broken": '<path d="M4.5 2.5 9 7l4.5-4.5 2 2L11 9l4.5 4.5-2 2L9 11l-4.5 4.5-2-2L7 9 2.5 4.5Z"/>',
}


def mark(kind: Kind) -> str:
    """Return one mark by itself, for a legend."""
    return f'<svg class="mark k-{kind}" width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}" aria-hidden="true">{_SHAPES[kind]}</svg>'


def panels(results: Results) -> str:
    """Return a panel for every profile, those that want a person first."""
    by_target: dict[str, list[ResultRow]] = {}
    for row in results.rows:
        by_target.setdefault(row.profile, []).append(row)
    tallies = [earlier.tally() for earlier in reversed(results.earlier)]

    def urgency(pair: tuple[str, list[ResultRow]]) -> tuple[int, ...]:
        return tuple(-sum(row.kind == kind for row in pair[1]) for kind in KINDS[:3])

    return "\n".join(
        _panel(target, rows, [t.get(target, Counter()) for t in tallies]) for target, rows in sorted(by_target.items(), key=urgency)
    )


def _panel(target: str, rows: list[ResultRow], before: list[Counter[str]]) -> str:
    kinds = Counter(row.kind for row in rows)
    said = ", ".join(f"{kinds[kind]} {_WORDS[kind]}" for kind in KINDS if kinds[kind])
    shown = _text(target or "no target")
    return (
        f'<section class="panel"><h3><button type="button" data-target="{_text(target)}" title="Show only these">{shown}</button></h3>'
        f'<p class="soft">{said}</p>{_grid(rows)}{_history(before, rows) if before else ""}</section>'
    )


_WORDS: Mapping[Kind, str] = {"found": "found", "broken": "broken", "doubt": "undecided", "good": "fine"}


def _grid(rows: list[ResultRow]) -> str:
    lines = -(-len(rows) // ACROSS)
    wide = SIZE * min(len(rows), ACROSS)
    marks = "".join(_placed(row, SIZE * (i % ACROSS), SIZE * (i // ACROSS)) for i, row in enumerate(rows))
    return f'<svg width="{wide}" height="{SIZE * lines}" viewBox="0 0 {wide} {SIZE * lines}" role="img" aria-label="one mark per run">{marks}</svg>'


def _placed(row: ResultRow, x: int, y: int) -> str:
    changed = f'<rect class="ring" x="{x + 0.75}" y="{y + 0.75}" width="{SIZE - 1.5}" height="{SIZE - 1.5}" rx="3"/>' if row.change else ""
    drawn = f'{changed}<g class="k-{row.kind}" transform="translate({x} {y})"><title>{_text(_tip(row))}</title>{_SHAPES[row.kind]}</g>'
    return f'<a href="{html_text(row.report)}">{drawn}</a>' if row.report else drawn


def _tip(row: ResultRow) -> str:
    return f"{row.run}: {row.outcome.verdict}" + (f", was {row.change.before}" if row.change and row.change.before else "")


def _history(before: list[Counter[str]], rows: list[ResultRow]) -> str:
    """Bars of this and the earlier batches, the oldest first, to one scale within the panel."""
    tallies = [*before, Counter(row.outcome.verdict for row in rows)]
    most = max((tally.total() for tally in tallies), default=0) or 1
    wide = (BAR + 3) * len(tallies)
    bars = "".join(_bar((BAR + 3) * i, tally, most) for i, tally in enumerate(tallies))
    words = f"this batch and the {len(before)} before it" if len(before) > 1 else "this batch and the one before it"
    return (
        f'<svg class="history" width="{wide}" height="{HIGH}" viewBox="0 0 {wide} {HIGH}" role="img" aria-label="{words}">{bars}</svg>'
        f'<p class="soft small">{words}</p>'
    )


def _bar(x: int, tally: Counter[str], most: int) -> str:
    kinds = Counter[Kind]()
    for verdict, count in tally.items():
        kinds[kind_of(verdict)] += count
    tip = ", ".join(f"{kinds[kind]} {_WORDS[kind]}" for kind in KINDS if kinds[kind]) or "not run"
    parts, y = "", float(HIGH)
    for kind, height in _heights(kinds, most):
        y -= height
        parts += f'<rect class="k-{kind}" x="{x}" y="{y:.1f}" width="{BAR}" height="{height:.1f}"/>'
    return f"<g><title>{tip}</title>{parts}</g>"


def _heights(kinds: Counter[Kind], most: int) -> Iterable[tuple[Kind, float]]:
    return [(kind, HIGH * kinds[kind] / most) for kind in reversed(KINDS) if kinds[kind]]


def _text(value: str) -> str:
    return html_text(redact(value))
