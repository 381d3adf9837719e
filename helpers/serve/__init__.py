"""The receiver of alerts: what is signed, small and new becomes a triage, one after the other; it reads, and there is no way to apply from here."""

from helpers.serve.limits import Limits

__all__ = ["Limits"]
