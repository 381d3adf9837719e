"""What deploy_regression makes of the versions' steps and the commits they brought."""

from dataclasses import replace

from helpers.git.checks.commits import DeployedCommit
from helpers.logs.checks.deploy_regression import Seen, judge
from helpers.logs.checks.version_steps import VersionStep
from helpers.results import Status

STEP = VersionStep(
    "GET /a/{id}", "abc1234", "0000001", "latency", "at the version", True, "2026-03-03T08:00:00Z", 90, 0, 80, 90, 0, 10, "", 1e-9
)
BAD = DeployedCommit(
    "f" * 40, "", "feat", "", False, "feat: list", ["s/a.py"], ["s/a.py:one", "s/a.py:<module>"], [["GET /a/{key}"], ["GET /a/{key}"]]
)
OTHER = replace(BAD, commit="e" * 40, functions=["s/b.py:two"], routes=[["GET /b"]])
SEEN = Seen(steps=[STEP], is_known=True, commits=[OTHER, BAD], is_failing=True)


def test_the_one_commit_that_changes_what_the_route_runs_is_named():
    """With the functions, and what the fix needs."""
    found = judge(SEEN)
    assert (found.code, found.subject, found.fix) == ("deploy_regression", "abc1234 ffffffffff s/a.py:one", "revert_deploy")
    assert (found.target["commit"], found.target["before"]) == ("f" * 40, "")


def test_of_several_commits_only_a_measurement_names_one():
    """Else it stays at the deployment."""
    several = replace(SEEN, commits=[OTHER, BAD, replace(BAD, commit="d" * 40)])
    found = judge(several)
    assert (found.subject, found.target["before"]) == ("abc1234", "0000001")
    assert judge(replace(several, measured="d" * 40)).subject == "abc1234 dddddddddd s/a.py:one"


def test_what_is_not_the_deployments_is_unknown():
    """Another moment; nothing that changed is run; routes worse that run nothing that changed; no history; no version."""
    unknown = [
        replace(SEEN, steps=[replace(STEP, when="both versions alike", is_at_version=False)]),
        replace(SEEN, commits=[OTHER]),
        replace(SEEN, steps=[STEP, replace(STEP, route="GET /health")]),
        replace(SEEN, commits=None),
        replace(SEEN, is_known=False),
        replace(SEEN, steps=[]),
    ]
    assert [judge(each).status for each in unknown] == [Status.UNKNOWN] * len(unknown)


def test_no_step_and_no_failure_is_healthy():
    """An uneventful deployment."""
    assert judge(replace(SEEN, steps=[], is_failing=False)).status is Status.OK
