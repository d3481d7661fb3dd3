"""The limit of one person, as the owner of the database sets it."""

from __future__ import annotations

import psycopg


def set_limit(database_url: str, text: str) -> None:
    """Let one person move this much from now on: what `payratchet migrate` writes."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE money_limit SET written = %s, set_by = 'test'", (text,))
