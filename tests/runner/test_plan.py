"""A plan is checked whole, with line numbers, before anything starts."""

import asyncio
from pathlib import Path

import pytest

from helpers.errors import PlanError
from helpers.runner.plan import Plan, load_plan
from tests.runner.toys import PARAMETERS, Toy

GOOD = """\
name: nightly
defaults: {profile: empty, parameters: {n: 2}}
runs:
  - {runbook: toy, name: first}
  - {runbook: other, name: second, parameters: {size: 5}}
matrix: {runbook: [toy, other], profile: [empty, second]}
"""

BAD = """\
name: nightly
defaults: {profile: empty, parameters: {nothing_has_this: 2}}
runs:
  - runbook: toi
  - runbook: toy
    parameters:
      nn: 1
  - {runbook: toy, parameters: {n: "1"}, name: again}
  - {runbook: toy, profile: emty, name: again}
"""


@pytest.fixture
def plan(toy: Toy, tmp_path: Path) -> Path:
    toy()
    toy(name="other", parameters=PARAMETERS.replace("n = 1", "size = 1"))
    (tmp_path / "profiles.toml").write_text("[empty]\n[second]\n")
    return tmp_path / "plan.yaml"


def load(path: Path, text: str) -> Plan:
    path.write_text(text)
    return asyncio.run(load_plan(path))


def test_a_plan_becomes_jobs(plan: Path) -> None:
    """Defaults go where a runbook has them; the matrix is every pair."""
    loaded = load(plan, GOOD)
    assert [(job.name, job.runbook, job.profile, job.parameters) for job in loaded.jobs] == [
        ("first", "toy", "empty", {"n": 2}),
        ("second", "other", "empty", {"size": 5}),
        ("toy-empty", "toy", "empty", {"n": 2}),
        ("toy-second", "toy", "second", {"n": 2}),
        ("other-empty", "other", "empty", {}),
        ("other-second", "other", "second", {}),
    ]


def test_every_problem_is_told_with_its_line(plan: Path) -> None:
    """Unknown runbook, parameter and profile, ill-typed value, repeated name, unused default: all at once."""
    with pytest.raises(PlanError) as caught:
        load(plan, BAD)
    said = caught.value.problems
    expected = [
        ("plan.yaml:2: defaults.parameters.nothing_has_this", "no runbook of this plan"),
        ("plan.yaml:4: runs[0]", "Did you mean toy"),
        ("plan.yaml:5: runs[1]", "no parameter nn. Did you mean n?"),
        ("plan.yaml:8: runs[2]", "n must be a whole number"),
        ("plan.yaml:9: runs[3]", "There is no profile emty. Did you mean empty"),
        ("plan.yaml:9: runs[3]", "the name again is taken by runs[2]"),
    ]
    assert [[e for e in expected if s.startswith(e[0]) and e[1] in s] for s in sorted(said)] == [[e] for e in expected]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nrusn: []", "plan.yaml:2: rusn: there is no key rusn. Did you mean runs"),
        ("name: x\nruns: [", "plan.yaml:2: not YAML"),
        ("name: x\nname: y\nruns: []", "plan.yaml:2: name is given twice."),
        ("name: x", "plan.yaml:1: The plan has no runs."),
        ("name: ../x\nruns: [{runbook: toy}]", "plan.yaml:1: name: String should match"),
        ("name: x\nruns: [{runbook: toy, apply: 'yes'}]", "plan.yaml:2: runs[0].apply: Input should be a valid boolean"),
        ("name: x\nruns: !!python/object/apply:os.system ['true']", "plan.yaml:2: not YAML"),
        ("", "plan.yaml:1: Input should be"),
    ],
)
def test_a_malformed_plan_is_refused(plan: Path, text: str, said: str) -> None:
    """Unknown keys, broken YAML, keys given twice, wrong types, tags that construct."""
    with pytest.raises(PlanError) as caught:
        load(plan, text)
    assert caught.value.problems[0].startswith(said)


def test_the_hash_follows_the_runs(plan: Path) -> None:
    """A comment does not change it, a parameter does."""
    hashes = [load(plan, text).hash for text in (GOOD, GOOD + "# a comment\n", GOOD.replace("n: 2", "n: 3"))]
    assert (hashes[0] == hashes[1], hashes[0] == hashes[2]) == (True, False)
