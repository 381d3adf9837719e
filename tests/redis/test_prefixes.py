"""Prefixes are learned from keys alone, whatever their bytes."""

import secrets
import uuid
from collections import Counter

import pytest

from helpers.redis.keys import key_text
from helpers.redis.prefixes import belongs, glob, learn, shape


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        (b"customer:12", "customer:{id}"),
        (b"user:706dc9a5-95d9-43cf-8d52-f7172cc02f13:cart", "user:{id}:cart"),
        (b"stats:2026-11-23T10:00:visits", "stats:{id}:visits"),
        (b"stats:2026-11-23:visits", "stats:{id}:visits"),
        (b"rate:10.0.0.1", "rate:{id}"),
        (b"rate:client-12:29383838", "rate:client-{id}:{id}"),
        (b"mail:bob@example.com", "mail:{id}"),
        (b"sha:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717", "sha:{id}"),
        (b"job_123", "job_{id}"),
        (b"Order Line/77", "Order Line/{id}"),
        (b"cache:v2:GET:/orders?page=2", "cache:v2:GET:/orders?page={id}"),
        (b"i18n:en", "i18n:en"),
        (b"flag:new-checkout", "flag:new-checkout"),
        (b"customerShoppingCartIndex", "customerShoppingCartIndex"),
        (b"user_notification_settings", "user_notification_settings"),
        (b"\xff\x00:\x01", "{id}:{id}"),
        (b"a" * 5000, "{id}"),
        (b"", ""),
        ("größe:42".encode(), "größe:{id}"),
    ],
)
def test_what_looks_like_an_id_collapses(key, prefix):
    """And nothing else; the key belongs to its own prefix."""
    assert (shape(key), belongs(key, prefix)) == (prefix, True)


def test_random_tokens_collapse_nearly_always():
    """As session keys are made."""
    made = [secrets.token_urlsafe(16), secrets.token_hex(8), str(uuid.uuid4()), secrets.token_urlsafe(32)] * 500
    found = Counter(shape(f"session:{secrets.token_urlsafe(16)}".encode()) for _ in range(4000))
    assert {shape(f"s:{t}".encode()) for t in made[1:3]} == {"s:{id}"}
    assert found["session:{id}"] > 3900


def test_many_names_at_one_place_collapse_and_few_do_not():
    """user:alice, user:bob … are data; three flags are structure."""
    shapes = {f"user:{secrets.choice('bcdfg')}{n:c}".replace("\x00", "a"): 1 for n in range(97, 122)} | {f"flag:{f}": 1 for f in "abc"}
    learnt = set(learn(shapes).values())
    assert learnt == {"user:{name}", "flag:a", "flag:b", "flag:c"}


def test_belonging_follows_from_the_prefix_as_it_is_written():
    """Another structure does not belong, an id is no name, and a literal key is not taken for an id."""
    assert [belongs(k, "user:{id}") for k in (b"user:1", b"user:1:cart", b"user:count")] == [True, False, False]
    assert [belongs(k, "user:{name}") for k in (b"user:alice", b"user:1")] == [True, False]


@pytest.mark.parametrize("key", [b"a*b:1", b"[x]:2", b"q?:3", b"back\\slash:4", b"\xff\xfe:9"])
async def test_the_pattern_matches_its_own_keys_on_a_server(admin, session, key):
    """Whatever characters a pattern gives a meaning to."""
    await admin.set(key, 1)
    _, found = await session.ask("SCAN", 0, "MATCH", glob(shape(key)), "COUNT", 1000)
    assert found == [key]


def test_many_prefixes_are_structure_and_ids_that_look_like_words_are_ids():
    """Forty prefixes stay forty; a token without digits beside tokens is one of them; names that come first fold when they are many."""
    shapes = {f"kind{chr(97 + n % 26)}{chr(97 + n // 26)}:{{id}}": 50 for n in range(40)}
    tokens = {"session:{id}": 990, "session:ObBszjcAobXJRczfgYRXWiDw": 1, "session:count": 1}
    first = {f"{chr(97 + n % 26)}{chr(97 + n // 26)}{chr(97 + n % 7)}:cart": 1 for n in range(400)}
    assert (len(set(learn(shapes).values())), set(learn(tokens).values())) == (40, {"session:{id}", "session:count"})
    assert set(learn(first).values()) == {"{name}:cart"}


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (b"session:QvoZwgN8BQHeaDeSHzOtUg", "session:Qvoz…"),
        (b"sess:706dc9a5-95d9-43cf-8d52-f7172cc02f13:x", "sess:706d…:x"),
        (b"customer:12345678901234567890", "customer:12345678901234567890"),
        (b"\xff\x1b[31m", "\\xff\\x1b[31m"),
    ],
)
def test_a_key_is_shown_without_its_token(key, shown):
    """Who knows a session's id is logged in."""
    assert key_text(key).lower() == shown.lower()


def test_a_token_with_digits_in_it_beside_tokens_is_an_id():
    """What was not known by its looks is known by its neighbours, and not shown."""
    found = learn({"session:{id}": 2999, "session:jyycqfwUA{id}_UVEjuypi": 1, "cart:part_{id}": 5, "cart:{id}": 9})
    assert found == {
        "session:{id}": "session:{id}",
        "session:jyycqfwUA{id}_UVEjuypi": "session:{id}",
        "cart:part_{id}": "cart:part_{id}",
        "cart:{id}": "cart:{id}",
    }
