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
    missing = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                missing.append(f"{page.name}: {target}")
    assert missing == []
