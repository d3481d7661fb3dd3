"""Payments, their facts and their history."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Blobs, Int4s, Int8s, Texts, Times
from domain.errors import Permanent
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.judgement import Known
from domain.money import Money
from domain.payment import Asked
from workers.columns import pack
from workers.store import corrections

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from psycopg import Cursor
    from psycopg.rows import TupleRow

    from domain.payment import Correction
    from workers.database import Transaction


class RecordDisagrees(Permanent):
    """What is stored of a payment is not what its facts say: somebody wrote past the rules."""


class PaymentChangedUnderLock(Exception):
    """A payment's version moved while its row was locked: somebody wrote without the lock."""


_READ = """
    SELECT id, reference, account, amount_minor, currency, provider, customer_id, cancelled,
           lock_version, head_hash, state, corrected
    FROM payment_logs WHERE reference = ANY(%b::text[])
    ORDER BY id
"""
_LOCK = f"{_READ} FOR NO KEY UPDATE"

_FACTS = """
    SELECT payment_id, kind, object_id, status, amount_minor, currency, capture_id
    FROM payment_facts WHERE payment_id = ANY(%b::bigint[])
    ORDER BY id
"""


def lock(tx: Transaction, references: Sequence[str]) -> dict[str, Known]:
    """Return the payments of these references with all facts known of them, rows locked.

    Locked in id order, so that two workers with the same payments never wait for each other in a
    circle; against writers only, so that rows that refer to them may come meanwhile.
    """
    return _all(tx, _LOCK, references)


def look(tx: Transaction, reference: str) -> Known | None:
    """Return the payment as it is at the moment, for whoever only looks; its row is not locked."""
    return _all(tx, _READ, [reference]).get(reference)


def _all(tx: Transaction, query: str, references: Sequence[str]) -> dict[str, Known]:
    rows = tx.execute(query, (Texts(sorted(set(references))),), binary=True).fetchall()
    told = facts(tx, [row[0] for row in rows if row[8] > 0])
    decided = corrections.newest(tx, [row[0] for row in rows if row[11]])
    return {row[1]: _known(row, told.get(row[0], ()), decided.get(row[0])) for row in rows}


def facts(tx: Transaction, payment_ids: Sequence[int]) -> dict[int, tuple[Fact, ...]]:
    """Return all facts known of these payments, in the order in which they were stored."""
    found: dict[int, tuple[Fact, ...]] = {}
    if not payment_ids:
        return found
    for payment_id, kind, object_id, status, amount_minor, currency, capture_id in tx.execute(
        _FACTS, (Int8s(payment_ids),), binary=True
    ):
        amount = None if currency is None else Money(currency, amount_minor)
        fact = Fact(FactKind(kind), object_id, FactStatus(status), amount, capture_id)
        found[payment_id] = (*found.get(payment_id, ()), fact)
    return found


def _known(row: TupleRow, told: tuple[Fact, ...], decided: Correction | None) -> Known:
    """Fold the facts. Raises RecordDisagrees when the row says otherwise."""
    (payment_id, reference, account, amount_minor, currency, provider, customer_id) = row[:7]
    money = Money(currency, amount_minor)
    asked = Asked(money, provider, customer_id, cancelled=row[7], correction=decided)
    position = fold(asked, told)
    if position.state != row[10]:
        raise RecordDisagrees(f"{reference} is stored as {row[10]}, its facts say {position.state}")
    return Known(
        payment_id=payment_id,
        reference=reference,
        asked=asked,
        account=account,
        version=row[8],
        head_hash=row[9],
        facts=told,
        position=position,
    )


class StoredFact(NamedTuple):
    """A fact on its way into the set."""

    payment_id: int
    kind: str
    object_id: str
    status: str
    amount_minor: int | None
    currency: str | None
    capture_id: str | None
    provider_at_s: int | None
    event_id: int


