"""`runbook new`: what it writes keeps every rule, its tests run and say what is missing, and nothing is ever overwritten."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from secrets import token_hex

import pytest

from helpers.errors import UsageError
from helpers.runner.catalogue import find_runbooks
from helpers.runner.lint import lint
from helpers.runner.scaffold import planned, write
from tests.rotation import in_share

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LONGEST = "a" * 41
LONG = pytest.mark.skipif(not in_share(0), reason="too long for every run: RUNBOOK_SHARE=1 runs it")
CASES = [
    ("postgres/slow_disk", "", ""),
    (f"platform/{LONGEST}", "code", ""),
    ("redis/lost_jobs", "", "missing_ttl"),
    ("api/starved_pool", "", "pool_saturated"),
    ("api/slow_uploads", "logs", ""),
    ("platform/odd_routes", "postgres", "unauthorised_route"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A checkout with the files of every case."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in ("helpers", "runbooks", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules", ".next"))
    shutil.copy(ROOT / "pyproject.toml", root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root / "runbooks")  # anywhere in it
        for name, system, source in CASES:
            write(planned(name, system=system, begin_from=source))
    return root


def files(root):
    """Every file of the cases, below the root."""
    names = [name.partition("/")[2] for name, _, _ in CASES]
    return sorted(str(p.relative_to(root)) for n in names for p in root.rglob(f"*{n}.*") if p.suffix in (".py", ".ipynb"))


def called(root, *words):
    """Run a command in the copy, with its own helpers."""
    environment = {**os.environ, "PYTHONPATH": str(root), "RUNBOOK_SHARE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=root, env=environment, capture_output=True, text=True, timeout=170, check=False
    )


def asked(root, *words):
    """Run tests of the copy."""
    return called(root, "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *words)


def test_each_case_is_five_files_found_by_folder(copy):
    """The notebook, the check of the system that decides, the fault, and their tests."""
    found = files(copy)
    assert len(found) == 5 * len(CASES)
    assert {"helpers/git/checks/" + LONGEST + ".py", "helpers/logs/checks/starved_pool.py", "helpers/postgres/checks/odd_routes.py"} <= set(
        found
    )


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0][:30])
def test_the_notebook_keeps_the_rules_of_this_project(copy, case):
    """All of them: its members are there, and so is its fault."""
    assert [str(one) for one in lint(copy / "runbooks" / f"{case[0]}.ipynb")] == []


def test_ruff_finds_nothing_to_say(copy):
    """Neither the rules nor the format."""
    for words in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        done = called(copy, "ruff", *words, *files(copy))
        assert done.returncode == 0, done.stdout


def test_the_contracts_hold(copy):
    """Arrows, members with titles and tests, notebooks."""
    names = " or ".join(name.partition("/")[2] for name, _, _ in CASES)
    done = asked(copy, "tests/contracts", "-k", names)
    assert (done.returncode, " passed" in done.stdout, "skipped" in done.stdout) == (0, True, False), done.stdout


@LONG
def test_its_types_are_strict(copy):
    """mypy, as the project has it."""
    typed = [path for path in files(copy) if path.startswith("helpers/")]
    done = called(copy, "mypy", "--config-file", "pyproject.toml", "--follow-imports=silent", *typed)
    assert done.returncode == 0, done.stdout


def test_the_tests_of_the_check_fail_and_say_what_is_missing(copy):
    """On real servers: none passes for a thing that nobody has written, but that who was not asked is not green."""
    done = asked(copy, "tests/redis/test_lost_jobs.py")
    assert ("2 failed, 1 passed" in done.stdout, "error" in done.stdout.splitlines()[-1]) == (True, False), done.stdout
    assert "Write inject() and heal() in helpers/sandbox/faults/redis/lost_jobs.py." in done.stdout
    assert "judge() of the check lost_jobs is still to be written; Redis" in done.stdout


@LONG
def test_the_tests_of_the_runbook_fail_and_say_what_is_missing(copy):
    """Through papermill: not even a healthy system is called healthy by a check that judges nothing."""
    done = asked(copy, "tests/runbooks/redis/test_lost_jobs.py")
    assert ("2 failed" in done.stdout, "error" in done.stdout.splitlines()[-1]) == (True, False), done.stdout
    assert "judge() of the check lost_jobs is still to be written; Redis" in done.stdout


def test_one_may_begin_from_every_runbook(copy, monkeypatch):
    """The copy keeps the rules: the old check's name is gone, and just the systems that are used are imported."""
    monkeypatch.chdir(copy)
    made, mark = [], token_hex(3)  # the copy is the module's: once more is under other names
    for number, path in enumerate(sorted((ROOT / "runbooks").glob("*/*.ipynb"))):
        plan = planned(f"{path.parent.name}/like_{mark}_{number}", begin_from=path.stem)
        write(plan)
        made += [copy / name for name in plan.files]
    assert [str(one) for path in made if path.suffix == ".ipynb" for one in lint(path)] == []
    done = called(copy, "ruff", "check", "--no-cache", *map(str, made))
    assert (done.returncode, len(made) >= 5 * 42) == (0, True), done.stdout


