"""The evidence: what senders were told, what providers booked, what was seen, and our database.

All of it is plain, so that a test can plant a violation anywhere. What is large is compared in the
database: it is copied into temporary tables beside the ones that it is held against.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from psycopg import Connection

    Row = dict[str, Any]

NAMED_MAX = 20
"""Exceptions that a query names; one is enough to fail."""


class Acked(NamedTuple):
    """An event that was answered 200: the number that its sender gave it, and our id of it."""

    event: int
    event_id: int


class Booked(NamedTuple):
    """What a provider has of one payment in one currency, in minor units.

    `is_announced` says whether the payment was made known to the service.
    """

    provider: str
    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int
    charged_back_minor: int
    fees_minor: int
    is_announced: bool = True


class Compared(NamedTuple):
    """How many things were compared where they happened, and what contradicted."""

    checked: int
    problems: tuple[str, ...]


class Refund(NamedTuple):
    """One refund of a payment: what was asked, or what a provider made of it."""

    payment: str
    amount_minor: int
    status: str


class Debit(NamedTuple):
    """Credit that was spent."""

    customer_id: str
    amount_minor: int
    currency: str


NOTHING = Compared(0, ())


@dataclass(frozen=True, slots=True)
class Asked:
    """What services asked over the API, and what they were told.

    `payments` has (customer, amount, currency) of each acknowledged reference, `refunds` each
    acknowledged refund by its reference, `debits` what was spent, `reversed` what was given back,
    `cancelled` payments whose cancellation was accepted.
    `unexpected` are all requests, and those whose answer nothing excuses. `client_id` asked all of
    it; `is_over` says that nothing of it is left unanswered.
    """

    client_id: str = ""
    is_over: bool = True
    payments: Mapping[str, tuple[str, int, str]] = field(default_factory=dict)
    refunds: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    debits: Mapping[str, Debit] = field(default_factory=dict)
    reversed: frozenset[str] = frozenset()
    cancelled: frozenset[str] = frozenset()
    same_bytes: Compared = NOTHING
    other_body_refused: Compared = NOTHING
    within_capture: Compared = NOTHING
    unexpected: Compared = NOTHING


@dataclass(frozen=True, slots=True)
class Made:
    """What providers did because our workers asked them.

    `effects` counts the effects of each (operation, reference); `refunds` are those in their books,
    `doubled` how many of a payment a provider without keys made twice though asked once, `lied` the
    payments about which one has told another amount than it had.
    """

    effects: Mapping[tuple[str, str], int] = field(default_factory=dict)
    refunds: Sequence[Refund] = ()
    doubled: Mapping[str, int] = field(default_factory=dict)
    lied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Heard:
    """How requests were answered. `answers` counts statuses of genuine webhooks, `unanswered` those
    tries of them that got none.

    `dishonest` names answers that say less than they must, such as a 503 without Retry-After.
    `contradictions` are events that were given two ids, or accepted twice. `forged` are attackers'
    request ids; `attacks` are their tries, and those that were not refused. `hasty` is how often a
    client was let in that asks more often than it may, and when that was once too often. `stale` is
    how many requests of an hour ago were let in, as duplicates; `struck` are the faults there were.
    """

    answers: Mapping[int, int] = field(default_factory=Counter)
    dishonest: Sequence[str] = ()
    contradictions: Sequence[str] = ()
    forged: Sequence[str] = ()
    attacks: Compared = NOTHING
    hasty: Compared = NOTHING
    unanswered: int = 0
    stale: int = 0
    struck: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the processes while everything ran.

    `snapshots` are the bank checks in the middle of things; `bounds` what must not grow,
    `duties` what is owed while faults strike.
    `logs` is the folder with every process's log, `secrets` what must not be in them.
    """

    snapshots: Compared = NOTHING
    bounds: Compared = NOTHING
    processes: Compared = NOTHING
    settled: Compared = NOTHING
    duties: Compared = NOTHING
    logs: Path | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Evidence:
    """All that is known of one run; `connection` sees the database at rest.

    `audit` is what `payratchet audit verify` said. `is_fault_free` says that nothing struck.
    """

    connection: Connection
    acked: Iterable[Acked] = ()
    booked: Iterable[Booked] = ()
    asked: Asked = field(default_factory=Asked)
    made: Made = field(default_factory=Made)
    heard: Heard = field(default_factory=Heard)
    seen: Seen = field(default_factory=Seen)
    audit: Mapping[str, Any] = field(default_factory=dict)
    is_fault_free: bool = False

    def lay_out(self) -> None:
        """Copy what is large into temporary tables; once, before anything is checked."""
        with self.connection.cursor() as cursor:
            for statement in _TABLES:
                cursor.execute(statement)
            with cursor.copy("COPY chaos_acked FROM STDIN") as copy:
                for acked in self.acked:
                    copy.write_row(acked)
            with cursor.copy("COPY chaos_booked FROM STDIN") as copy:
                for booked in self.booked:
                    copy.write_row(booked)
            cursor.execute("ANALYZE chaos_acked")
            cursor.execute("ANALYZE chaos_booked")

    def rows(self, query: str, *values: object) -> list[Row]:
        """Return the rows of a query of ours."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), values or None).fetchall()

    def rows_by(self, query: str, named: Mapping[str, object]) -> list[Row]:
        """Return the rows of a query of ours whose values have names."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), named).fetchall()

    def count(self, query: str) -> int:
        """Return the number that a query of ours asks for."""
        row = self.connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


_TABLES = (
    """
    CREATE TEMP TABLE chaos_acked (event bigint NOT NULL, event_id bigint NOT NULL)
    """,
    """
    CREATE TEMP TABLE chaos_booked
        (provider text NOT NULL, reference text NOT NULL, currency text NOT NULL,
         captured bigint NOT NULL, refunded bigint NOT NULL, charged_back bigint NOT NULL,
         fees bigint NOT NULL, is_announced boolean NOT NULL)
    """,
)
