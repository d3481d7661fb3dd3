"""The books: entries, and the statement that customers see of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int2s, Int8s, Texts, Times
from domain.ledger import CUSTOMER_PREFIX, Leg, Movement
from workers.columns import pack
from workers.store import balances
from workers.store.balances import Balance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction
    from workers.store.balances import Owner

    Row = tuple[object, ...]


class Posting(NamedTuple):
    """A movement to write, and what it belongs to.

    The fields after `at` are for the customer's statement; they are used only where a leg touches
    a customer's credit. `about_id` is the payment that the statement names where the movement is
    none of the payment's own.
    """

    movement: Movement
    payment_id: int | None
    event_id: int | None
    at: datetime
    kind: str = "adjustment"
    reference: str = ""
    client_id: str = ""
    about_id: int | None = None


_MOVEMENTS = """
    movement AS MATERIALIZED (
        SELECT n, nextval('ledger_movement_ids') AS id FROM generate_series(1, %s) AS n
    )"""
_ENTRIES = """
        INSERT INTO ledger_entries (movement_id, leg, payment_id, effect, object_id, account,
                                    amount_minor, currency, event_id, at)
        SELECT movement.id, e.leg, e.payment_id, e.effect, e.object_id, e.account, e.amount_minor,
               e.currency, e.event_id, e.at
        FROM unnest(%b::bigint[], %b::smallint[], %b::bigint[], %b::text[], %b::text[],
                    %b::text[], %b::bigint[], %b::text[], %b::bigint[], %b::timestamptz[])
            AS e(n, leg, payment_id, effect, object_id, account, amount_minor, currency, event_id,
                 at)
        JOIN movement USING (n)
        ORDER BY e.n, e.leg"""
_LEG_KINDS = (Int8s, Int2s, Int8s, Texts, Texts, Texts, Int8s, Texts, Int8s, Times)

_HOLD = f"""
    WITH {_MOVEMENTS}
    {_ENTRIES}
    ON CONFLICT ON CONSTRAINT ledger_entries_effect_once DO NOTHING
"""

_POST = f"""
    WITH {_MOVEMENTS}, entry AS ({_ENTRIES}
    ), balance AS (
        UPDATE customer_balances b
        SET balance_minor = moved.balance_minor, version = moved.version, updated_at = now()
        FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[])
            AS moved(customer_id, currency, balance_minor, version)
        WHERE b.customer_id = moved.customer_id AND b.currency = moved.currency
    )
    INSERT INTO sms_transactions (reference, client_id, customer_id, currency, kind, amount_minor,
        balance_after_minor, customer_version, payment_log_id, movement_id, created_at)
    SELECT l.reference, l.client_id, l.customer_id, l.currency, l.kind, l.amount_minor,
           l.balance_after_minor, l.customer_version, l.payment_log_id, movement.id, l.created_at
    FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
                %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::timestamptz[])
        AS l(n, reference, client_id, customer_id, currency, kind, amount_minor,
             balance_after_minor, customer_version, payment_log_id, created_at)
    JOIN movement USING (n)
