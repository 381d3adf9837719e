"""An application whose log says nothing of itself, as without the middleware."""

LINE = '{"event": "request", "timestamp": "2026-03-03T08:00:00Z", "level": "info", "http_response_status_code": 200, "duration_ms": 3}\n'


def without_runtime_lines(sandbox):
    """The profile's log is another file from here on; the application goes on writing to the old one."""
    for path in (sandbox.folder / "logs").glob("shop-api*.ndjson"):
        path.rename(path.with_suffix(".old"))
    (sandbox.folder / "logs" / "shop-api-0.ndjson").write_text(LINE)
