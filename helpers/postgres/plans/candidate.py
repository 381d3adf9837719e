"""The index that would serve a read, if any: its columns in order, and why the other conditions cannot use one.

Order: equality columns, most selective first; then the columns of ORDER BY … LIMIT, or one range. A column joins the key only
while it at least halves what is left and more than a page's worth of rows is left: the smallest index that does it.
A constant in the statement (`status = 'failed'`) is a key column like any other; no partial index is proposed, because the
next statement asks for another constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.postgres.plans.facts import Index, Read, Table
from helpers.postgres.plans.predicate import EQUALITY, NONE, PREFIX, RANGE, Term
from helpers.postgres.plans.tokens import outer_brackets_removed, text_of, tokens
from helpers.redaction import mask_literals

__all__ = ["Candidate", "candidate_for", "key_text", "serving"]

ENOUGH_ROWS = 100  # about one page: reading fewer by a longer key saves nothing
HALVES_PCT = 50.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """Key columns as SQL; the share of the table an index on them would read; what could not be used and why."""

    columns: tuple[str, ...] = ()
    reads_pct: float = 100.0
    top_n: bool = False
    by_join: bool = False
    leading: tuple[str, ...] = ()
    leading_pct: float = 0.0
    refused: tuple[str, ...] = ()
    parts: tuple[Term, ...] = field(default=())


def candidate_for(read: Read) -> Candidate:
    """Return the index that would serve `read`; without columns when none would."""
    usable: list[tuple[Term, str]] = []
    refused: list[str] = []
    for term in read.terms:
        column, why = _as_key(term, read)
        if column:
            usable.append((term, column))
        elif why:
            refused.append(f"{mask_literals(term.text)}: {why}")
    chosen = _chosen(read, usable, tuple(refused))
    joined = _joined(read, chosen) if read.join_terms else None
    return joined if joined and (not chosen.columns or joined.reads_pct < chosen.reads_pct) else chosen


def _chosen(read: Read, usable: Sequence[tuple[Term, str]], refused: tuple[str, ...]) -> Candidate:
    rows, left = max(read.table.rows, 1.0), 100.0
    columns: list[str] = []
    parts: list[Term] = []
    equal = sorted((_pct(read, t), i) for i, (t, _) in enumerate(usable) if t.kind == EQUALITY)
    for pct, i in equal:
        if usable[i][1] not in columns and _pays(pct, left, rows):
            columns, parts, left = [*columns, usable[i][1]], [*parts, usable[i][0]], left * pct / 100
    first_pct = equal[0][0] if columns else 0.0
    keys = _sort_key(read, usable, columns, left) if left * rows / 100 > ENOUGH_ROWS else ()
    if keys:
        reads, all_columns = min(_ordered_pct(read, left), left), (*columns, *keys)
        return Candidate(all_columns, reads, True, False, all_columns[:1], first_pct, refused, tuple(parts))
    best = _best_range(read, usable)
    if best and best[1] not in columns and (not columns or _pays(best[0], left, rows)):
        first_pct = first_pct if columns else best[0]
        columns, parts, left = [*columns, best[1]], [*parts, best[2]], left * best[0] / 100
    return Candidate(tuple(columns), left, False, False, tuple(columns[:1]), first_pct, refused, tuple(parts))


def _pays(pct: float, left: float, rows: float) -> bool:
    """Whether one more key column at least halves what is left, and enough is left to make that worth it."""
    return pct <= HALVES_PCT and left * rows / 100 > ENOUGH_ROWS


def _ordered_pct(read: Read, left: float) -> float:
    """Return the share of the table an index in the asked order reads before enough rows have passed the other conditions."""
    limit = min(s.limit_rows for s in read.scans if s.limit_rows is not None)
    kept = read.kept_rows if read.kept_rows is not None else read.estimated_rows
    return left * limit / max(kept, 1.0)


def _best_range(read: Read, usable: Sequence[tuple[Term, str]]) -> tuple[float, str, Term] | None:
    """Return share, column and term of the range that keeps least, all conditions on one column taken together."""
    shares: dict[str, tuple[float, Term]] = {}
    for term, column in usable:
        if term.kind in (RANGE, PREFIX):
            before = shares.get(column, (100.0, term))[0]
            shares[column] = (before * _pct(read, term) / 100, term)
    found = sorted((pct, column) for column, (pct, _) in shares.items())
    return (found[0][0], found[0][1], shares[found[0][1]][1]) if found else None


def _joined(read: Read, chosen: Candidate) -> Candidate:
    keys = [(t, c) for t in read.join_terms if t.kind == EQUALITY and (c := _as_key(t, read)[0])]
    whys = [f"{mask_literals(t.text)}: {why}" for t in read.join_terms if (why := _as_key(t, read)[1])]
    joined = [s.joined_rows for s in read.scans if s.joined_rows is not None]
    if not keys or not joined or any(s.preserved for s in read.scans):
        return Candidate(refused=(*chosen.refused, *whys))
    pct = 100.0 * max(joined) / max(read.read_rows, 1.0)
    columns = tuple(dict.fromkeys(c for _, c in keys))
    return Candidate(columns[:1], pct, by_join=True, leading=columns[:1], leading_pct=pct, refused=chosen.refused, parts=(keys[0][0],))


def _pct(read: Read, term: Term) -> float:
    """Return the share of the table `term` keeps: the planner's own estimate, or what the whole read kept when it stands alone."""
    if term.text in read.term_pct:
        return read.term_pct[term.text]
    if sum(t.kind != NONE for t in read.terms) == 1 and read.kept_rows is not None:
        return 100.0 * read.kept_rows / max(read.read_rows, 1.0)
    if len(read.terms) == 1:
        return 100.0 * read.estimated_rows / max(read.read_rows, 1.0)
    column = read.table.columns.get(term.column)
    if term.kind == EQUALITY and column and column.n_distinct:
        distinct = column.n_distinct if column.n_distinct > 0 else -column.n_distinct * read.table.rows
        return 100.0 / max(distinct, 1.0)
    return 0.5 if term.kind == EQUALITY else 100.0 / 3  # the planner's own defaults: DEFAULT_EQ_SEL, DEFAULT_INEQ_SEL


