"""Which files a new failure mode begins with, and their text; nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from helpers.folder import camel_case
from helpers.runner.scaffold.books import copied, made
from helpers.runner.scaffold.names import MARK, area_and_name, checkout, free, system_of, title_of
from helpers.runner.scaffold.systems import AREAS, SYSTEMS

__all__ = ["Plan", "planned"]

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Plan:
    """The files by path below `root`, and what a person does next."""

    root: Path
    files: dict[str, str]
    then: list[str]


def planned(text: str, *, system: str = "", begin_from: str = "") -> Plan:
    """Return the plan for AREA/NAME: all files in a checkout of this project, the notebook alone elsewhere.

    Args:
        text: `postgres/slow_disk`.
        system: The system whose evidence decides; default: the area's, or that of the check of the runbook it begins from.
        begin_from: A runbook, by name or path, whose notebook is copied with the name replaced.

    Raises:
        UsageError: the name cannot be used, the system is none, or the runbook to begin from cannot be found or copied.

    """
    root = checkout()
    area, name = area_and_name(text, root)
    notebook, arguments = "", list[str]()
    if begin_from:
        notebook, system, arguments = copied(begin_from, name, system, with_check=root is not None)
    system = system_of(area, system)
    free(name, SYSTEMS[system].folder, root)
    facts = _facts(area, name, system, arguments, whole=root is not None)
    book = {f"runbooks/{area}/{name}.ipynb": notebook or made(_render("runbook.cells.j2", facts))}
    if root is None:
        return Plan(Path.cwd(), book, _render("then_alone.txt.j2", facts).splitlines())
    code = {path: _render(template, facts) for template, path in facts["paths"].items()}
    return Plan(root, {**book, **code}, _render("then.txt.j2", facts).splitlines())


def _facts(area: str, name: str, system: str, arguments: list[str], *, whole: bool) -> dict[str, Any]:
    known = SYSTEMS[system]
    services, systems = AREAS.get(area, ((), (system,)))
    used = {known.probe.partition(".")[0], known.look.partition(".")[0], "logs", *((known.folder,) if whole else ())}
    paths = {
        "check.py.j2": f"helpers/{known.folder}/checks/{name}.py",
        "fault.py.j2": f"helpers/sandbox/faults/{area}/{name}.py",
        "runbook_test.py.j2": f"tests/runbooks/{area}/test_{name}.py",
        "check_test.py.j2": f"tests/{known.folder}/test_{name}.py",
    }
    return {
        "area": area, "name": name, "system": system, "known": known, "services": services, "systems": systems, "whole": whole,
        "title": title_of(name), "class_name": camel_case(name), "arguments": arguments, "imports": sorted(used),
        "given": known.limit.partition(" ")[0], "paths": paths, "check": paths["check.py.j2"], "fault": paths["fault.py.j2"],
        "functions": sorted(("judge", name)), "word": "session" if known.word in arguments else known.word, "MARK": MARK,
    }  # fmt: skip


def _render(template: str, facts: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False,  # noqa: S701 - Python and Markdown, no HTML; every value is a checked name or ours
    )  # fmt: skip
    return environment.get_template(template).render(facts)
