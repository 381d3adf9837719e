"""Faults of the API: changes of its code and its settings, deployed."""
