"""Changes of a script by position; what comes out must still be read without mistakes."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.errors import FixFailed
from helpers.git.edits import Edit
from helpers.git.typescript.source import Script, parse

__all__ = ["behind_imports", "changed_script", "imported"]


def changed_script(script: Script, edits: Sequence[Edit]) -> str:
    """Return the text with the edits made. Raises FixFailed when they overlap, or what comes out has a mistake it did not have."""
    raw, last = script.raw, len(script.raw)
    for edit in sorted(edits, key=lambda edit: -edit.start):
        if edit.end > last:
            raise FixFailed("Two changes of the patch touch the same place.")
        raw = raw[: edit.start] + edit.text.encode() + raw[edit.end :]
        last = edit.start
    text = raw.decode()
    if parse(script.path, text).root.has_error and not script.root.has_error:
        raise FixFailed(f"The patched {script.path} could not be read.", remedy="Make the change by hand.")
    return text


def behind_imports(script: Script) -> int:
    """Return the first byte behind the last import."""
    ends = [node.end_byte for node in script.root.named_children if node.type == "import_statement"]
    if not ends:
        return 0
    newline = script.raw.find(b"\n", max(ends))
    return newline + 1 if newline >= 0 else len(script.raw)


def imported(script: Script, name: str, module: str) -> list[Edit]:
    """Return the edit that imports `name` of `module`, none where it is there; into the import of that module, if there is one."""
    if name in script.imports:
        return []
    for node in script.root.named_children:
        source = node.child_by_field_name("source") if node.type == "import_statement" else None
        names = next((part for clause in node.named_children for part in clause.named_children if part.type == "named_imports"), None)
        if source is not None and names is not None and script.text(source).strip("'\"") == module:
            end = names.named_children[-1].end_byte
            return [Edit(end, end, f", {name}")]
    at = behind_imports(script)
    return [Edit(at, at, f'import {{ {name} }} from "{module}";\n' + ("" if at else "\n"))]
