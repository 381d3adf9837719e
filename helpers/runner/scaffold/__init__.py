"""The files a new failure mode begins with: planned, then written, and never over something that is there."""

from helpers.runner.scaffold.plan import Plan, planned
from helpers.runner.scaffold.writing import write

__all__ = ["Plan", "planned", "write"]
