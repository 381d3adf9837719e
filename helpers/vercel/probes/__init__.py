"""Measurements of a Vercel project, one a file."""
