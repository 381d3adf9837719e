"""Probes that read the log of live traffic, one file each; reached as `logs.NAME`."""
