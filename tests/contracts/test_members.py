"""Every check, fix and probe is made alike."""

import dataclasses
import inspect
from importlib import import_module
from pathlib import Path

import pytest

from helpers.contracts import Fix, Probe
from helpers.folder import load_member, stems
from helpers.incident.loop import asks

ROOT = Path(__file__).parents[2]
MEMBERS = [
    (system, room, stem)
    for system in ("postgres", "redis", "http", "logs", "git", "vercel")
    for stem, room in stems(str(ROOT / "helpers" / system / "__init__.py"), ("checks", "fixes", "probes")).items()
]


@pytest.mark.parametrize(("system", "room", "stem"), MEMBERS, ids=str)
def test_a_member_is_of_its_room(system, room, stem):
    """A check is an async function that says which system it asks; fixes and probes are frozen dataclasses."""
    member = load_member(f"helpers.{system}.{room}.{stem}")
    if room == "checks":
        assert (inspect.iscoroutinefunction(member), asks(member)) == (True, {"http": "api", "git": "code"}.get(system, system))
    else:
        base = {"fixes": Fix, "probes": Probe}[room]
        assert issubclass(member, base)
        assert dataclasses.is_dataclass(member)


@pytest.mark.parametrize(("system", "room", "stem"), MEMBERS, ids=str)
def test_a_member_has_a_title_and_a_test(system, room, stem):
    """Its module's first line is for users; a test names it."""
    module = import_module(f"helpers.{system}.{room}.{stem}")
    title = (module.__doc__ or "").splitlines()[0]
    named = [p for p in (ROOT / "tests").rglob("*.py") if stem in p.read_text(encoding="utf-8")]
    assert (title.endswith("."), named != []) == (True, True)


@pytest.mark.parametrize("path", sorted((ROOT / "helpers").rglob("checks/*.sql")), ids=lambda p: p.name)
def test_a_query_file_opens_with_title_needs_and_source(path):
    """So that a person can run it by hand."""
    head = path.read_text(encoding="utf-8").splitlines()[:8]
    assert (head[0].startswith("-- "), any(x.startswith("-- needs:") for x in head), any(x.startswith("-- source:") for x in head)) == (
        True,
    ) * 3


@pytest.mark.parametrize(("system", "room", "stem"), MEMBERS, ids=str)
def test_nothing_else_of_a_system_has_a_members_name(system, room, stem):
    """Importing a module sets its name on the package: `git.bisect` would be the check at first, and then the module."""
    here = ROOT / "helpers" / system
    assert [path for path in (here / stem, here / f"{stem}.py") if path.exists()] == []