def test_elsewhere_it_is_the_notebook_alone_and_the_catalogue_finds_it(tmp_path, monkeypatch):
    """It keeps the rules, and asks only what the package has."""
    monkeypatch.chdir(tmp_path)
    for name, system, source in (
        ("postgres/slow_disk", "", ""),
        ("ours/lost_jobs", "redis", ""),
        ("ours/odd_routes", "", "unauthorised_route"),
    ):
        plan = planned(name, system=system, begin_from=source)
        write(plan)
        assert (list(plan.files), lint(tmp_path / f"runbooks/{name}.ipynb")) == ([f"runbooks/{name}.ipynb"], [])
        assert find_runbooks()[name.partition("/")[2]].area == name.partition("/")[0]
    assert len(list(tmp_path.rglob("*.*"))) == 3


def test_nothing_is_overwritten_and_a_dry_run_writes_nothing(tmp_path, monkeypatch):
    """What is there stays as it is, even where it is no notebook."""
    monkeypatch.chdir(tmp_path)
    write(planned("postgres/slow_disk"), dry_run=True)
    assert list(tmp_path.iterdir()) == []
    plan = planned("postgres/slow_disk")
    write(plan)
    mine = tmp_path / "runbooks/postgres/slow_disk.ipynb"
    mine.write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        write(plan)
    with pytest.raises(UsageError, match="taken"):
        planned("postgres/slow_disk")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("slow_disk", {}, "not AREA/NAME"),
        ("postgres/SlowDisk", {}, "snake_case"),
        ("postgres/a/b", {}, "not AREA/NAME"),
        ("../etc/x", {}, "not AREA/NAME"),
        (f"postgres/{'a' * 42}", {}, "41"),
        ("postgres/class", {}, "class_lost"),
        ("postgres/queue", {}, "something else"),
        ("postgre/slow_disk", {}, "Did you mean postgres"),
        ("postgres/missing_index", {}, "--from missing_index"),
        ("postgres/lock_tree", {}, "helpers/postgres/checks/lock_tree.py"),
        ("postgres/horizon", {}, "helpers/postgres/horizon.py"),
        ("postgres/crawler", {}, "faults/api/crawler.py"),
        ("postgres/slow_disk", {"system": "postgre"}, "one of postgres"),
        ("postgres/slow_disk", {"begin_from": "missing_indx"}, "missing_index"),
        ("postgres/slow_disk", {"begin_from": "triage"}, "no check of its own"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_what_would_be_right(monkeypatch, name, options, said):
    """In a checkout; nothing is written."""
    monkeypatch.chdir(ROOT)
    with pytest.raises(UsageError, match=said):
        planned(name, **options)


def test_an_area_of_ones_own_needs_a_system(tmp_path, monkeypatch):
    """Outside a checkout any area is good."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="Give --system, one of postgres, redis"):
        planned("ours/lost_jobs")


def test_a_copy_has_no_outputs_and_says_whose_cells_they_are(tmp_path, monkeypatch):
    """Also when it begins from a notebook that was run."""
    monkeypatch.chdir(tmp_path)
    book = json.loads((ROOT / "runbooks/redis/missing_ttl.ipynb").read_text())
    book["cells"][5]["execution_count"] = 7
    (tmp_path / "missing_ttl.ipynb").write_text(json.dumps(book))
    (text,) = planned("redis/lost_jobs", begin_from="missing_ttl.ipynb").files.values()
    cells = json.loads(text)["cells"]
    assert ({cell.get("execution_count") for cell in cells}, "those of missing_ttl" in cells[0]["source"][-1]) == ({None}, True)
