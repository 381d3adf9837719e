"""Run runbooks: one by papermill, many in a batch; every limit, signal and dead kernel ends in a report."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.runner.batch import run_batch
    from helpers.runner.catalogue import RunbookInfo, find_runbook, find_runbooks
    from helpers.runner.run import RunResult, execute

__all__ = ["RunResult", "RunbookInfo", "execute", "find_runbook", "find_runbooks", "run_batch"]

_ROOMS = {"execute": "run", "RunResult": "run", "run_batch": "batch"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"helpers.runner.{_ROOMS.get(name, 'catalogue')}"), name)
