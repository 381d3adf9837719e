"""Tell a webhook what a triage found: one JSON document with `text` and `link`, sent to the operator's address and nowhere else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from helpers.alerts import Alert
from helpers.errors import UsageError
from helpers.escaping import visible
from helpers.redaction import add_secret, redact
from helpers.serve.intake import Ticket
from helpers.serve.triages import Outcome

__all__ = ["Notifier", "document_of"]

TRIES, PAUSE_S, TIMEOUT_S = 3, 1.0, 10.0


@dataclass(frozen=True, slots=True)
class Notifier:
    """Where to tell (`url`, a secret: whoever knows it can post there), and where reports can be read by those who are told."""

    url: str = field(repr=False)
    link_base: str = ""
    pause_s: float = PAUSE_S

    def __post_init__(self) -> None:
        """Raise UsageError for an address that is none; whatever of it could be used by others is a secret from here on."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("The address to notify is not an http(s) URL.", remedy="Set the variable that --notify names.")
        if self.link_base and not self.link_base.startswith(("http://", "https://")):
            raise UsageError("--link-base is not an http(s) URL.", remedy="Write where the incidents' folder can be read: https://…")
        for secret in (self.url, parts.path.lstrip("/") if len(parts.path) > 12 else "", parts.query, parts.password or ""):
            add_secret(secret)

    async def tell(self, alert: Alert, ticket: Ticket, outcome: Outcome) -> str:
        """Return `told`, or in short why not. Tried three times where the other side may recover; a redirect is not followed."""
        import httpx

        said, document = "", document_of(alert, ticket, outcome, self.link_base)
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
            for number in range(TRIES):
                if number:
                    await asyncio.sleep(self.pause_s * 2 ** (number - 1))
                try:
                    async with asyncio.timeout(TIMEOUT_S), client.stream("POST", self.url, json=document) as answer:
                        status = answer.status_code  # what it says beside that is not read
                except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                    said = type(error).__name__
                    continue
                said = "told" if 200 <= status < 300 else f"HTTP {status}"
                if status < 500 and status != 429:
                    return said
        return said


def document_of(alert: Alert, ticket: Ticket, outcome: Outcome, link_base: str) -> dict[str, Any]:
    """Return what is sent. The alert's words are shown as code, so that no chat makes a link or a mention of them; pure.

    Source: Slack's formatting of messages (only &, < and > are escaped); code spans are the same in Slack, Mattermost and Discord.
    """
    link = f"{link_base.rstrip('/')}/{outcome.incident}/report.html" if link_base and outcome.incident else ""
    first = f"First: {outcome.ranked[0]}." if outcome.ranked else ""
    found = outcome.summary or {"timed_out": "The triage did not end in time.", "failed": "The triage broke."}.get(outcome.state, "")
    text = f"Triage of {_code(alert.title)} ({alert.source}, profile {ticket.profile}): {first} {_code(found)}"
    folded = f" It came {ticket.folded} more times meanwhile." if ticket.folded else ""
    return {
        "text": redact(f"{text}{folded}{f' {link}' if link else ''}"), "link": link, "incident": outcome.incident, "profile": ticket.profile,
        "state": outcome.state, "ranked": list(outcome.ranked), "alert": {"source": alert.source, "fingerprint": alert.fingerprint},
    }  # fmt: skip


def _code(text: str) -> str:
    flat = " ".join(visible(text, limit=300).replace("`", "'").split())
    return f"`{flat.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}`"
