"""Replays of dead letters: what is frozen, tried, stopped, edited and taken over."""