def _as_key(term: Term, read: Read) -> tuple[str, str]:
    """Return the term's key column as SQL, or why it cannot be one."""
    if term.kind == NONE:
        return "", term.why
    for function in term.functions:
        inside = f"{function}(" in term.expression
        volatility = read.volatility.get(function, "?")
        if volatility == "v":
            return "", f"{function}() is volatile, so it is computed for every row"
        if inside and volatility != "i":
            return "", f"{function}() is not known to be immutable, so it cannot be indexed; compare the bare column with a range instead"
    if not term.column:
        expression = outer_brackets_removed(tokens(term.expression))
        call = len(expression) > 2 and expression[0].kind == "name" and expression[1].text == "(" and expression[-1].text == ")"
        text = text_of(expression) if call else f"({text_of(expression)})"
        return (f"{text} text_pattern_ops" if term.kind == PREFIX else text), ""
    return _column_key(term, read.table)


def _column_key(term: Term, table: Table) -> tuple[str, str]:
    column = table.columns.get(term.column)
    if column is None:
        return "", "it looks at a system column"
    if term.cast_to and term.cast_to not in column.cast_free:
        return "", f"it casts the column {column.quoted} ({column.type}) to {term.cast_to}; compare it with a value of type {column.type}"
    if not column.btree:
        return "", f"type {column.type} has no order, so a b-tree cannot hold it"
    return (f"{column.quoted} {column.prefix_opclass}".strip() if term.kind == PREFIX else column.quoted), ""


def _sort_key(read: Read, usable: Sequence[tuple[Term, str]], columns: Sequence[str], left: float) -> tuple[str, ...]:
    """Return ORDER BY … LIMIT as key columns, or nothing where a range on another column does better.

    One direction throughout needs none spelt out: an index is read both ways.
    """
    order = read.sort_terms if any(s.limit_rows is not None for s in read.scans) else ()
    ranges = {c for t, c in usable if t.kind in (RANGE, PREFIX)}
    if not order or (ranges and order[0][0] not in ranges and not ranges & set(columns) and left <= HALVES_PCT):
        return ()
    directions = {direction for _, direction in order}
    if directions <= {""} or directions == {"DESC"}:
        return tuple(column for column, _ in order)
    return tuple(f"{column} {direction}".strip() for column, direction in order)


def key_text(column: str) -> str:
    """Return a key column as it is compared: no brackets around it, no operator class, no direction."""
    try:
        words = tokens(column)
    except ValueError:
        return column
    suffixes = ("DESC", "ASC", "NULLS", "FIRST", "LAST")
    while len(words) > 1 and words[-1].kind == "name" and (words[-1].text in suffixes or words[-1].text.endswith("_ops")):
        words = words[:-1]
    return text_of(outer_brackets_removed(words))


def serving(indexes: Sequence[Index], candidate: Candidate, *, whole: bool) -> list[Index]:
    """Return the indexes, valid or not, that begin with the candidate's first column (`whole`: with all of its columns)."""
    wanted = [key_text(c) for c in (candidate.columns if whole else candidate.leading)]
    prefix = any(c.endswith("_pattern_ops") for c in candidate.columns)
    out = []
    for index in indexes:
        keys = [key_text(k) for k in index.keys[: len(wanted)]]
        fits = keys == wanted or (whole and bool(wanted) and sorted(keys[:-1]) == sorted(wanted[:-1]) and keys[-1:] == wanted[-1:])
        spelt = not prefix or any(k.endswith("_pattern_ops") for k in index.keys)
        if fits and wanted and index.method == "btree" and not index.predicate and spelt:
            out.append(index)
    return out
