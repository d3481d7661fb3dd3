"""Payratchet's decisions: pure computation, no I/O, no clock, no environment, no randomness."""
