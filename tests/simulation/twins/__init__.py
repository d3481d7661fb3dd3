"""Twins: what the statements of `workers.store` do to Postgres, done to memory.

Each has the name and the parameters of the function that it stands for; a test holds them together.
"""
