"""Faults of the web application and the platform it runs on."""