class Step(NamedTuple):
    """One row of a payment's history."""

    payment_id: int
    version: int
    from_state: str
    event: str
    to_state: str
    event_id: int | None
    actor: str
    reason: str
    captured_minor: int
    refunded_minor: int
    disputed_minor: int
    at: datetime
    prev_hash: bytes
    hash: bytes


class Moved(NamedTuple):
    """A payment to save: where it was, and where it is now."""

    before_version: int
    after: Known
    provider_reference: str | None


_FACTS_ADDED = """
        INSERT INTO payment_facts (payment_id, kind, object_id, status, amount_minor, currency,
                                   capture_id, provider_at, event_id)
        SELECT f.payment_id, f.kind, f.object_id, f.status, f.amount_minor, f.currency,
               f.capture_id, to_timestamp(f.at_s), f.event_id
        FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::text[],
                    %b::text[], %b::bigint[], %b::bigint[]) WITH ORDINALITY
            AS f(payment_id, kind, object_id, status, amount_minor, currency, capture_id, at_s,
                 event_id, n)
        ORDER BY f.n"""
_FACT_KINDS = (Int8s, Texts, Texts, Texts, Int8s, Texts, Texts, Int8s, Int8s)

_STEPS_ADDED = """
        INSERT INTO payment_transitions (payment_id, version, from_state, event, to_state,
            event_id, actor, reason, captured_minor, refunded_minor, disputed_minor, at,
            prev_hash, hash)
        SELECT * FROM unnest(%b::bigint[], %b::integer[], %b::text[], %b::text[], %b::text[],
            %b::bigint[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
            %b::timestamptz[], %b::bytea[], %b::bytea[])"""
_STEP_KINDS = (
    *(Int8s, Int4s, Texts, Texts, Texts, Int8s, Texts, Texts, Int8s, Int8s, Int8s),
    *(Times, Blobs, Blobs),
)

_MOVE = f"""
    WITH fact AS ({_FACTS_ADDED}
    ), step AS ({_STEPS_ADDED}
    )
    UPDATE payment_logs p
    SET state = n.state, captured_minor = n.captured_minor, refunded_minor = n.refunded_minor,
        disputed_minor = n.disputed_minor, lock_version = n.version, head_hash = n.head_hash,
        provider_reference = coalesce(p.provider_reference, n.provider_reference),
        updated_at = now()
    FROM unnest(%b::bigint[], %b::integer[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
                %b::integer[], %b::bytea[], %b::text[])
        AS n(id, before_version, state, captured_minor, refunded_minor, disputed_minor, version,
             head_hash, provider_reference)
    WHERE p.id = n.id AND p.lock_version = n.before_version
"""
_MOVED_KINDS = (Int8s, Int4s, Texts, Int8s, Int8s, Int8s, Int4s, Blobs, Texts)


class Saved(NamedTuple):
    """Payments on their way to be saved: how many, and by which statement."""

    wanted: int
    cursor: Cursor[TupleRow] | None

    def require_all(self) -> None:
        """Raise PaymentChangedUnderLock when a fence was broken; ask once the statement is done."""
        if self.cursor is not None and self.cursor.rowcount != self.wanted:
            raise PaymentChangedUnderLock(f"{self.wanted - self.cursor.rowcount} of {self.wanted}")


def move(
    tx: Transaction, moved: Sequence[Moved], new: Sequence[StoredFact], steps: Sequence[Step]
) -> Saved:
    """Write where the payments stand now, the facts that say so in their order, and the steps.

    A fact that is there already is an error of the caller; a payment that moves without its steps
    is refused by the database. The caller asks afterwards whether all payments were written.
    """
    if not moved:
        return Saved(0, None)
    columns = (
        *pack(new, _FACT_KINDS),
        *pack(steps, _STEP_KINDS),
        *pack([_row(each) for each in moved], _MOVED_KINDS),
    )
    return Saved(len(moved), tx.execute(_MOVE, columns))


def _row(moved: Moved) -> tuple[object, ...]:
    after = moved.after
    return (
        after.payment_id,
        moved.before_version,
        after.position.state,
        after.position.captured_minor,
        after.position.refunded_minor,
        after.position.disputed_minor,
        after.version,
        after.head_hash,
        moved.provider_reference,
    )


