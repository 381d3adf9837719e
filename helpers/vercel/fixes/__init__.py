"""Proposals for a Vercel project, one a file."""
