"""The verdict: a pure function of the story, so that a crashed run, an undo and an audit reach the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.incident.document import Verdict

if TYPE_CHECKING:
    from helpers.incident.story import Story

__all__ = ["judge"]

Judgement = tuple[Verdict, str, list[str]]


def judge(story: Story) -> Judgement:
    """Return the verdict, its sentence and the follow-ups it implies."""
    if story.fix is not None and story.intent and (story.fix.applied or story.fix_failed or story.fix.undone):
        return _after_change(story)
    if story.cause is not None:
        return _named(story)
    if story.probe_lost or (not story.measured and story.lost):
        reason = story.probe_lost or "; ".join(f"{k}: {v}" for k, v in story.lost.items())
        return Verdict.UNREACHABLE, f"The symptom could not be measured. {reason}", []
    if story.probe_refused:
        return Verdict.INCONCLUSIVE, f"The symptom could not be measured. {story.probe_refused}", []
    if story.concluded in ("unknown", "") and story.lost:
        return Verdict.UNREACHABLE, "A needed system stopped answering: " + "; ".join(f"{k}: {v}" for k, v in story.lost.items()), []
    if story.concluded == "other" and story.reproduced:
        return Verdict.OTHER_CAUSE, story.conclusion, [f"Next: `runbook run {story.other or 'triage'}`."]
    if story.concluded == "sound":
        return _sound(story)
    return _undecided(story)


def _named(story: Story) -> Judgement:
    cause, fix = story.cause, story.fix
    assert cause is not None  # noqa: S101 (the caller asked)
    follow_ups = []
    if story.fix_failed:
        follow_ups.append(f"The fix was not applied: {story.fix_failed}")
    elif fix is not None and not fix.applicable:
        follow_ups.append("Review the proposed change, deploy it, and run this again: it should say healthy.")
    elif fix is not None and fix.preview:
        follow_ups.append("Read the preview, then run the same command with --apply.")
    return Verdict.CAUSE_FOUND, cause.summary, follow_ups


def _sound(story: Story) -> Judgement:
    if story.reproduced is False:
        return Verdict.HEALTHY, f"Not reproduced, and the checks agree. {story.conclusion}".strip(), []
    if story.reproduced:
        return (
            Verdict.OTHER_CAUSE,
            f"The symptom is real, this is not its cause. {story.conclusion}".strip(),
            ["Next: `runbook list` says what each of the others finds."],
        )
    return Verdict.INCONCLUSIVE, f"The samples do not decide whether the symptom is there. {story.conclusion}".strip(), []


def _undecided(story: Story) -> Judgement:
    if not story.measured and not story.conclusion:
        return Verdict.INCONCLUSIVE, "Nothing was measured.", []
    if story.concluded == "disagrees" or story.concluded == "other":
        return Verdict.INCONCLUSIVE, f"The symptom was not reproduced, yet: {story.conclusion}", []
    return Verdict.INCONCLUSIVE, story.conclusion or "The evidence does not decide.", []


def _after_change(story: Story) -> Judgement:
    fix, verification = story.fix, story.verification
    assert fix is not None  # noqa: S101 (the caller asked)
    cause = story.cause.summary if story.cause else ""
    if verification is not None and verification.passed and not fix.undone:
        return Verdict.RESOLVED, f"{cause} {verification.why}".strip(), []
    due = [f"A change may still stand: `runbook undo {story.opened.get('id', '')}`."] if story.undo_due else []
    if story.verify_lost:
        return Verdict.UNREACHABLE, f"{cause} The fix could not be verified: {story.verify_lost}", due
    if verification is None:
        lost = "; ".join(story.lost.values())
        reason = story.fix_failed or lost or "the run ended before the verification"
        verdict = Verdict.UNREACHABLE if lost else Verdict.NOT_RESOLVED if fix.undone or story.fix_failed else Verdict.INCONCLUSIVE
        return verdict, f"{cause} The fix is not verified: {reason}".strip(), due
    verdict = Verdict.INCONCLUSIVE if verification.decision == "inconclusive" else Verdict.NOT_RESOLVED
    state = "and was undone" if fix.undone else "and stands"
    return verdict, f"{cause} The fix did not pass its verification {state}: {verification.why}".strip(), due
