"""Checks of the logs, one file each; reached as `logs.NAME`."""
