"""The same analyses on engines beyond one machine."""
