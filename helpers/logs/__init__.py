"""Log files as a system that is asked, beside PostgreSQL, Redis and the API; its checks are found by folder."""

from helpers.folder import lazy_members

__getattr__, __all__ = lazy_members(__name__, __file__, ("checks", "probes"))


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
