"""Checkouts of code that nobody here has seen, made for one test."""

import subprocess
from pathlib import Path

from helpers.git.write import open_writer

AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")


def git(folder, *arguments):
    return subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


async def checkout(folder: Path, files: dict[str, str]):
    """A session with a repository of these files, one commit."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "feat: begin")
    return await open_writer(str(folder), application_name="test")


async def patched(folder: Path, session, fix) -> tuple[str, dict[str, str]]:
    """The fix's diff, checked by git, and the files as they are with it."""
    preview = await fix.preview(session)
    diff = preview.inverse["diff"]
    subprocess.run(["git", "apply", "-"], cwd=folder, input=diff, text=True, check=True)
    return diff, {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.py")}
