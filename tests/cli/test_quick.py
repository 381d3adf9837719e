"""What is asked most is answered at once: without the parser, and without any library that a run needs."""

import os
import subprocess
import sys

import pytest

from helpers.cli.quick import answered
from tests.cli.test_command_line import RUNBOOK, runbook

HEAVY = {"typer", "pydantic", "pandas", "numpy", "papermill", "scipy", "nbformat", "jupyter_client", "zmq", "asyncio", "IPython"}
LOOK = "import sys; from helpers.cli import main\ntry: main()\nfinally: print('LOADED', *sorted({{n.partition('.')[0] for n in sys.modules}}), file=sys.stderr)"


def loaded(folder, *arguments):
    look = f"import sys; sys.argv = ['runbook', *{list(arguments)!r}]; " + LOOK.replace("{{", "{").replace("}}", "}")
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=folder, capture_output=True, text=True, env={**os.environ, "XDG_CACHE_HOME": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("LOADED")[2].split()), done.stdout


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--json"], ["show", "missing_index"], ["show", "missing_index", "--json"]], ids=" ".join
)
def test_the_catalogue_needs_no_library(tmp_path, words):
    """rich draws the table; the JSON needs not even that."""
    modules, _ = loaded(tmp_path, *words)
    assert (modules & HEAVY, "rich" in modules) == (set(), "--json" not in words)


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["logs", "summary", "-h"]], ids=" ".join)
def test_help_is_drawn_once(tmp_path, words):
    """The second time it is the same text, and nothing was imported for it."""
    first, drawn = loaded(tmp_path, *words)
    second, remembered = loaded(tmp_path, *words)
    assert (remembered == drawn, "Usage: runbook" in drawn, "typer" in first, second & (HEAVY | {"rich"})) == (True, True, True, set())


def test_another_width_is_drawn_again(tmp_path):
    """The text fits the terminal that asks."""
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    widths = {w: max(map(len, runbook(tmp_path, "--help", COLUMNS=w, **cache).stdout.splitlines())) for w in ("100", "60", "100")}
    assert widths == {"100": 100, "60": 60}


def test_help_needs_no_cache(tmp_path):
    """A folder that cannot be made is no reason to fail."""
    (tmp_path / "file").touch()
    done = runbook(tmp_path, "--help", XDG_CACHE_HOME=str(tmp_path / "file"))
    assert (done.returncode, "Usage" in done.stdout, done.stderr) == (0, True, "")


@pytest.mark.parametrize(
    "words", [[], ["list", "--jsn"], ["show"], ["show", "--json"], ["show", "a", "b"], ["run", "x"], ["--version"]], ids=" ".join
)
def test_all_else_is_the_parsers_business(words):
    """Mistakes are told as ever."""
    assert not answered(words)


def test_completion_is_the_parsers_business(tmp_path):
    """The shell asks by a variable."""
    asks = {"_RUNBOOK_COMPLETE": "complete_bash", "COMP_WORDS": "runbook show missing_in", "COMP_CWORD": "2"}
    done = subprocess.run([RUNBOOK], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **asks})
    assert done.stdout.split() == ["missing_index"]


def test_the_triage_stands_in_no_area(tmp_path):
    """Its label is its name."""
    assert "\n triage " in runbook(tmp_path, "list").stderr
