"""Which commit made it worse, measured: revisions built and started in a throw-away clone."""
