"""What is around a payment that explains where it stands. Nothing is locked, nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.advice import Letter
from domain.money import Money
from domain.standing import Refusal, Standing
from domain.timeline import Row
from workers.store import corrections, ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.judgement import Known
    from workers.database import Transaction

LETTERS_MAX = 20
STRANGERS_MAX = 5
REFUSALS_MAX = 5
"""How many of each are shown at most."""

REFUSED_BEFORE_S = 900
REFUSED_AFTER_S = 86_400
"""How long before and after a payment was announced a refused request is perhaps about it."""

_LETTERS = f"""
    SELECT d.id, d.reason, d.message, d.source, d.amount_minor, d.currency, d.error_class
    FROM dead_letters d
    WHERE d.status = 'open'
      AND ((d.reference = %(reference)s
            AND ((d.source = %(provider)s AND d.account = %(account)s) OR d.source = 'internal'))
           OR d.event_id IN (SELECT event_id FROM payment_facts WHERE payment_id = %(id)s))
    ORDER BY d.id LIMIT {LETTERS_MAX}
"""

_STRANGERS = f"""
    SELECT d.id FROM dead_letters d
    JOIN payment_logs p ON p.id = %(id)s
    WHERE d.status = 'open' AND d.reason = 'unknown_reference' AND d.source = p.provider
      AND d.account = p.account AND d.amount_minor = p.amount_minor AND d.currency = p.currency
      AND d.dead_at > p.created_at - interval '{REFUSED_BEFORE_S} s'
    ORDER BY d.id LIMIT {STRANGERS_MAX}
"""

_UNFINISHED = """
    SELECT count(*) FROM inbound_events e JOIN inbound_work w ON w.event_id = e.id
    WHERE e.reference = %(reference)s
      AND (e.source = 'internal' OR (e.source = %(provider)s AND e.account = %(account)s))
"""

_APPROVALS = """
    SELECT a.id FROM approvals a
    WHERE a.status = 'waiting' AND a.expires_at > now() AND a.subject = ANY(%(subjects)s)
    ORDER BY a.id
"""

_BALANCE = """
    SELECT coalesce((SELECT balance_minor FROM customer_balances
                     WHERE customer_id = %(customer_id)s AND currency = %(currency)s), 0)
"""

_REFUSED = f"""
    SELECT r.code, r.diagnosis, count(*)::int AS times, max(r.at) AS at
    FROM refused_requests r JOIN payment_logs p ON p.id = %(id)s
    WHERE r.source = p.provider AND r.account = p.account
      AND r.at BETWEEN p.created_at - interval '{REFUSED_BEFORE_S} s'
                   AND p.created_at + interval '{REFUSED_AFTER_S} s'
    GROUP BY 1, 2 ORDER BY times DESC, at DESC LIMIT {REFUSALS_MAX}
"""


def standing(tx: Transaction, known: Known, *, can_be_asked: bool) -> tuple[Standing, list[Row]]:
    """Return what explains the payment, and what was refused around it, for its timeline."""
    values = _values(known)
    letters = tuple(_letter(row) for row in tx.execute(_LETTERS, values).fetchall())
    subjects = [
        f"payment:{known.reference}",
        *(f"dead-letter:{letter.id}" for letter in letters),
    ]
    refused = [] if known.facts else tx.execute(_REFUSED, values).fetchall()
    decided = corrections.of_payments(tx, [known.payment_id]).get(known.payment_id)
    found = Standing(
        known=known,
        balance_minor=_one(tx, _BALANCE, values),
        letters=letters,
        unfinished=_one(tx, _UNFINISHED, values),
        refused=tuple(Refusal(*row[:3]) for row in refused),
        strangers=_ids(tx, _STRANGERS, values),
        approvals=_ids(tx, _APPROVALS, {"subjects": subjects}),
        decided=f"{decided[-1].actor}: {decided[-1].reason}" if decided else None,
        can_be_asked=can_be_asked,
        is_written_off=ledger.is_posted(tx, "write_off", known.reference),
    )
    return found, [_refusal(known, place, row) for place, row in enumerate(refused)]


def _values(known: Known) -> dict[str, object]:
    return {
        "id": known.payment_id,
        "reference": known.reference,
        "provider": known.asked.provider,
        "account": known.account,
        "customer_id": known.asked.customer_id,
        "currency": known.asked.amount.currency,
    }


def _one(tx: Transaction, query: str, values: dict[str, object]) -> int:
    row = tx.execute(query, values).fetchone()
    return int(row[0]) if row else 0


def _ids(tx: Transaction, query: str, values: dict[str, object]) -> tuple[int, ...]:
    return tuple(row[0] for row in tx.execute(query, values).fetchall())


def _letter(row: Sequence[Any]) -> Letter:
    money = None if row[4] is None or row[5] is None else Money(row[5], row[4])
    return Letter(row[0], row[1], row[2], row[3], money, row[6])


def _refusal(known: Known, place: int, row: Sequence[Any]) -> Row:
    told = {
        "code": row[0],
        "diagnosis": row[1],
        "count": row[2],
        "source": known.asked.provider,
        "account": known.account,
    }
    return Row("refused", row[3], None, place, told)


_UNANNOUNCED = f"""
    SELECT d.id, d.reason, d.message, d.source, d.amount_minor, d.currency, d.error_class, d.account
    FROM dead_letters d WHERE d.reference = %s AND d.status = 'open'
    ORDER BY d.id LIMIT {LETTERS_MAX}
"""

_THEIR_HISTORY = f"""
    SELECT 'letter_' || a.action, a.at, d.event_id, a.id,
           jsonb_build_object('letter_id', d.id, 'reason', a.reason, 'actor', a.actor,
                              'replay_id', a.replay_id)
    FROM dead_letters d JOIN dead_letter_actions a ON a.dead_letter_id = d.id
    WHERE d.reference = %s ORDER BY a.id DESC LIMIT {LETTERS_MAX}
"""


def unannounced(tx: Transaction, reference: str) -> tuple[list[tuple[Letter, str]], list[Row]]:
    """Return the open letters about a reference that is nobody's payment, and their history.

    Each letter comes with the account at which it was heard.
    """
    rows = tx.execute(_UNANNOUNCED, (reference,)).fetchall()
    history = tx.execute(_THEIR_HISTORY, (reference,)).fetchall()
    return [(_letter(row), row[7]) for row in rows], [Row(*row) for row in history]
