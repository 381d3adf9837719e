"""Take back the commit that made it worse, or the whole deployment where the commit is not known; the rollback command beside it."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import BadAnswer, FixFailed
from helpers.git.connect import Checkout
from helpers.git.patches import CodePatch, Patch
from helpers.git.revisions import commit_of

__all__ = ["RevertDeploy"]


@dataclass(frozen=True)
class RevertDeploy(CodePatch):
    """Revert `commit`, or all from `before` up to it, for the sake of `route`, which `version` made worse and `version_before` did not."""

    route: str
    version: str
    version_before: str
    commit: str
    before: str = ""

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch: the commit's own diff, backwards. Raises FixFailed when later commits changed the same lines."""
        last = await commit_of(checkout, self.commit)
        first = await commit_of(checkout, self.before) if self.before else await self._parent(checkout, last)
        if not last or not first:
            raise FixFailed("The commit is not in the checkout, or is its first.", remedy=f"Roll back to {self.version_before}.")
        diff = await checkout.git(
            "diff", "--relative", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index", "--binary", last, first, "--"
        )
        if not diff:
            raise FixFailed("It changes no file of this checkout.", remedy=f"Roll back to {self.version_before}.")
        try:
            await checkout.git("apply", "--check", "-", stdin=diff.encode())
        except BadAnswer as refused:
            remedy = f"Roll back to {self.version_before} now; then `git revert {last[:10]}`, and resolve what conflicts."
            raise FixFailed(f"It cannot be reverted without conflicts: {refused.reason}", remedy=remedy) from None
        subject = (await checkout.git("show", "--no-patch", "--format=%s", last)).strip()
        what = f"the deployment {self.version}" if self.before else f'"{subject}"'
        body = f"{self.route} became worse at {self.version}; {self.version_before} did not have it.\n\nThis reverts {first[:10]}..{last[:10]}."
        return Patch(diff, f"revert: {what}"[:72], body, (f"Takes back {what} ({last[:10]}).",), self._advice())

    def _advice(self) -> tuple[str, ...]:
        return (
            f"Faster: roll back to {self.version_before}. On Vercel `vercel rollback DEPLOYMENT`, with the deployment of that commit.",
            "A rollback on Vercel keeps the environment variables that the old deployment was built with, and reverts cron jobs.",
            "A migration that the deployment brought is not taken back by either: check that the old code fits the schema.",
        )

    @staticmethod
    async def _parent(checkout: Checkout, commit: str) -> str:
        try:
            return (await checkout.git("rev-parse", "--verify", "--quiet", f"{commit}^1")).strip() if commit else ""
        except BadAnswer:
            return ""
