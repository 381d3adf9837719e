"""Servers that must not run as root are found a way to their binaries."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest

from helpers.errors import RunbookError
from helpers.sandbox.accounts import reachable_binaries, server_account
from helpers.sandbox.binaries import postgres_binaries, redis_server
from helpers.sandbox.places import base_folder

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes account")


@pytest.fixture
def private_copy(tmp_path, monkeypatch):
    """An installation below a folder that only its owner may enter."""
    monkeypatch.delenv("RUNBOOK_POSTGRES_BIN", raising=False)
    binaries, copyable = postgres_binaries()
    if not copyable:
        pytest.skip("the wheel is not installed here")
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    copytree(binaries.parent, private / "pginstall")
    return private / "pginstall" / "bin"


@root_only
def test_binaries_below_a_private_folder_are_copied_to_where_the_account_gets(private_copy):
    """The copy runs under the account."""
    account = server_account()
    with TemporaryDirectory(dir=base_folder()) as place:
        Path(place).chmod(0o711)
        copy = reachable_binaries(private_copy, Path(place), copyable=True)
        done = subprocess.run(
            [copy / "postgres", "--version"], user=account.uid, group=account.gid, capture_output=True, text=True, cwd="/"
        )
    assert done.stdout.startswith("postgres (PostgreSQL)")


@root_only
def test_a_named_installation_that_cannot_be_reached_says_so(private_copy, tmp_path):
    """It is not copied, since nobody knows what belongs to it."""
    with pytest.raises(RunbookError, match="RUNBOOK_POSTGRES_BIN"):
        reachable_binaries(private_copy, tmp_path, copyable=False)


@pytest.mark.parametrize(("variable", "find"), [("RUNBOOK_POSTGRES_BIN", postgres_binaries), ("RUNBOOK_REDIS_SERVER", redis_server)])
def test_a_server_that_is_named_wrongly_is_an_error_with_a_remedy(monkeypatch, tmp_path, variable, find):
    """Another server is not taken in silence."""
    monkeypatch.setenv(variable, str(tmp_path / "none"))
    with pytest.raises(RunbookError) as raised:
        find()
    assert raised.value.remedy
