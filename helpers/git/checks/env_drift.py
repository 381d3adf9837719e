"""Which variable is not as the code needs it, and where: missing, misspelt, empty, with something around it, public, in git, or not deployed.

Told apart: variables that differ on purpose, overrides of a branch, the platform's own variables, templates, keys that are meant to be
public, secrets that were issued anew since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from helpers.git.connect import Checkout
from helpers.results import CheckResult, Diagnosis, Status
from helpers.variables.judging import judge, words
from helpers.variables.setting import Known

__all__ = ["env_drift"]

ABSENT = ("missing", "misspelt", "empty")
CRASHED = "FUNCTION_INVOCATION_FAILED"
Answer = CheckResult[Any] | None


async def env_drift(
    checkout: Checkout, *, platform: Answer = None, files: Answer = None, reads: Answer = None, history: Answer = None, answers: Answer = None,
    environments: str = "production preview", same: str = "",
) -> Diagnosis:  # fmt: skip
    """The variable that is wrong, and in which environments.

    Args:
        checkout: The checkout; it is not read again.
        platform: Of vercel.variables.
        files: Of git.env_files.
        reads: Of git.env_reads.
        history: Of git.env_history.
        answers: Of http.answers_now: whether somebody feels it.
        environments: Those that must have what the code requires.
        same: Names whose values must not differ between them.

    Returns:
        PROBLEM with `NAME: what is wrong in which environments` as subject; `function_crash` where the platform answers in place of a process
        that ends for want of one; OK when the platform and the code agree; UNKNOWN when only doubts are left, or a source is missing without which that cannot be said.

    Source: FAULTS.md E5; Vercel documentation, Environment Variables.
    """
    del checkout
    live_at = str(platform.facts.get("live_at", "")) if platform is not None else ""
    known = Known(_rows(platform), _rows(files), _rows(reads), _rows(history), live_at, words(environments), words(same))
    found = judge(known, fix="env_commands")
    if answers is not None and found.target.get("kind") in ABSENT and any(one.platform == CRASHED for one in answers.rows):
        said = f"{answers.summary} Processes end, which has to be stopped first; {found.subject} may be why."
        return replace(found, code="function_crash", summary=said)
    felt = [answers.summary] if answers is not None and answers.status is Status.PROBLEM and found.code else []
    return replace(found, because=[*found.because, *felt])


def _rows(answer: Answer) -> Sequence[Any] | None:
    """Return an answer's rows; None where the source could not be asked, or has nothing to say."""
    return list(answer.rows) if answer is not None and answer.status in (Status.OK, Status.PROBLEM) else None
