"""A tour, walked by papermill against given addresses."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
Walk = Callable[..., Awaitable[dict[str, tuple[list[str], str]]]]


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """Run `await walk("2_explore_postgres", {"postgres": address}, query=…)` (`logs`: a glob); returns cell id → (mime types, text)."""

    async def run(tour: str, systems: dict[str, str], **parameters: object) -> dict[str, tuple[list[str], str]]:
        monkeypatch.chdir(tmp_path)
        lines = ["[target]"]
        for system, address in systems.items():
            if system == "logs":
                lines.append(f"logs = {json.dumps([address])}")
                continue
            monkeypatch.setenv(f"TARGET_{system.upper()}", address)
            lines.append(f'{system} = "env:TARGET_{system.upper()}"')
        (tmp_path / "profiles.toml").write_text("\n".join(lines))
        given = {"profile": "target", "window_s": 1.0, **parameters}
        words = [word for name, value in given.items() for word in ("-p", name, str(value))]
        command = [sys.executable, "-m", "papermill", str(NOTEBOOKS / f"{tour}.ipynb"), "walked.ipynb", "--no-progress-bar", *words]
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
        shown = {}
        for cell in nbformat.read("walked.ipynb", 4).cells:
            for output in cell.get("outputs", []):
                assert output.output_type not in ("error", "stream"), (cell.id, output)
                data = output.data
                shown[cell.id] = (list(data), str(data.get("image/svg+xml", "")) + str(data.get("text/html", "")) + data["text/plain"])
        return shown

    return run
