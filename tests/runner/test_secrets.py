"""No secret, and no literal of a given statement, in the stored notebook."""

from pathlib import Path

import pytest

from helpers.runner import execute
from helpers.runner.stored import looks_like_sql, masked_parameters
from tests.runner.toys import PARAMETERS, Toy, code_cells

pytestmark = pytest.mark.usefixtures("kernels")

CANARY = "p@ss/w:rd-canary-77"
QUERY = "SELECT * FROM users WHERE email = 'canary@example.org' AND \"Name\" = 'x'"


def files(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


async def test_a_profiles_secret_is_nowhere(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Printed, displayed, raised, in an error's traceback: the password of the profile's address is masked."""
    monkeypatch.setenv("CANARY_URL", "http://user:p%40ss%2Fw%3Ard-canary-77@127.0.0.1:9/")
    (tmp_path / "profiles.toml").write_text('[empty]\napi = "env:CANARY_URL"\n')
    toy("import os; s = 'p@ss/w:rd-canary-77'; print(os.environ['CANARY_URL'], s)", "s", "raise ValueError(s)", bare=True)
    result = await execute("toy")
    kept = files(result.folder)
    assert (CANARY in kept, "p%40ss%2Fw%3Ard-canary-77" in kept, result.exit_code) == (False, False, 4)


async def test_a_statements_literals_are_masked_in_what_is_kept(toy: Toy) -> None:
    """The cell runs the true statement; cells, metadata and outputs keep it without its literals."""
    toy("assert 'canary' + '@' in query; print(query)", parameters=PARAMETERS + '\nquery = ""', bare=True)
    result = await execute("toy", {"query": QUERY})
    kept = files(result.folder)
    assert ("canary@example.org" in kept, "SELECT * FROM users WHERE email = '•••'" in kept) == (False, True)
    assert result.document.broken == "The notebook ended before incident.document()."


def test_what_looks_like_a_statement() -> None:
    """A parameter named query, or a text that begins like SQL."""
    found = [looks_like_sql("query", "x"), looks_like_sql("statement", " -- c\nselect 1"), looks_like_sql("endpoint", "GET /select")]
    assert found == [True, True, False]


def test_a_value_under_a_secrets_name_is_masked() -> None:
    """Metadata keeps the name, not the value."""
    assert masked_parameters({"api_token": "abcdefgh", "n": 1}) == {"api_token": "•••", "n": 1}


async def test_a_text_that_looks_like_an_empty_password_keeps_the_notebook_readable(toy: Toy) -> None:
    """Redaction happens text by text, so that the file stays JSON."""
    toy("""print('password=""', "token='x\\"'")""")
    result = await execute("toy")
    assert (result.exit_code, len(code_cells(result.folder))) == (3, 3)


async def test_a_gigabyte_is_cut_before_it_is_redacted(toy: Toy) -> None:
    """Once the incident is open every print is redacted; what is cut anyway is not."""
    toy("print('y ' * 500_000_000)")
    result = await execute("toy", cell_timeout_s=60)
    assert result.exit_code == 3


async def test_such_a_text_keeps_the_document_readable_too(toy: Toy) -> None:
    """incident.json is JSON whatever the evidence quotes."""
    toy("""_ = incident.finish('reproduce', 'done', 'log: password=""')""")
    result = await execute("toy")
    assert (result.exit_code, result.document.steps[0].summary) == (3, 'log: password=""')