_CANCEL = f"""
    WITH step AS ({_STEPS_ADDED}
    )
    UPDATE payment_logs
    SET cancelled = true, state = %s, lock_version = %s, head_hash = %s, updated_at = now()
    WHERE id = %s AND lock_version = %s
"""


def cancel(tx: Transaction, known: Known, step: Step) -> None:
    """Cut the payment's facts off: it is cancelled, and money that comes yet is nobody's.

    Raises PaymentChangedUnderLock when the payment is not as it was read.
    """
    values = (
        *pack([step], _STEP_KINDS),
        *(step.to_state, step.version, step.hash, known.payment_id, known.version),
    )
    if tx.execute(_CANCEL, values).rowcount != 1:
        raise PaymentChangedUnderLock(known.reference)


_CORRECT = f"""
    WITH step AS ({_STEPS_ADDED}
    )
    UPDATE payment_logs
    SET state = %s, captured_minor = %s, refunded_minor = %s, disputed_minor = %s, cancelled = %s,
        corrected = true, lock_version = %s, head_hash = %s, updated_at = now()
    WHERE id = %s AND lock_version = %s
"""


def correct(tx: Transaction, known: Known, step: Step, asked: Asked) -> None:
    """Move the payment to where a person says that it is; `asked` has the decision in it.

    The decision itself is written by `corrections.add`. Raises PaymentChangedUnderLock when the
    payment is not as it was read.
    """
    values = (
        *pack([step], _STEP_KINDS),
        *(step.to_state, step.captured_minor, step.refunded_minor, step.disputed_minor),
        *(asked.cancelled, step.version, step.hash, known.payment_id, known.version),
    )
    if tx.execute(_CORRECT, values).rowcount != 1:
        raise PaymentChangedUnderLock(known.reference)


_DETAILS = "SELECT provider_reference, authorization_url FROM payment_logs WHERE id = %s"


class Details(NamedTuple):
    """What is known of a payment besides its facts."""

    provider_reference: str | None
    authorization_url: str | None


def details(tx: Transaction, payment_id: int) -> Details:
    """Return what the provider calls the payment, and where it is paid."""
    row = tx.execute(_DETAILS, (payment_id,)).fetchone()
    return Details(*row) if row else Details(None, None)


_TELL = """
    UPDATE payment_logs
    SET authorization_url = coalesce(%(url)s, authorization_url),
        provider_reference = coalesce(provider_reference, %(name)s), updated_at = now()
    WHERE id = %(id)s
      AND ((%(url)s::text IS NOT NULL AND authorization_url IS DISTINCT FROM %(url)s)
           OR (%(name)s::text IS NOT NULL AND provider_reference IS NULL))
"""


def tell(tx: Transaction, payment_id: int, *, url: str | None, name: str | None) -> None:
    """Write where the payment is paid, and what its provider calls it if nobody knew."""
    if url is not None or name is not None:
        tx.execute(_TELL, {"id": payment_id, "url": url, "name": name})


_MEANT = """
    SELECT e.id, p.provider, p.account, p.reference
    FROM unnest(%b::bigint[], %b::timestamptz[]) AS u(event_id, received_at)
    JOIN inbound_events e ON e.id = u.event_id AND e.received_at = u.received_at
    JOIN payment_logs p ON p.reference = e.reference AND p.provider = e.source
        AND p.account = e.account
    ORDER BY e.id
"""


class Meant(NamedTuple):
    """An event, and the payment that its reference is, as far as the door could read it."""

    event_id: int
    provider: str
    account: str
    reference: str


def meant(tx: Transaction, events: Sequence[tuple[int, datetime]]) -> list[Meant]:
    """Return the payments of events that nobody can read as a whole."""
    rows = tx.execute(_MEANT, pack(events, (Int8s, Times))).fetchall()
    return [Meant(*row) for row in rows]
