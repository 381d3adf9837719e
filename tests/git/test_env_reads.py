"""Where the code reads variables, and whether it can do without."""

import pytest

from helpers.git import env_reads
from helpers.results import Status
from tests.git.checkouts import checkout


async def needs(folder, files):
    session = await checkout(folder, files)
    found = await env_reads(session)
    return {read.name: read.need for read in found}, found


TYPESCRIPT = {
    "required": [
        "send(process.env.KEY!);", "process.env.KEY.split(',');", "if (!process.env.KEY) throw new Error('x');",
        "const key = process.env.KEY;\nif (!key) {\n  console.error('no');\n  process.exit(1);\n}", "send(process.env['KEY'] as string)\n;process.env.KEY!",
        "function f() { const key = process.env.KEY; if (!key) throw new Error('x'); return key; }",
    ],
    "optional": [
        "const a = process.env.KEY ?? 'x';", "const a = process.env.KEY || 'x';", "if (process.env.KEY) go();", "const a = process.env.KEY === '1';",
        "const a = process.env.KEY?.trim();", "const key = process.env.KEY;\nconst b = key ?? 'x';", "const { KEY = 'x' } = process.env;",
        "const a = process.env.KEY ? 1 : 2;", "const a = !process.env.KEY;", "const key = process.env.KEY;\nif (!key) return null;",
    ],
    "unknown": ["send(process.env.KEY);", "const { KEY } = process.env;", "export const key = process.env.KEY;"],
}  # fmt: skip


@pytest.mark.parametrize(("need", "text"), [(need, text) for need, texts in TYPESCRIPT.items() for text in texts])
async def test_a_read_in_typescript(tmp_path, need, text):
    """Required where its absence throws, optional where it has a default or is asked for."""
    found, result = await needs(tmp_path, {"lib/a.ts": text})
    found = {name: "required" if "required" in {r.need for r in result} else kind for name, kind in found.items()}
    assert found == {"KEY": need}


async def test_a_schema_names_what_it_holds_against_the_environment(tmp_path):
    """zod: a field without a default is required; another schema is no schema of the environment."""
    text = "const s = z.object({ A_URL: z.string().min(1), B: z.coerce.number().default(5), C: z.string().optional() });\n"
    used, _ = await needs(tmp_path / "used", {"env.ts": text + "export const env = s.parse(process.env);"})
    other, _ = await needs(tmp_path / "other", {"query.ts": text + "s.parse(input);"})
    assert (used, other) == ({"A_URL": "required", "B": "optional", "C": "optional"}, {})


async def test_t3_env_and_envalid_are_schemas_too(tmp_path):
    """By the names of their functions."""
    t3 = "export const env = createEnv({ server: { A_KEY: z.string() }, client: { NEXT_PUBLIC_B: z.string().optional() }, runtimeEnv: process.env });"
    envalid = "export const env = cleanEnv(process.env, { C_KEY: str(), D: str({ default: 'x' }) });"
    found, _ = await needs(tmp_path, {"a.ts": t3, "b.ts": envalid})
    assert found == {"A_KEY": "required", "NEXT_PUBLIC_B": "optional", "C_KEY": "required", "D": "optional"}


async def test_reads_by_a_computed_name_are_counted(tmp_path):
    """What is written, or deleted, is no read."""
    found, result = await needs(
        tmp_path, {"a.ts": "const a = process.env[name]; process.env.SET = 'x';", "tests/b.ts": "process.env.OTHER!"}
    )
    assert (found, result.status, result.facts["dynamic"]) == ({}, Status.SKIPPED, 1)


async def test_reads_in_python(tmp_path):
    """os.environ, os.getenv, and the settings of pydantic."""
    text = """
import os
from os import environ, getenv
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

A = os.environ["A"]
B = environ.get("B")
C = getenv("C", "x")
D = os.getenv("D") or "x"
E = "E" in os.environ


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")
    url: str
    size: int = 5
    key: str = Field(validation_alias="THE_KEY")
    name: str = Field(default="x")
"""
    found, _ = await needs(tmp_path, {"shop/settings.py": text})
    assert found == {"A": "required", "B": "unknown", "C": "optional", "D": "optional", "E": "optional", "SHOP_URL": "required",
                     "SHOP_SIZE": "optional", "THE_KEY": "required", "SHOP_NAME": "optional"}  # fmt: skip
