"""A change to code as a proposal: a patch that git takes, with the text of its pull request, kept as a branch when a person asks for it."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import BadAnswer, FixFailed
from helpers.git.branches import CheckoutWriter
from helpers.git.connect import Checkout

__all__ = ["CodePatch", "Patch"]


@dataclass(frozen=True, slots=True)
class Patch:
    """What a fix would change: a diff, the commit's subject, its body, and what a reviewer must look at."""

    diff: str
    subject: str
    body: str
    effects: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodePatch(Proposal):
    """A proposal for a checkout; a subclass makes the patch. `apply` changes nothing that runs: the branch is for a person to review."""

    needs: ClassVar[str] = "code"
    reversible: ClassVar[bool] = True
    places: ClassVar[bool] = True

    @abstractmethod
    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when none can be made safely; its reason says what a person would do."""

    async def preview(self, session: Checkout) -> FixPreview:
        """Return the commands a person would run, and what the patch changes. Raises FixFailed when it does not apply."""
        patch = await self.made(session)
        try:
            await session.git("apply", "--check", "-", stdin=patch.diff.encode())
        except BadAnswer as refused:
            raise FixFailed(f"The patch does not apply to the checkout: {refused.reason}") from None
        branch = f"runbook/{self.name}-{hashlib.sha256(patch.diff.encode()).hexdigest()[:8]}"
        text = f"From: runbook <runbook@localhost>\nSubject: [PATCH] {patch.subject}\n\n{patch.body}\n---\n{patch.diff}"
        return FixPreview(
            [f"git switch --create {branch}", "git am change.patch"],
            [f"git branch --delete --force {branch}"],
            {"branch": branch, "subject": patch.subject, "body": patch.body, "diff": patch.diff, "patch": text},
            [*patch.effects, "Nothing that runs is changed: it is reviewed, merged and deployed by a person."],
            patch.advice,
        )

    def patch(self, preview: FixPreview) -> str:
        """Return the patch as `git am` takes it."""
        return str(preview.inverse["patch"])

    async def place(self, writer: CheckoutWriter, preview: FixPreview) -> str:
        """Keep it as a branch of the checkout; working tree and index are not touched, nothing is pushed. Raises FixFailed."""
        inverse = preview.inverse
        commit = await writer.make_branch(inverse["branch"], inverse["diff"], f"{inverse['subject']}\n\n{inverse['body']}\n")
        return f"The branch {inverse['branch']} holds it ({commit[:10]}): review it, merge it, deploy it."

    async def undo(self, writer: CheckoutWriter, inverse: dict[str, Any]) -> None:
        """Delete the branch, if it is still what was made. Raises FixFailed when somebody went on with it."""
        await writer.delete_branch(inverse["branch"], inverse["diff"])
