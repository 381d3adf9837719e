"""A runbook, run by papermill against a sandbox, as a person would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.runner import RunResult, execute, zygote
from helpers.sandbox import Sandbox
from tests.rotation import in_share
from tests.runbooks.server import dump

Run = Callable[..., Awaitable[RunResult]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the rotating share of each failure mode's tests; `make test-all` runs all of them."""
    folders = [Path(__file__).parent / area for area in ("postgres", "redis", "api", "platform")]
    ours = [item for item in items if item.path.parent in folders]
    left = [item for number, item in enumerate(ours) if not in_share(number)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a runbook against a sandbox: `await run("lock_contention", sandbox, apply=True, window_s=2.0)`.

    The profile holds references only. `systems` narrows it. As soon as that step begins, `kill_at` kills PostgreSQL (Redis where it is the
    only system, or `victim`), `hang_at` suspends it. `more` is added to the profile, as TOML.
    Its kernel is forked from a zygote that this process keeps; RUNBOOK_STOCK_KERNELS=1 starts each anew.
    """
    zygote.start()

    async def _run(
        name: str,
        sandbox: Sandbox,
        *,
        apply: bool = False,
        systems: tuple[str, ...] = ("postgres",),
        kill_at: str = "",
        hang_at: str = "",
        victim: str = "",
        more: str = "",
        **parameters: Any,
    ) -> RunResult:
        monkeypatch.chdir(tmp_path)
        lines = ["[target]"]
        for system in systems:
            if system in ("logs", "code"):  # paths are no secrets
                lines.append(f"{system} = {json.dumps(sandbox.profile[system])}")
                continue
            if system == "vercel":
                monkeypatch.setenv("TARGET_VERCEL", sandbox.profile[system]["token"])
                known = {**sandbox.profile[system], "token": "env:TARGET_VERCEL"}
                lines.append(f"vercel = {{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in known.items())} }}")
                continue
            monkeypatch.setenv(f"TARGET_{system.upper()}", sandbox.profile[system])
            lines.append(f'{system} = "env:TARGET_{system.upper()}"')
        (tmp_path / "profiles.toml").write_text("\n".join([*lines, more]))
        pending: list[Any] = []

        def on_event(event: Any) -> None:
            which = victim or ("redis" if systems == ("redis",) else "postgres")
            began = event.data["step"] if event.kind == "evidence" and event.data["kind"] == "began" else ""
            if began and began in {kill_at, hang_at}:
                pending.append(asyncio.ensure_future((sandbox.kill if began == kill_at else sandbox.suspend)(which)))

        result = await execute(name, parameters, profile="target", apply=apply, out=tmp_path / "incidents", on_event=on_event)
        for task in pending:
            await task
        return result

    return _run


@pytest.fixture
def catalog() -> Callable[[Sandbox], Awaitable[str]]:
    """The schema of the sandbox's database as pg_dump writes it."""
    return dump
