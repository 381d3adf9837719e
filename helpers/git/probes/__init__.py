"""Measurements of an application's code, one file each; reached as `git.NAME`."""
