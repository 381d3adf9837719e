"""The parts of a report, one file each, each a function of the incident as read."""
