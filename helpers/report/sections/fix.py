"""The fix: its exact statements, what they do, and how to take them back."""

from __future__ import annotations

from helpers.incident.document import FixRecord
from helpers.report.blocks import Block, Bullets, Code, Facts, Paragraph, Section
from helpers.report.numbers import moment
from helpers.report.reading import Reading
from helpers.report.tables import cell

__all__ = ["fix_section"]


def fix_section(reading: Reading) -> Section:
    """Return what was, or would be, changed."""
    fix = reading.document.fix
    if fix is None:
        return Section("The fix", (Paragraph(_none(reading)),), anchor="fix")
    blocks: list[Block] = [Paragraph(_state(fix, reading), "lead")]
    blocks += _preview(fix)
    if fix.effects:
        blocks += [Paragraph("What it does:"), Bullets(tuple(fix.effects))]
    blocks += [*_undo(fix, reading.document.id), Facts(_facts(fix))]
    return Section("The fix", tuple(blocks), anchor="fix")


def _preview(fix: FixRecord) -> list[Block]:
    """The statements as they would run; of a proposal its text, which is no statement and gets no semicolons."""
    if not fix.applicable:
        return [Code((fix.patch or "\n".join(fix.preview)).strip("\n"), "")]
    return [Code(_sql(fix.preview), "sql")] if fix.preview else [Paragraph("There is nothing to change.")]


def _none(reading: Reading) -> str:
    refused = [*reading.of("fix_refused"), *reading.of("fix_failed")]
    reason = str(refused[-1].data.get("reason", "")) if refused else "No cause of this runbook is named."
    return f"Nothing was changed and nothing is proposed. {reason}"


def _state(fix: FixRecord, reading: Reading) -> str:
    failed = reading.of("fix_failed")
    if fix.undone:
        undone = reading.of("undone")
        return f"{fix.name} was applied and is undone{f' ({moment(undone[-1].at)})' if undone else ''}: {fix.undo_reason}."
    if reading.of("undo_failed"):
        return f"{fix.name} may still stand: its undo failed. {reading.of('undo_failed')[-1].data.get('reason', '')}"
    if fix.applied:
        return f"{fix.name} was applied at {moment(fix.applied_at)}. {fix.read_back}"
    if failed:
        return f"{fix.name} was not applied: {failed[-1].data.get('reason', '')}"
    if not fix.applicable:
        kept = "kept as a branch: nothing that runs was changed" if fix.inverse else "a text; a runbook does not apply it"
        return f"{fix.name} is proposed, {kept}."
    if fix.inverse is not None:
        return f"{fix.name} was begun, and the run ended before it was read back: it may stand."
    return f"{fix.name} is previewed, not applied."


def _undo(fix: FixRecord, incident: str) -> list[Block]:
    if not fix.applicable:
        said = Paragraph("It is a proposal: a person reviews and deploys it, with the way back that it holds.")
        return (
            [said, Paragraph("To delete the branch:"), Code(f"runbook undo {incident}", "sh")] if fix.inverse and not fix.undone else [said]
        )
    if not fix.reversible:
        return [Paragraph("There is no inverse: what this does cannot be taken back.", "warning")]
    if not fix.undo:
        return []
    way = "To take it back, run the command, or the statement by hand:" if fix.inverse and not fix.undone else "Its inverse:"
    command = [Code(f"runbook undo {incident}", "sh")] if fix.inverse and not fix.undone else []
    return [Paragraph(way), *command, Code(_sql(fix.undo), "sql")]


def _sql(statements: list[str]) -> str:
    """Statements fit to be copied: one below the other, each ended."""
    return "\n".join(s if s.rstrip().endswith(";") else f"{s};" for s in statements)


def _facts(fix: FixRecord) -> tuple[tuple[str, str], ...]:
    given = ", ".join(f"{name} = {cell(name, value)}" for name, value in fix.arguments.items() if value not in (None, "", [], {}))
    return (("fix", f"{fix.needs}.{fix.name}"), ("arguments", given or "none"))
