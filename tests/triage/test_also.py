"""A probe says which sessions it reads: those that are opened lazily are there when it measures."""

import inspect
import re
from pathlib import Path

import pytest

from helpers.folder import load_member, stems

ROOT = Path(__file__).parents[2] / "helpers"
PROBES = [
    (system, stem)
    for system in ("postgres", "redis", "http", "logs", "git", "vercel")
    for stem in stems(str(ROOT / system / "__init__.py"), ("probes",))
]


@pytest.mark.parametrize(("system", "stem"), PROBES, ids=str)
def test_the_sessions_it_reads_are_declared(system, stem):
    """`needs`, and `also`."""
    probe = load_member(f"helpers.{system}.probes.{stem}")
    read = set(re.findall(r'sessions(?:\.get\(|\[)"(\w+)"|"(\w+)" (?:not )?in sessions', inspect.getsource(inspect.getmodule(probe))))
    assert {name for pair in read for name in pair if name} <= {probe.needs, *probe.also}
