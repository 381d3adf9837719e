"""Runbooks for backend incidents: reproduce, isolate, investigate, fix, verify, document."""

__version__ = "0.1.0"
__all__ = ["__version__"]
