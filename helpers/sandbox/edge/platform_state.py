"""What the imitated platform keeps of one project, in a file that only its owner reads: variables, deployments, domains, log lines.

The shapes are those of Vercel's REST API as documented; times are milliseconds since 1970, as there.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["ALL", "PROJECT", "PlatformState"]

PROJECT = {"id": "prj_shop_web", "name": "shop-web", "framework": "nextjs"}
ALL = ("production", "preview", "development")


class PlatformState:
    """The state in `file`; every change is written at once, for a process that serves it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.token = secrets.token_urlsafe(24)
        self._last = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything but the token."""
        self.said: dict[str, Any] = {"token": self.token, "project": dict(PROJECT), "envs": [], "shared": [], "deployments": [],
                                     "domains": [], "logs": [], "limit": None}  # fmt: skip
        self.write()

    def set(self, name: str, value: str, targets: Sequence[str] = ALL, *, kind: str = "encrypted", branch: str = "") -> None:
        """Set a variable for these environments, as `vercel env add` does; what it was there goes."""
        for target in targets:
            self._without(name, target, branch)
        now = self._moment()
        one = {
            "id": secrets.token_hex(8),
            "key": name,
            "value": value,
            "target": list(targets),
            "type": kind,
            "createdAt": now,
            "updatedAt": now,
        }
        self.said["envs"].append(one | ({"gitBranch": branch} if branch else {}))
        self.write()

    def unset(self, name: str, target: str) -> None:
        """Remove a variable from one environment, as `vercel env rm` does."""
        self._without(name, target, "")
        self.write()

    def _without(self, name: str, target: str, branch: str) -> None:
        for one in self.said["envs"]:
            if one["key"] == name and one.get("gitBranch", "") == branch:
                one["target"] = [each for each in one["target"] if each != target]
        self.said["envs"] = [one for one in self.said["envs"] if one["target"]]

    def values(self, target: str) -> dict[str, str]:
        """Return what a deployment for an environment is given."""
        return {one["key"]: one["value"] for one in self.said["envs"] if target in one["target"] and not one.get("gitBranch")}

    def deployed(self, uid: str, commit: str, target: str = "production", state: str = "READY") -> None:
        """Write down that a deployment was made now; one for production that is ready takes its traffic."""
        now = self._moment()
        one = {
            "uid": uid,
            "name": PROJECT["name"],
            "target": target,
            "readyState": state,
            "createdAt": now,
            "meta": {"githubCommitSha": commit},
        }
        self.said["deployments"].insert(0, one)
        if target == "production" and state == "READY":
            self.said["project"]["targets"] = {"production": {"id": uid, "createdAt": now}}
        self.write()

    def _moment(self) -> int:
        """Return now, and never the same twice: pages are cut by it."""
        self._last = max(int(time.time() * 1000), self._last + 1)
        return self._last

    def write(self) -> None:
        """Write it, whole or not at all."""
        part = self.file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(self.said), encoding="utf-8")
        part.replace(self.file)
