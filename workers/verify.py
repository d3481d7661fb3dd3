"""Verify the record: recompute what must hold, and name every place where it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain import audit
from domain.money import Money
from domain.payment import Asked
from workers.announce import Announcement, genesis_fields
from workers.history import audit_fields
from workers.store.payments import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.rows import TupleRow

    from workers.database import Database, Transaction

PROBLEMS_MAX = 100
"""Problems named one by one; a record with more is broken as a whole."""

FETCH_ROWS = 5_000


@dataclass
class Verification:
    """How many rows were checked, and what is wrong with them."""

    checked: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.problems

    def note(self, problem: str) -> None:
        """Take note of a problem, up to a point."""
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


def verify(database: Database) -> Verification:
    """Check every payment's history and the books in one consistent view of the database."""
    verification = Verification()
    with database.transaction(snapshot=True) as tx:
        tx.execute("SELECT set_config('statement_timeout', '0', true)")
        _verify_histories(tx, verification)
        for name, query in BOOKS.items():
            for (text,) in tx.execute(query).fetchall():
                verification.note(f"{name}: {text}")
            verification.checked += 1
    return verification


_PAYMENTS = """
    SELECT id, reference, client_id, customer_id, provider, account, amount_minor, currency,
           announced_by, state, lock_version, head_hash, captured_minor, refunded_minor,
           disputed_minor
    FROM payment_logs ORDER BY id
"""

_STEPS = """
    SELECT payment_id, version, from_state, event, to_state, event_id, actor, reason,
           captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash
    FROM payment_transitions ORDER BY payment_id, version
"""


def _verify_histories(tx: Transaction, verification: Verification) -> None:
    with tx.cursor("steps") as cursor:
        cursor.itersize = FETCH_ROWS
        steps = _by_payment(iter(cursor.execute(_STEPS)))
        waiting = next(steps, None)
        for row in tx.execute(_PAYMENTS).fetchall():
            mine: list[Step] = []
            if waiting is not None and waiting[0] == row[0]:
                mine = waiting[1]
                waiting = next(steps, None)
            verification.checked += 1 + len(mine)
            _verify_history(row, mine, verification)


def _by_payment(rows: Iterator[TupleRow]) -> Iterator[tuple[int, list[Step]]]:
    held: list[Step] = []
    for row in rows:
        step = Step(*row)
        if held and held[0].payment_id != step.payment_id:
            yield held[0].payment_id, held
            held = []
        held.append(step)
    if held:
        yield held[0].payment_id, held


def _verify_history(row: TupleRow, steps: list[Step], verification: Verification) -> None:
    reference, client_id, customer_id, provider, account, amount_minor, currency, actor = row[1:9]
    asked = Asked(Money(currency, amount_minor), provider, customer_id)
    announced = Announcement(reference, provider, asked.amount, customer_id, account, client_id)
    sums = (0, 0, 0)
    state, version, head = "pending", 0, audit.genesis(genesis_fields(announced, actor))
    for step in steps:
        where = f"payment {reference} version {step.version}"
        if step.version != version + 1:
            verification.note(f"{where}: the version before it is missing")
        if step.from_state != state:
            verification.note(f"{where}: begins in {step.from_state}, not in {state}")
        if step.prev_hash != head or audit.link(step.prev_hash, audit_fields(step)) != step.hash:
            verification.note(f"{where}: the hash chain is broken")
        state, version, head = step.to_state, step.version, step.hash
        sums = (step.captured_minor, step.refunded_minor, step.disputed_minor)
    if (state, version, head, *sums) != row[9:]:
        verification.note(f"payment {reference}: stands apart from the end of its history")


BOOKS = {
    "movement does not sum to zero": """
        SELECT format('movement %s in %s', movement_id, currency) FROM ledger_entries
        GROUP BY movement_id, currency HAVING sum(amount_minor) <> 0 LIMIT 100""",
    "balance differs from the ledger": """
        SELECT format('customer %s in %s: balance %s, ledger %s', customer_id, currency,
                      b.balance_minor, coalesce(l.sum_minor, 0))
        FROM customer_balances b
        FULL JOIN (SELECT substr(account, length('customer_credit:') + 1) AS customer_id, currency,
                          sum(amount_minor) AS sum_minor
                   FROM ledger_entries WHERE starts_with(account, 'customer_credit:')
                   GROUP BY 1, 2) l USING (customer_id, currency)
        WHERE coalesce(b.balance_minor, 0) <> coalesce(l.sum_minor, 0) LIMIT 100""",
    "statement is broken": """
        SELECT format('customer %s in %s at %s', customer_id, currency, customer_version)
        FROM (SELECT customer_id, currency, customer_version, amount_minor, balance_after_minor,
                     lag(balance_after_minor, 1, 0) OVER each AS before_minor,
                     lag(customer_version, 1, 0) OVER each AS before_version
              FROM sms_transactions
              WINDOW each AS (PARTITION BY customer_id, currency ORDER BY customer_version)) s
        WHERE balance_after_minor <> before_minor + amount_minor
           OR customer_version <> before_version + 1 LIMIT 100""",
    "statement differs from the balance": """
        SELECT format('customer %s in %s', b.customer_id, b.currency)
        FROM customer_balances b
        LEFT JOIN sms_transactions s ON s.customer_id = b.customer_id AND s.currency = b.currency
             AND s.customer_version = b.version
        WHERE b.version > 0 AND s.balance_after_minor IS DISTINCT FROM b.balance_minor LIMIT 100""",
    "more than one credit": """
        SELECT format('payment %s', payment_log_id) FROM sms_transactions WHERE kind = 'top_up'
        GROUP BY payment_log_id HAVING count(*) > 1 LIMIT 100""",
    "fact is missing": """
        SELECT format('payment %s version %s', payment_id, version) FROM payment_transitions t
        WHERE starts_with(actor, 'provider:')
          AND NOT EXISTS (SELECT 1 FROM payment_facts f WHERE f.payment_id = t.payment_id
                          AND f.event_id = t.event_id) LIMIT 100""",
    "illegal step": """
        SELECT format('payment %s version %s', payment_id, version) FROM payment_transitions t
        WHERE NOT EXISTS (SELECT 1 FROM legal_transitions l WHERE l.from_state = t.from_state
                          AND l.event = t.event AND l.to_state = t.to_state) LIMIT 100""",
}
"""What must hold of the books: each query names the rows for which it does not."""
