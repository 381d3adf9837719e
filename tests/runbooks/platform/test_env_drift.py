"""env_drift through papermill: its fault in every variant, what only looks like it, and no value in any artefact."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.git.checkouts import git

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code", "vercel")}
WEB = ("postgres", "redis", "web")
FAULT = "env_drift"
SAID = {
    "default": "vercel env add CARRIER_URL production",
    "public": "vercel env rm NEXT_PUBLIC_PAYMENT_KEY production",
    "misspelt": "vercel env rm CARIER_URL production",
    "history": "vercel env add PAYMENT_KEY production --sensitive --force",
    "undeployed": "vercel deploy --prod",
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("variant", SAID)
async def test_it_names_the_variable(fresh_sandbox, run, variant):
    """And proposes the commands, without a value."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert SAID[variant] in document.fix.patch


async def test_a_healthy_project_is_healthy(fresh_sandbox, run):
    """Each environment has a database of its own."""
    async with fresh_sandbox(services=WEB) as sandbox:
        result = await run(FAULT, sandbox, endpoint="GET /api/prices", **WHOLE)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary


@pytest.mark.timeout(400)
async def test_what_is_meant_is_not_named(fresh_sandbox, run):
    """Overrides of a branch, public keys, templates, what left everywhere."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault("meant_to_differ"):
        result = await run(FAULT, sandbox, **WHOLE)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary


@pytest.mark.timeout(400)
async def test_without_the_code_the_platform_alone_is_judged(fresh_sandbox, run):
    """A secret that is public is one by itself; without the platform nothing is decided."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant="public") as fault:
        alone = await run(FAULT, sandbox, systems=("vercel",))
        code = await run(FAULT, sandbox, systems=("code",))
    assert alone.document.cause.subject == fault.subject, alone.document.summary
    assert (code.document.verdict, code.document.cause) == ("inconclusive", None), code.document.summary


@pytest.mark.timeout(400)
async def test_no_value_is_in_any_artefact(fresh_sandbox, run, monkeypatch, capfd):
    """Of the platform, of files, of git's history, of the process: neither plain, nor encoded."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant="public"):
        folder, state = sandbox.folder, json.loads((sandbox.folder / "platform.json").read_text())
        canaries = {name: f"canary-{name}/ä&{number}17" for number, name in enumerate(("plain", "file", "pulled", "history", "process"), 4)}
        state["envs"].append(
            {"id": "x", "key": "CANARY", "value": canaries["plain"] + "\n", "target": ["production"], "type": "plain", "createdAt": 1}
        )
        (sandbox.folder / "platform.json").write_text(json.dumps(state))
        checkout = folder / "web-code"
        (checkout / ".env").write_text(f"PAYMENT_SECRET=sk_live_{canaries['history']}\nPLAIN={canaries['history']}\n")
        git(checkout, "add", "-f", ".env")
        git(checkout, "commit", "-q", "-m", "feat: settings")
        (checkout / ".env").write_text(f"FROM_FILE={canaries['file']}\n")
        (checkout / ".env.production.local").write_text(f'# Created by Vercel CLI\nPULLED="{canaries["pulled"]}"\n')
        monkeypatch.setenv("CANARY_OF_THE_PROCESS", canaries["process"])
        result = await run(FAULT, sandbox, **WHOLE, same="CANARY PLAIN PULLED FROM_FILE")
        (checkout / ".env.production.local").unlink()
    said = capfd.readouterr()
    secret = next(one["value"] for one in state["envs"] if one["key"] == "NEXT_PUBLIC_PAYMENT_KEY")
    files = [path for path in result.folder.rglob("*") if path.is_file()]
    everything = b"\n".join([path.read_bytes() for path in files] + [said.out.encode(), said.err.encode()])
    forms = [form for value in (*canaries.values(), secret, state["token"]) for form in encoded(value)]
    assert [form for form in forms if form.encode() in everything] == []
    assert (len(files) > 4, result.document.cause is not None) == (True, True), result.document.summary


def encoded(value: str) -> list[str]:
    """The forms in which a value could be found."""
    return [value, quote(value), quote(value, safe=""), json.dumps(value)[1:-1], base64.b64encode(value.encode()).decode()]
