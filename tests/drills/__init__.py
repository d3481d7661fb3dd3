"""Drills: what goes wrong one night, found and cured with the operator's commands alone."""
