"""The command line `runbook …`, one file per command."""