"""
_BALANCE_KINDS = (Texts, Texts, Int8s, Int8s)
_LINE_KINDS = (*(Int8s, Texts, Texts, Texts, Texts, Texts, Int8s, Int8s, Int8s, Int8s, Times),)


@dataclass(frozen=True, slots=True)
class Books:
    """Movements whose customers' balances are locked: ready to be written.

    Rows begin with the number of their movement, from 1. `held` has the legs of money held for
    nobody, `legs` those of all others, `lines` what customers see, `moved` their balances.
    """

    held: list[Row]
    legs: list[Row]
    lines: list[Row]
    moved: dict[Owner, Balance]

    def write(self, tx: Transaction) -> None:
        """Write all of it, and read nothing, so that it can be sent without waiting.

        All legs of a held movement are new or none is, so the books stay balanced. Any other
        effect that was posted before raises psycopg.errors.UniqueViolation: never twice.
        """
        if self.held:
            tx.execute(_HOLD, [self.held[-1][0], *pack(self.held, _LEG_KINDS)])
        if self.legs:
            balances = [(*owner, *balance) for owner, balance in self.moved.items()]
            columns = (
                *pack(self.legs, _LEG_KINDS),
                *pack(balances, _BALANCE_KINDS),
                *pack(self.lines, _LINE_KINDS),
            )
            tx.execute(_POST, [self.legs[-1][0], *columns])


def prepare(tx: Transaction, postings: Sequence[Posting], *, held: Sequence[Posting] = ()) -> Books:
    """Lock the balances that the movements touch, in order of customer and currency.

    `held` touch no customer, and may be in the books already. The caller sorts them by name, so
    that two holders of the same money wait for each other in one order.
    """
    found = balances.lock(tx, {_owner(leg) for p in postings for leg in _credit_legs(p)})
    lines = [
        _line(number, posting, leg, found)
        for number, posting in enumerate(postings, start=1)
        for leg in _credit_legs(posting)
    ]
    return Books(_all_legs(held), _all_legs(postings), lines, found)


def post(tx: Transaction, postings: Sequence[Posting]) -> None:
    """Write movements with all their legs in one statement, and what customers see of them.

    Raises psycopg.errors.UniqueViolation when an effect was posted before: it is never posted
    twice.
    """
    prepare(tx, postings).write(tx)


def _all_legs(postings: Sequence[Posting]) -> list[Row]:
    return [row for n, posting in enumerate(postings, start=1) for row in _legs(n, posting)]


def _legs(n: int, posting: Posting) -> list[Row]:
    movement = posting.movement
    return [
        (
            n,
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
        for number, leg in enumerate(movement.legs, start=1)
    ]


def _credit_legs(posting: Posting) -> list[Leg]:
    return [leg for leg in posting.movement.legs if leg.account.startswith(CUSTOMER_PREFIX)]


def _owner(leg: Leg) -> Owner:
    return (leg.account.removeprefix(CUSTOMER_PREFIX), leg.currency)


def _line(n: int, posting: Posting, leg: Leg, found: dict[Owner, Balance]) -> Row:
    """Move the balance in memory, and return the statement's line that says so."""
    owner = _owner(leg)
    before = found[owner]
    after = found[owner] = Balance(before.balance_minor + leg.amount_minor, before.version + 1)
    in_several_currencies = len({other.currency for other in posting.movement.legs}) > 1
    return (
        n,
        f"{posting.reference}:{leg.currency}" if in_several_currencies else posting.reference,
        posting.client_id,
        *owner,
        posting.kind,
        leg.amount_minor,
        after.balance_minor,
        after.version,
        posting.payment_id or posting.about_id,
        posting.at,
    )


_TOPPED_UP = """
    SELECT EXISTS (SELECT 1 FROM sms_transactions WHERE payment_log_id = %s AND kind = 'top_up')
"""


def is_topped_up(tx: Transaction, payment_id: int) -> bool:
    """Return whether the payment's top-up is on a statement: it is there once only."""
    row = tx.execute(_TOPPED_UP, (payment_id,)).fetchone()
    return bool(row and row[0])


_IS_POSTED = """
    SELECT EXISTS (SELECT 1 FROM ledger_entries
                   WHERE payment_id IS NULL AND effect = %s AND object_id = %s)
"""


def is_posted(tx: Transaction, effect: str, object_id: str) -> bool:
    """Return whether an effect that is no payment's own was posted under this name."""
    row = tx.execute(_IS_POSTED, (effect, object_id)).fetchone()
    return bool(row and row[0])


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
    for object_id, account, amount_minor, currency in tx.execute(_HELD, (Texts(object_ids),)):
        leg = Leg(account, amount_minor, currency)
        legs[object_id] = (*legs.get(object_id, ()), leg)
    return {object_id: Movement("unclaimed", object_id, held) for object_id, held in legs.items()}


_HELD_ABOUT = """
    SELECT DISTINCT object_id FROM ledger_entries
    WHERE payment_id IS NULL AND effect = 'unclaimed' AND starts_with(object_id, %s)
    ORDER BY object_id
"""


def unclaimed_about(tx: Transaction, stem: str) -> list[str]:
    """Return the names of money held for nobody that begin so; it may be released by now."""
    return [row[0] for row in tx.execute(_HELD_ABOUT, (stem,)).fetchall()]
