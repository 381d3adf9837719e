"""The receiver's log: one JSON object a line on stderr, without anything of what was sent."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

from helpers.escaping import json_text
from helpers.redaction import redact_value

__all__ = ["note"]


def note(event: str, **facts: Any) -> None:
    """Write one line: when, what, and the facts that are not empty."""
    said = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", "event": event}
    said |= {name: value for name, value in redact_value(facts).items() if value not in ("", None)}
    sys.stderr.write(json_text(json.dumps(said, ensure_ascii=False, default=str)) + "\n")
    sys.stderr.flush()
