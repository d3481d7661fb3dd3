"""Corrections: what people decided of payments, each with the step that it made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from domain.arrays import Int8s
from domain.money import Money
from domain.payment import Correction
from domain.transitions import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from domain.judgement import Known
    from workers.database import Transaction

Told = dict[str, dict[str, Any]]
"""Amounts by capture, as JSON has them."""


class Decision(NamedTuple):
    """A correction as it is kept. `approved_by` is the second person, where there was one."""

    payment_id: int
    version: int
    correction: Correction
    actor: str
    approved_by: str | None
    reason: str
    at: datetime


_COLUMNS = "payment_id, version, to_state, accepted, given_back, facts_known"

_NEWEST = f"""
    SELECT DISTINCT ON (payment_id) {_COLUMNS}
    FROM payment_corrections WHERE payment_id = ANY(%b::bigint[])
    ORDER BY payment_id, version DESC
"""


def newest(tx: Transaction, payment_ids: Sequence[int]) -> dict[int, Correction]:
    """Return what was decided last of each of these payments; asks nothing where there is none."""
    if not payment_ids:
        return {}
    rows = tx.execute(_NEWEST, (Int8s(payment_ids),)).fetchall()
    return {row[0]: _correction(*row[2:]) for row in rows}


_ALL = f"""
    SELECT {_COLUMNS}, actor, approved_by, reason, at
    FROM payment_corrections WHERE payment_id = ANY(%b::bigint[]) ORDER BY payment_id, version
"""


def of_payments(tx: Transaction, payment_ids: Sequence[int]) -> dict[int, list[Decision]]:
    """Return all that was decided of these payments, the oldest first."""
    found: dict[int, list[Decision]] = {}
    for row in tx.execute(_ALL, (Int8s(payment_ids),)).fetchall():
        decision = Decision(row[0], row[1], _correction(*row[2:6]), *row[6:])
        found.setdefault(row[0], []).append(decision)
    return found


_ADD = f"""
    INSERT INTO payment_corrections ({_COLUMNS}, actor, approved_by, reason, at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def add(tx: Transaction, decision: Decision) -> None:
    """Keep a decision; the step of its version must be written in the same transaction."""
    correction = decision.correction
    values = (
        *(decision.payment_id, decision.version, correction.to_state),
        *(Jsonb(_told(correction.accepted)), Jsonb(_told(correction.given_back))),
        *(correction.facts_known, *decision[3:]),
    )
    tx.execute(_ADD, values)


_SETTLE = """
    WITH about AS MATERIALIZED (
        SELECT id FROM dead_letters
        WHERE status = 'open' AND reason = 'mismatch' AND error_class <> 'TransactionOwned'
          AND ((reference = %(reference)s AND source = %(provider)s AND account = %(account)s)
               OR event_id IN (SELECT event_id FROM payment_facts WHERE payment_id = %(id)s))
        ORDER BY id FOR UPDATE
    ), settled AS (
        UPDATE dead_letters d SET status = 'resolved', resolved_at = now()
        FROM about WHERE d.id = about.id
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, 'resolved', %(actor)s, %(reason)s FROM about
"""


def settle_letters(tx: Transaction, known: Known, *, actor: str, reason: str) -> int:
    """Close the open letters about what did not fit the payment; return how many there were.

    Not those about a transaction that is another payment's: this payment does not settle them.
    """
    return tx.execute(_SETTLE, {**_about(known), "actor": actor, "reason": reason}).rowcount


_REFUSED = """
    SELECT id FROM dead_letters
    WHERE status = 'open' AND reason = 'illegal_transition' AND reference = %(reference)s
      AND source = %(provider)s AND account = %(account)s
    ORDER BY id FOR UPDATE SKIP LOCKED
"""


def refused_letters(tx: Transaction, known: Known) -> list[int]:
    """Return the open letters of what the provider told and the payment's state did not allow."""
    return [row[0] for row in tx.execute(_REFUSED, _about(known)).fetchall()]


def _about(known: Known) -> dict[str, object]:
    return {
        "id": known.payment_id,
        "reference": known.reference,
        "provider": known.asked.provider,
        "account": known.account,
    }


def sealed_fields(decision: Decision) -> list[str | int | None]:
    """Return what the hash of a decision's step covers besides the step: all that is kept of it."""
    correction = decision.correction
    return [
        correction.to_state,
        json.dumps(_told(correction.accepted), sort_keys=True),
        json.dumps(_told(correction.given_back), sort_keys=True),
        correction.facts_known,
        decision.actor,
        decision.approved_by,
        decision.reason,
        int(decision.at.timestamp()) * 1_000_000 + decision.at.microsecond,
    ]


def _told(amounts: Mapping[str, Money]) -> Told:
    return {
        object_id: {"amount_minor": amount.amount_minor, "currency": amount.currency}
        for object_id, amount in amounts.items()
    }


def _correction(to_state: str, accepted: Told, given_back: Told, facts_known: int) -> Correction:
    return Correction(State(to_state), _amounts(accepted), _amounts(given_back), facts_known)


def _amounts(told: Told) -> dict[str, Money]:
    return {name: Money(each["currency"], each["amount_minor"]) for name, each in told.items()}
