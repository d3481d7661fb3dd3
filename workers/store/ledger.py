"""The books: entries, customers' balances, and the statement customers see."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from domain.ledger import CUSTOMER_PREFIX, Leg, Movement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from workers.database import Transaction


class Posting(NamedTuple):
    """A movement to write, and what it belongs to.

    The last four fields are for the customer's statement; they are used only where a leg
    touches a customer's credit.
    """

    movement: Movement
    payment_id: int | None
    event_id: int | None
    at: datetime
    kind: str = "adjustment"
    reference: str = ""
    client_id: str = ""
    idempotency_key: UUID | None = None
    service: str | None = None
    description: str | None = None
    reverses_id: int | None = None


_MOVEMENT_IDS = "SELECT nextval('ledger_movement_ids') FROM generate_series(1, %s)"

_POST = """
    INSERT INTO ledger_entries (movement_id, leg, payment_id, effect, object_id, account,
                                amount_minor, currency, event_id, at)
    SELECT * FROM unnest(%b::bigint[], %b::smallint[], %b::bigint[], %b::text[], %b::text[],
        %b::text[], %b::bigint[], %b::text[], %b::bigint[], %b::timestamptz[])
"""


def post(tx: Transaction, postings: Sequence[Posting]) -> None:
    """Write movements with all their legs in one statement, and what customers see of them.

    Locks the balances of the customers concerned, in order of customer and currency. Raises
    psycopg.errors.UniqueViolation when an effect was posted before: it is never posted twice.
    """
    if not postings:
        return
    _state_credit(tx, _insert(tx, _POST, postings))


_HOLD = f"{_POST} ON CONFLICT ON CONSTRAINT ledger_entries_effect_once DO NOTHING"


def hold(tx: Transaction, postings: Sequence[Posting]) -> None:
    """Write movements that touch no customer, unless they are in the books already.

    All legs of a movement are new or none is, so the books stay balanced. The caller sorts them
    by name, so that two holders of the same money wait for each other in one order.
    """
    if postings:
        _insert(tx, _HOLD, postings)


def _insert(
    tx: Transaction, statement: str, postings: Sequence[Posting]
) -> list[tuple[int, Posting]]:
    ids = [row[0] for row in tx.execute(_MOVEMENT_IDS, (len(postings),)).fetchall()]
    numbered = list(zip(ids, postings, strict=True))
    legs = list(chain.from_iterable(_legs(movement_id, p) for movement_id, p in numbered))
    tx.execute(statement, [list(column) for column in zip(*legs, strict=True)])
    return numbered


def _legs(movement_id: int, posting: Posting) -> Iterable[tuple[object, ...]]:
    movement = posting.movement
    for number, leg in enumerate(movement.legs, start=1):
        yield (
            movement_id,
            number,
            posting.payment_id,
            movement.effect,
            movement.object_id,
            leg.account,
            leg.amount_minor,
            leg.currency,
            posting.event_id,
            posting.at,
        )


class _Balance(NamedTuple):
    balance_minor: int
    version: int


def _state_credit(tx: Transaction, numbered: Sequence[tuple[int, Posting]]) -> None:
    """Move the balances and write one statement row for each leg on a customer's credit."""
    lines = [
        (movement_id, posting, leg)
        for movement_id, posting in numbered
        for leg in posting.movement.legs
        if leg.account.startswith(CUSTOMER_PREFIX)
    ]
    if not lines:
        return
    balances = _lock_balances(tx, {_owner(leg) for _, _, leg in lines})
    rows = []
    for movement_id, posting, leg in lines:
        before = balances[_owner(leg)]
        after = _Balance(before.balance_minor + leg.amount_minor, before.version + 1)
        balances[_owner(leg)] = after
        rows.append(_statement_row(movement_id, posting, leg, after))
    _save_balances(tx, balances)
    tx.execute(_STATE, [list(column) for column in zip(*rows, strict=True)])


def _owner(leg: Leg) -> tuple[str, str]:
    return (leg.account.removeprefix(CUSTOMER_PREFIX), leg.currency)


