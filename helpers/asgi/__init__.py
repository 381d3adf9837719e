"""What a Python API knows of itself, written to its own log: an ASGI middleware that is opted into.

    from helpers.asgi import RuntimeMiddleware
    app.add_middleware(RuntimeMiddleware, pools={"postgres": lambda: app.state.pool})

It needs nothing but ASGI and the standard library, and is imported by applications: nothing else of this package may come with it.
"""

from helpers.asgi.holders import held_by_route, named_by_route, watch_engine
from helpers.asgi.middleware import RuntimeMiddleware
from helpers.asgi.requests import http_route, request_id
from helpers.asgi.stamps import RequestStamp, stamp, stamped, stamped_connection

__all__ = [
    "RequestStamp",
    "RuntimeMiddleware",
    "held_by_route",
    "http_route",
    "named_by_route",
    "request_id",
    "stamp",
    "stamped",
    "stamped_connection",
    "watch_engine",
]
