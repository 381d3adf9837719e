"""A strip as SVG: positions in per cent, so that dots and text keep their size from a phone to a page."""

from __future__ import annotations

from helpers.escaping import html_text
from helpers.report.blocks import Strip, StripRow
from helpers.report.numbers import interval, quantity
from helpers.report.pictures.axis import Axis, axis_for

__all__ = ["PRINT_STYLE", "strip_svg"]

TOP, ROW, AXIS = 24, 92, 30  # heights: the limit's label, one set of samples, the axis
GOLDEN = 0.618034  # spreads the dots evenly without a random number

# For PDF, where no page's stylesheet reaches the picture; the classes are those of report.css.
PRINT_STYLE = """<style>
text{font-family:'Libertinus Serif',serif;font-size:12px;fill:#1f2328;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.before-fill{fill:none;stroke:#a04100;stroke-width:1.1}.after-fill{fill:#0a58b0;fill-opacity:.55}
.before-line{stroke:#a04100}.after-line{stroke:#0a58b0}.p95{stroke-width:3}.p50{stroke-width:1.5}.ci{stroke-width:1.5;fill:none}
.failed{stroke:#a40e26;stroke-width:1.6;fill:none}.limit{stroke:#1f2328;stroke-width:1.3;stroke-dasharray:5 4}
.axis{stroke:#8c959f;stroke-width:1}.tick{fill:#57606a;font-size:11px}.name{font-weight:bold}
</style>"""


def strip_svg(strip: Strip, *, name: str, width: int | None = None) -> str:
    """Return the picture as SVG text.

    Args:
        strip: What to draw.
        name: Prefix of the ids inside, unique on its page.
        width: Width in pixels for a picture that stands alone; None: as wide as the page lets it be.

    """
    values = [value for row in strip.rows for value, _ in row.points]
    values += [v for row in strip.rows for v in (row.p95, *(row.p95_ci or ())) if v is not None]
    axis = axis_for(values + ([strip.limit] if strip.limit is not None else []))
    bottom = TOP + ROW * len(strip.rows)
    parts = [_limit(strip, axis, bottom), _ticks(axis, strip.unit, bottom)]
    parts += [_row(row, axis, strip.unit, TOP + ROW * i) for i, row in enumerate(strip.rows)]
    size = f'width="{width or "100%"}" height="{bottom + AXIS}"'
    head = f'<title id="{name}-t">{html_text(strip.title)}</title><desc id="{name}-d">{html_text(strip.description)}</desc>'
    style = PRINT_STYLE if width else ""
    label = f'role="img" aria-labelledby="{name}-t {name}-d"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="strip" {size} {label}>{head}{style}{"".join(parts)}</svg>'


def _row(row: StripRow, axis: Axis, unit: str, top: int) -> str:
    count = f"{row.n} samples" + (f", {len(row.points)} drawn" if len(row.points) < row.n else "")
    failed = sum(not ok for _, ok in row.points)
    lost = f", {failed} failed (×)" if failed else ""
    head = f'<text x="2%" y="{top + 14}"><tspan class="name">{row.name}</tspan> · {count}{lost}</text>'
    dots = "".join(
        _dot(axis.at(value), top + 26 + round(32 * ((i * GOLDEN) % 1)), row.kind, ok=ok) for i, (value, ok) in enumerate(row.points)
    )
    return head + dots + _marks(row, axis, unit, top + 22)


def _dot(x: float, y: int, kind: str, *, ok: bool) -> str:
    if ok:
        return f'<circle class="{kind}-fill" cx="{x}%" cy="{y}" r="2.6"/>'
    return f'<svg x="{x}%" y="{y}" overflow="visible"><path class="failed" d="M-3-3L3 3M-3 3L3-3"/></svg>'


def _marks(row: StripRow, axis: Axis, unit: str, top: int) -> str:
    out = ""
    if row.p50 is not None:
        out += _upright(axis.at(row.p50), top + 2, top + 38, f"{row.kind}-line p50")
    if row.p95 is None:
        return out
    x = axis.at(row.p95)
    out += _upright(x, top, top + 46, f"{row.kind}-line p95")
    if row.p95_ci:
        low, high = (axis.at(v) for v in row.p95_ci)
        out += f'<line class="{row.kind}-line ci" x1="{low}%" x2="{high}%" y1="{top + 46}" y2="{top + 46}"/>'
        out += _upright(low, top + 42, top + 50, f"{row.kind}-line ci") + _upright(high, top + 42, top + 50, f"{row.kind}-line ci")
    spread = interval(row.p95_ci, unit)
    return out + _label(x, top + 64, f"p95 {quantity(row.p95, unit)}" + (f" ({spread})" if spread else ""))


def _upright(x: float, y1: int, y2: int, kind: str) -> str:
    return f'<line class="{kind}" x1="{x}%" x2="{x}%" y1="{y1}" y2="{y2}"/>'


def _label(x: float, y: int, text: str) -> str:
    """Text that begins or ends at `x`, whichever keeps it inside."""
    anchor = "end" if x > 50 else "start"
    return f'<text x="{x}%" y="{y}" text-anchor="{anchor}">{html_text(text)}</text>'


def _limit(strip: Strip, axis: Axis, bottom: int) -> str:
    if strip.limit is None:
        return ""
    x = axis.at(strip.limit)
    return _upright(x, TOP - 6, bottom, "limit") + _label(x, 12, strip.limit_text)


def _ticks(axis: Axis, unit: str, y: int) -> str:
    out = f'<line class="axis" x1="2%" x2="98%" y1="{y}" y2="{y}"/>'
    for value in axis.ticks():
        x = axis.at(value)
        anchor = "start" if x < 8 else "end" if x > 92 else "middle"
        out += _upright(x, y, y + 5, "axis")
        out += f'<text class="tick" x="{x}%" y="{y + 19}" text-anchor="{anchor}">{quantity(value, unit)}</text>'
    return out
