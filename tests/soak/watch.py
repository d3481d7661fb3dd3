"""Watching from the database how far everything has come."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Sequence

_COUNTS = """
    SELECT (SELECT count(*) FROM payment_logs) AS payments,
           (SELECT count(*) FROM payment_logs WHERE state IN ('pending', 'processing')),
           (SELECT count(*) FROM inbound_work),
           (SELECT count(*) FROM claims),
           (SELECT count(*) FROM provider_calls WHERE ended_at IS NULL),
           (SELECT count(*) FROM refunds WHERE settled_at IS NULL)
"""
_COMPLETED = """
    SELECT reference FROM payment_logs WHERE state = 'completed' AND reference = ANY(%s)
"""
_UNSETTLED = "SELECT reference FROM payment_logs WHERE state IN ('pending', 'processing')"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many payments there are, and how much of everything is open."""

    payments: int
    unsettled: int
    work: int
    claims: int
    live_calls: int
    open_refunds: int

    @property
    def settled(self) -> int:
        """How many payments have an outcome."""
        return self.payments - self.unsettled

    @property
    def open(self) -> str:
        """What is open, in words; empty when nothing is."""
        open_ = {
            each.name.replace("_", " "): getattr(self, each.name)
            for each in fields(self)
            if each.name != "payments"
        }
        return ", ".join(f"{count} {name}" for name, count in open_.items() if count)


class Watch:
    """One connection that looks and changes nothing; not for two threads at once."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def counts(self) -> Counts:
        """Count."""
        row = self._connection.execute(_COUNTS).fetchone()
        assert row is not None  # a row of counts is always there
        return Counts(*row)

    def unsettled(self) -> list[str]:
        """Return the payments that have no outcome yet."""
        return [row[0] for row in self._connection.execute(_UNSETTLED).fetchall()]

    def completed(self, references: Sequence[str]) -> list[str]:
        """Return those of these payments that are completed."""
        rows = self._connection.execute(_COMPLETED, [list(references)]).fetchall()
        return [row[0] for row in rows]
