"""Propose what lets a function start, or keeps it from ending: by the reason it gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.http.connect import Api

__all__ = ["CrashRemedy"]

BACK = "vercel rollback"  # Source: Vercel documentation, CLI, vercel rollback


@dataclass(frozen=True)
class CrashRemedy(Proposal):
    """Commands and advice for one reason: `memory` (of the route `what`), `variable` or `module` (of the name `what`)."""

    reason: str
    what: str

    needs: ClassVar[str] = "api"

    async def preview(self, session: Api) -> FixPreview:
        """Return the commands, which are a person's to run, and what they do."""
        del session
        advice = {
            "memory": ["Read in pages, and send each as it comes (a ReadableStream), so that no more than one is held.",
                       "A larger function comes last: it fills, too. Its memory is `functions` of vercel.json, or the project's settings."],
            "variable": ["A variable reaches new deployments only: deploy again once it is set.",
                         "Let the build fail when a variable is missing, so that no deployment without it is promoted."],
            "module": ["It stands in dependencies, not in devDependencies; the lock file is committed.",
                       "A native module is built for the platform's Linux, and is named in serverExternalPackages."],
        }[self.reason]  # fmt: skip
        effects = [f"{BACK}: the deployment that ran before takes the traffic again, as it was, variables included."]
        return FixPreview(statements=[self.patch(FixPreview([]))], effects=effects, advice=advice)

    def patch(self, preview: FixPreview) -> str:
        """Return the commands."""
        del preview
        then = {
            "memory": f"# then bound what {self.what} reads at a time, and deploy",
            "variable": f"vercel env add {self.what} production   # asks for the value\nvercel deploy --prod",
            "module": f"npm install {self.what}\ngit add package.json package-lock.json",
        }[self.reason]
        return f"# stop the harm first\n{BACK}\n{then}\n"
