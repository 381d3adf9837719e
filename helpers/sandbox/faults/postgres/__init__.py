"""Faults of PostgreSQL."""
