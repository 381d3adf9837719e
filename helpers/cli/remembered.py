"""Help as it was drawn the last time: the same words, terminal and code draw the same text.

Drawing it takes half a second, of which nine tenths are imports. What was drawn is kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["remembering", "shown"]

_DRAWS = ("COLUMNS", "LINES", "TERM", "COLOR", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "PY_COLORS", "TTY_", "JUPYTER", "LANG", "LC_", "PYTHON",
          "TYPER_", "_TYPER", "GITHUB_", "RUNBOOK_")  # fmt: skip
_MOST_KEPT = 200


def shown(words: Sequence[str]) -> bool:
    """Print the help that these words drew before; False when it must be drawn."""
    try:
        text = _file(words).read_text(encoding="utf-8")
    except OSError:
        return False
    sys.stdout.write(text)
    return True


@contextmanager
def remembering(words: Sequence[str]) -> Iterator[None]:
    """Keep what the block prints on stdout, if it ends well; a folder that cannot be written is no reason to fail."""
    stdout, kept = sys.stdout, _Kept(sys.stdout)
    sys.stdout = kept
    try:
        yield
    except SystemExit as left:
        if not left.code:
            _keep(words, "".join(kept.parts))
        raise
    finally:
        sys.stdout = stdout


class _Kept:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.parts: list[str] = []

    def write(self, text: str) -> int:
        written: int = self._stream.write(text)
        self.parts.append(text)  # after it: typer tries bytes, to see what is refused
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _keep(words: Sequence[str], text: str) -> None:
    file = _file(words)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in sorted(file.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)
        young = file.with_suffix(f".{secrets.token_hex(4)}")
        young.write_text(text, encoding="utf-8")
        young.replace(file)
    except OSError:
        return


def _file(words: Sequence[str]) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "runbook" / "help" / hashlib.sha256(json.dumps(_key(words)).encode()).hexdigest()[:32]


def _key(words: Sequence[str]) -> list[object]:
    """All that the drawing depends on: words, terminal, environment, our code and what is installed."""
    here = Path(__file__).parent
    code = sorted((entry.name, entry.stat().st_mtime_ns) for entry in os.scandir(here) if entry.name.endswith(".py"))
    installed = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    drawn = sorted((name, value) for name, value in os.environ.items() if name.startswith(_DRAWS))
    return [list(words), sys.executable, str(here), code, installed, drawn, sys.stdout.isatty(), sys.stdout.encoding, _width()]


def _width() -> list[int]:
    found = []
    for fd in (0, 1, 2):
        try:
            found.append(os.get_terminal_size(fd).columns)
        except OSError:
            found.append(0)
    return found
