"""Where the pooler is: host and port beside the profile's own credentials, or a reference to a whole address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from helpers.errors import ParameterError, ProfileError
from helpers.redaction import add_secrets_of_url
from helpers.settings import resolve

__all__ = ["pooler_dsn", "with_database"]

_HOST_PORT = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+):)?(?P<port>\d{1,5})")


def pooler_dsn(dsn: str, pooler: str) -> str:
    """Return the address through the pooler, with its secret.

    Args:
        dsn: The profile's postgres address, whose role, password and database are used with a host and port.
        pooler: `host:port`, a port on the profile's host, or `env:NAME` / `file:PATH` that stand for a whole address;
            empty: the profile's own.

    Raises:
        ParameterError: none of these, or an address with its password written out.

    """
    if not pooler:
        return dsn
    if pooler.startswith(("env:", "file:")):
        try:
            found = resolve(pooler, where="pooler")
        except ProfileError as missing:
            raise ParameterError(missing.reason, remedy=missing.remedy) from missing
        add_secrets_of_url(found)
        return found
    given = _HOST_PORT.fullmatch(pooler)
    if given is None or not 0 < int(given["port"]) < 65536:
        raise ParameterError(
            "The pooler is given as host:port, or as env:NAME or file:PATH of its address.", remedy="pooler=127.0.0.1:6432"
        )
    parts = urlsplit(dsn)
    credentials, at, own = parts.netloc.rpartition("@")
    host = given["host"] or own.rpartition(":")[0] or own
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}{host}:{given['port']}"))


def with_database(dsn: str, database: str) -> str:
    """Return the same address with another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
