"""The commands that put a variable right, and what has to be done where a secret got out; a person runs them, and types the values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.contracts import FixPreview, Proposal
from helpers.errors import ParameterError

__all__ = ["VariableCommands"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_ROTATE = "Have the secret issued anew first, at its issuer: what was readable once may be kept by anybody."


@dataclass(frozen=True)
class VariableCommands(Proposal):
    """Put `variable` right in `environments`, by what is wrong with it (`kind`); `other` is the name it was given, or the secret it repeats.

    Source: Vercel documentation, CLI, vercel env; Rotating secrets.
    """

    variable: str
    kind: str
    environments: Sequence[str]
    other: str = ""

    async def preview(self, session: Any) -> FixPreview:
        """Return the commands with what they do. Raises ParameterError for what is no variable's name."""
        del session
        for name in (self.variable, *([self.other] if self.other else [])):
            if not _NAME.fullmatch(name):
                raise ParameterError(f"{name!r} is no name of a variable.", remedy="Letters, digits and `_`.")
        effects = ["Each `vercel env add` asks for the value: it stands in no command, no history of a shell and no report.",
                   "A variable reaches new deployments only; those that are there keep what they were made with."]  # fmt: skip
        return FixPreview(statements=[self.patch(FixPreview([]))], effects=effects, advice=self._advice())

    def patch(self, preview: FixPreview) -> str:
        """Return the commands."""
        del preview
        deploy = ["vercel deploy --prod"] if "production" in self.environments else ["# push the branch again: the next preview has it"]
        then = ["# then", *self._each("vercel env rm {}", self.other)] if self.kind == "misspelt" else []
        return "\n".join([*self._commands(), *deploy, *then, ""])

    def _commands(self) -> list[str]:
        if self.kind == "not_deployed":
            return []
        if self.kind == "public_secret":
            secret = self.other or self.variable.removeprefix("NEXT_PUBLIC_")
            return ["# have the secret issued anew, then", *self._each("vercel env rm {}", self.variable), *self._sensitive(secret)]
        if self.kind == "in_history":
            return ["# have the secret issued anew, then", *self._sensitive(self.variable), "git ls-files '.env*'  # what git has still: git rm --cached FILE",
                    "printf '.env*\\n!.env.example\\n' >> .gitignore"]  # fmt: skip
        if self.kind in ("missing", "misspelt"):
            return self._each("vercel env add {}", self.variable)
        return self._each("vercel env add {} --force", self.variable)

    def _each(self, command: str, name: str) -> list[str]:
        verb, _, options = command.partition(" {}")
        return [f"{verb} {name} {shlex.quote(env)}{options}" for env in self.environments]

    def _sensitive(self, name: str) -> list[str]:
        """Return commands that replace a secret; the platform has no sensitive variables for development."""
        flag = {True: "", False: " --sensitive"}
        return [f"vercel env add {name} {shlex.quote(env)}{flag[env == 'development']} --force" for env in self.environments]

    def _advice(self) -> list[str]:
        by_kind = {
            "public_secret": [_ROTATE, "Read it on the server alone; delete deployments whose bundle holds it."],
            "in_history": [_ROTATE, "Rewriting history (git filter-repo) tidies up; clones and forks keep what they have.",
                           "Have a hook look for secrets before they are committed."],
            "untidy": ["`printf %s` instead of `echo`, and no quotes around a value in a form: they become a part of it."],
            "differs": ["Which of them is right is told by no hash: `vercel env ls` says when each was changed; ask who did."],
        }  # fmt: skip
        usual = ["Let the build fail when a variable is missing or empty: a schema that is parsed when the application starts."]
        return by_kind.get(self.kind, usual)
