"""The git checkout of an application: what its code says, and patches for it; found by folder."""

from helpers.folder import lazy_members

__getattr__, __all__ = lazy_members(__name__, __file__, ("checks", "fixes", "probes"))


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