_OPEN_BALANCES = """
    INSERT INTO customer_balances (customer_id, currency)
    SELECT * FROM unnest(%b::text[], %b::text[])
    ON CONFLICT DO NOTHING
"""

_LOCK_BALANCES = """
    SELECT b.customer_id, b.currency, b.balance_minor, b.version
    FROM customer_balances b
    JOIN unnest(%b::text[], %b::text[]) AS u(customer_id, currency) USING (customer_id, currency)
    ORDER BY b.customer_id, b.currency
    FOR NO KEY UPDATE OF b
"""


def _lock_balances(
    tx: Transaction, owners: set[tuple[str, str]]
) -> dict[tuple[str, str], _Balance]:
    wanted = [list(column) for column in zip(*sorted(owners), strict=True)]
    rows = tx.execute(_LOCK_BALANCES, wanted).fetchall()
    if len(rows) < len(owners):
        tx.execute(_OPEN_BALANCES, wanted)
        rows = tx.execute(_LOCK_BALANCES, wanted).fetchall()
    return {(row[0], row[1]): _Balance(row[2], row[3]) for row in rows}


def lock_balance(tx: Transaction, customer_id: str, currency: str) -> int:
    """Return the customer's balance in minor units, its row locked until the transaction ends."""
    owner = (customer_id, currency)
    return _lock_balances(tx, {owner})[owner].balance_minor


_SAVE_BALANCES = """
    UPDATE customer_balances b
    SET balance_minor = n.balance_minor, version = n.version, updated_at = now()
    FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[])
        AS n(customer_id, currency, balance_minor, version)
    WHERE b.customer_id = n.customer_id AND b.currency = n.currency
"""


def _save_balances(tx: Transaction, balances: dict[tuple[str, str], _Balance]) -> None:
    rows = [(*owner, *balance) for owner, balance in balances.items()]
    tx.execute(_SAVE_BALANCES, [list(column) for column in zip(*rows, strict=True)])


_STATE = """
    INSERT INTO sms_transactions (reference, client_id, idempotency_key, customer_id, currency,
        kind, amount_minor, balance_after_minor, customer_version, payment_log_id, movement_id,
        reverses_id, service, description, created_at)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::uuid[], %b::text[], %b::text[], %b::text[],
        %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
        %b::text[], %b::text[], %b::timestamptz[])
"""


def _statement_row(
    movement_id: int, posting: Posting, leg: Leg, after: _Balance
) -> tuple[object, ...]:
    customer_id, currency = _owner(leg)
    in_several_currencies = len({other.currency for other in posting.movement.legs}) > 1
    return (
        f"{posting.reference}:{currency}" if in_several_currencies else posting.reference,
        posting.client_id,
        posting.idempotency_key,
        customer_id,
        currency,
        posting.kind,
        leg.amount_minor,
        after.balance_minor,
        after.version,
        posting.payment_id,
        movement_id,
        posting.reverses_id,
        posting.service,
        posting.description,
        posting.at,
    )


_HELD = """
    SELECT object_id, account, amount_minor, currency FROM ledger_entries e
    WHERE payment_id IS NULL AND effect = 'unclaimed' AND object_id = ANY(%b::text[])
      AND NOT EXISTS (
          SELECT 1 FROM ledger_entries r
          WHERE r.payment_id IS NULL AND r.effect = 'unclaimed_release'
            AND r.object_id = e.object_id)
    ORDER BY object_id, leg
"""


def unclaimed(tx: Transaction, object_ids: Sequence[str]) -> dict[str, Movement]:
    """Return money of these names that is held in suspense for payments nobody announced."""
    legs: dict[str, tuple[Leg, ...]] = {}
    for object_id, account, amount_minor, currency in tx.execute(_HELD, (list(object_ids),)):
        leg = Leg(account, amount_minor, currency)
        legs[object_id] = (*legs.get(object_id, ()), leg)
    return {object_id: Movement("unclaimed", object_id, held) for object_id, held in legs.items()}
