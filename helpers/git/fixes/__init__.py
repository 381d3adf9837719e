"""Fixes of an application's code: proposals, kept as branches; reached as `git.NAME`."""
