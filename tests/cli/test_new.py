"""`runbook new`: what was written, and what a person does next."""

from tests.cli.test_command_line import runbook


def test_it_says_what_was_written_and_what_is_next(tmp_path):
    """People read stderr; a dry run only lists; the second time it is refused."""
    listed = runbook(tmp_path, "new", "postgres/slow_disk", "--dry-run")
    assert (listed.returncode, "Would write:" in listed.stderr, list(tmp_path.iterdir())) == (0, True, [])
    done = runbook(tmp_path, "new", "postgres/slow_disk")
    assert (done.returncode, done.stdout, "  runbooks/postgres/slow_disk.ipynb" in done.stderr, "  1. See" in done.stderr) == (
        0,
        "",
        True,
        True,
    )
    assert (runbook(tmp_path, "lint", "runbooks").returncode, runbook(tmp_path, "show", "slow_disk").returncode) == (0, 0)
    again = runbook(tmp_path, "new", "postgres/slow_disk")
    assert (again.returncode, "taken" in again.stderr) == (2, True)
