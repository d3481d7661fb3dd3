"""Which world, live or test, a source's account turned out to be in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.database import Transaction

_PIN = """
    INSERT INTO source_modes (source, account, mode, event_id) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""


def pin(tx: Transaction, source: str, account: str, *, mode: str, event_id: int) -> str:
    """Return the account's mode; the first event that names one decides it for good.

    A secret belongs to one world only, so what it signed first tells which that is.
    """
    tx.execute(_PIN, (source, account, mode, event_id))
    row = tx.execute(
        "SELECT mode FROM source_modes WHERE source = %s AND account = %s", (source, account)
    ).fetchone()
    assert row is not None  # noqa: S101 - the row was there or has just been made
    pinned: str = row[0]
    return pinned
