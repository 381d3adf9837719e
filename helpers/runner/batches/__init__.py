"""The parts of a batch: rows, limits, turns, the disk, results, a cluster. `runbook batch` is put together in runner/batch.py."""

__all__: list[str] = []
