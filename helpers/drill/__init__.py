"""Drills: the sandbox is broken in a way nobody is told, and what is found is scored."""
