"""Canary secrets are planted in every input; none comes out in any artefact."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import pytest

CANARY = {
    "password": "c4nary:p@ss/w%rd#'\"é",
    "bearer": "c4nary-bearer-0123456789abcdef",
    "cookie": "c4nary-cookie-0123456789",
    "api_key": "sk_live_c4naryapikey0123456789",
    "literal": "c4nary-literal-in-a-statement",
    "url": "c4nary-url-password",
    "env_file": "c4nary-in-dotenv-file",
}


def forms(secret: str) -> list[bytes]:
    raw = secret.encode()
    texts = [
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(raw).decode(),
    ]
    return [text.encode() for text in texts]


def found_in(data: bytes) -> list[str]:
    return [name for name, secret in CANARY.items() if any(form in data for form in forms(secret))]


@pytest.fixture
async def planted(fresh_sandbox, tmp_path):
    """A queue whose statements, names and addresses hold secrets; yields the environment a person would have."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        admin = await asyncpg.connect(sandbox.admin_dsn)
        await admin.execute(f"""
            create role canary login superuser password '{CANARY["password"].replace("'", "''")}';
            create table accounts (id int primary key, password text, api_key text); insert into accounts values (1, 'x', 'y');
        """)
        update = f"update accounts set password = '{CANARY['literal']}', api_key = '{CANARY['api_key']}' where id = 1 /* Authorization: Bearer {CANARY['bearer']} */"
        root = await asyncpg.connect(sandbox.admin_dsn, server_settings={"application_name": f"cookie: sid={CANARY['cookie']}"})
        await root.execute("begin")
        await root.execute(update)
        waiter = await asyncpg.connect(sandbox.admin_dsn)
        task = asyncio.create_task(waiter.execute(update))
        parts = urlsplit(sandbox.admin_dsn)
        dsn = urlunsplit(parts._replace(netloc=f"canary:{quote(CANARY['password'], safe='')}@{parts.hostname}:{parts.port}"))
        (tmp_path / ".env").write_text(f"DOTENV_DSN='{dsn}'\nOTHER_TOKEN={CANARY['env_file']}\n")
        (tmp_path / "profiles.toml").write_text(
            f'[target]\npostgres = "env:DOTENV_DSN"\napi = "http://user:{CANARY["url"]}@127.0.0.1:9/"\n\n[shut]\npostgres = "file:secret.txt"\n'
        )
        (tmp_path / "secret.txt").write_text(dsn.replace(f":{parts.port}/", ":9/"))
        yield tmp_path
        for connection in (root, waiter, admin):
            connection.terminate()
        await asyncio.gather(task, return_exceptions=True)


def runbook(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RUNBOOK_")}
    command = [str(Path(sys.executable).with_name("runbook")), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=170, check=False)


QUERY = f"select * from accounts where password = '{CANARY['literal']}' and api_key = '{CANARY['api_key']}'"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "lock_contention", "--profile", "target", "-p", "window_s=2.0", "--json"],
        ["run", "missing_index", "--profile", "target", "-p", f"query={QUERY}", "--json"],
        ["run", "lock_contention", "--profile", "shut", "--json"],
        ["run", "lock_contention", "--profile", "target", "-p", f"window={CANARY['bearer']}"],
    ],
    ids=["locks", "query", "unreachable", "bad-parameter"],
)
async def test_no_canary_comes_out(planted, arguments):
    """Not in incidents/, not on stdout or stderr, not in an exported report."""
    done = await asyncio.to_thread(runbook, planted, *arguments)
    leaks = {"stdout": found_in(done.stdout), "stderr": found_in(done.stderr)}
    if arguments[-1] == "--json":
        for to in ("md", "html", "pdf"):
            exported = await asyncio.to_thread(runbook, planted, "report", "last", "--to", to)
            assert exported.returncode == 0, exported.stderr.decode()
            leaks[f"report {to}"] = found_in(exported.stdout + exported.stderr)
        pdf = next((planted / "incidents").glob("*/report.pdf"))
        if shutil.which("pdftotext"):
            leaks["pdf text"] = found_in(subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, check=True).stdout)
    for path in (planted / "incidents").rglob("*"):
        if path.is_file():
            leaks[path.name] = found_in(path.read_bytes())
    assert {where: names for where, names in leaks.items() if names} == {}
    assert len(leaks) > (8 if arguments[-1] == "--json" else 1)
