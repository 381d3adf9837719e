"""Read-only questions to a Vercel project, one a file."""
