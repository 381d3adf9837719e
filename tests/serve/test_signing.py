"""Each sender's own scheme, and nothing else."""

import pytest

from helpers.serve.refusal import Refusal
from helpers.serve.signing import Keys, may_read, proof_of
from tests.serve.sending import BEARER, NOW, SECRET, TOKEN, body, signature, signed

BODY = body()
BOTH = Keys(TOKEN, SECRET)
AT = str(int(NOW))


def proven(headers, keys=BOTH, content=BODY, now=NOW):
    """The scheme and whether it is good once only, or why not."""
    try:
        proof = proof_of(headers, content, keys, now=now, window_s=300)
    except Refusal as refused:
        return refused.status, refused.name
    return proof.scheme, bool(proof.once)


def grafana(at=AT, message=None, **more):
    message = f"{at}:".encode() + BODY if message is None else message
    return {"x-grafana-alerting-signature": signature(message), **({"x-grafana-alerting-timestamp": at} if at else {}), **more}


@pytest.mark.parametrize(
    ("headers", "proof"),
    [
        (BEARER, ("bearer", False)),
        ({"authorization": f"bearer {TOKEN}"}, ("bearer", False)),
        (signed(BODY), ("runbook", True)),
        (grafana(), ("grafana", True)),
        (grafana(at="", message=BODY), ("grafana", False)),
        ({"sentry-hook-signature": signature(BODY)}, ("sentry", False)),
        ({}, (401, "unsigned")),
        ({"authorization": "Bearer wrong"}, (401, "unsigned")),
        ({"authorization": f"Basic {TOKEN}"}, (401, "unsigned")),
        ({"authorization": "Bearer "}, (401, "unsigned")),
        ({"authorization": "Bearer \u00e9\udcff"}, (401, "unsigned")),
        (signed(BODY, secret="another"), (401, "unsigned")),
        (signed(BODY + b" "), (401, "unsigned")),
        (signed(BODY, at=NOW - 301), (401, "stale")),
        (signed(BODY, at=NOW + 301), (401, "stale")),
        ({"x-runbook-signature": ""}, (401, "unsigned")),
        ({"x-runbook-signature": f"t={AT},v1="}, (401, "unsigned")),
        ({"x-runbook-signature": f"t=nan,v1={signature(b'nan.' + BODY)}"}, (401, "stale")),
        ({"x-runbook-signature": f"t=,v1={signature(b'.' + BODY)}"}, (401, "stale")),
        ({"x-runbook-signature": f"t={'9' * 400},v1={signature(b'9' * 400 + b'.' + BODY)}"}, (401, "stale")),
        (grafana(at=str(int(NOW) - 999)), (401, "stale")),
        (grafana(at=AT, message=BODY), (401, "unsigned")),  # the time is not signed
        ({"x-grafana-alerting-signature": grafana()["x-grafana-alerting-signature"]}, (401, "unsigned")),  # its time taken away
        ({"sentry-hook-signature": signature(BODY, "another")}, (401, "unsigned")),
        ({"sentry-hook-signature": signature(b"")}, (401, "unsigned")),
    ],
)
def test_a_request_is_believed_by_the_right_token_or_signature_alone(headers, proof):
    """With its time, it is good for one use within the window."""
    assert proven(headers) == proof


@pytest.mark.parametrize(
    ("keys", "headers", "proof"),
    [
        (Keys(token=TOKEN), signed(BODY), (401, "unsigned")),
        (Keys(secret=SECRET), BEARER, (401, "unsigned")),
        (Keys(secret=SECRET), {"authorization": "Bearer "}, (401, "unsigned")),
        (Keys(token=TOKEN), {"sentry-hook-signature": signature(BODY, "")}, (401, "unsigned")),
        (Keys(), {}, ("none", False)),
    ],
)
def test_what_is_not_set_up_proves_nothing(keys, headers, proof):
    """An empty secret signs nothing."""
    assert proven(headers, keys) == proof


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        (BEARER, True),
        (signed(b""), True),
        (signed(b"", at=NOW - 999), False),
        ({"sentry-hook-signature": signature(b"")}, False),  # it is the same for ever
        ({}, False),
    ],
)
def test_the_status_is_for_those_with_the_token_or_a_signature_with_its_time(headers, allowed):
    """No body is signed there."""
    assert may_read(headers, BOTH, now=NOW, window_s=300) is allowed


def test_keys_do_not_show_themselves():
    """Neither in a log nor in a traceback."""
    assert (TOKEN in repr(BOTH), SECRET in repr(BOTH)) == (False, False)
