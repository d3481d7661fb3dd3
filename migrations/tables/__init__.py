"""Every table of the schema, as SQLAlchemy Core knows tables.

The migrations make the tables; this says what they are meant to come to, so that a check can hold
one against the other. Nothing that runs reads it: `workers/store/` writes its own SQL.
"""

from __future__ import annotations

from migrations.tables import (
    calls,
    clients,
    inbound,
    letters,
    money,
    payments,
    people,
    replays,
    sources,
    watching,
)
from migrations.tables.columns import METADATA

__all__ = [
    "METADATA",
    "calls",
    "clients",
    "inbound",
    "letters",
    "money",
    "payments",
    "people",
    "replays",
    "sources",
    "watching",
]
