"""The README says what is there."""

import re
from pathlib import Path

from helpers.runner.readme import with_catalogue

ROOT = Path(__file__).parents[2]


def test_the_catalogue_is_what_the_runbooks_say():
    """Otherwise: make catalogue."""
    text = (ROOT / "README.md").read_text()
    assert with_catalogue(text) == text


def test_every_file_the_documents_link_to_exists():
    """README and docs/."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    links = [(page, target) for page in pages for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())]
    assert [f"{page.name}: {target}" for page, target in links if "://" not in target and not (page.parent / target).exists()] == []
