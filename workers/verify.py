"""Verify the record: recompute what must hold, and name every place where it does not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from domain import audit
from domain.announcement import Announcement, genesis_fields
from domain.fold import fold
from domain.money import Money
from domain.payment import Asked
from workers.history import audit_fields
from workers.store import payments
from workers.store.payments import Step

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from domain.facts import Fact
    from workers.database import Database, Transaction

PROBLEMS_MAX = 100
"""Problems named one by one; a record with more is broken as a whole."""

PAGE_ROWS = 1_000
"""Payments verified at a time, so that memory does not grow with the record."""


CALL_ENDS_WITHIN_S = 3_600
"""Age of a call that nobody has ended above which something is wrong: half a minute is presumed
dead, and the next one about the same payment ends it."""


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
        _verify_payments(tx, verification)
        for name, query in BOOKS.items():
            for (text,) in tx.execute(query).fetchall():
                verification.note(f"{name}: {text}")
            verification.checked += 1
    return verification


_PAYMENTS = """
    SELECT id, reference, client_id, customer_id, provider, account, amount_minor, currency,
           announced_by, state, lock_version, head_hash, captured_minor, refunded_minor,
           disputed_minor, cancelled
    FROM payment_logs WHERE id > %s ORDER BY id LIMIT %s
"""

_STEPS = """
    SELECT payment_id, version, from_state, event, to_state, event_id, actor, reason,
           captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash
    FROM payment_transitions WHERE payment_id = ANY(%b::bigint[]) ORDER BY payment_id, version
"""

_POSTED = """
    SELECT payment_id, account, currency, sum(amount_minor)::bigint FROM ledger_entries
    WHERE payment_id = ANY(%b::bigint[]) GROUP BY 1, 2, 3
"""


class _Page(NamedTuple):
    """What belongs to some payments, by payment."""

    steps: dict[int, list[Step]]
    facts: dict[int, tuple[Fact, ...]]
    posted: dict[int, dict[tuple[str, str], int]]


def _verify_payments(tx: Transaction, verification: Verification) -> None:
    last = 0
    while rows := tx.execute(_PAYMENTS, (last, PAGE_ROWS)).fetchall():
        page = _page(tx, [row[0] for row in rows])
        for row in rows:
            steps = page.steps.get(row[0], [])
            verification.checked += 1 + len(steps)
            _verify_history(row, steps, verification)
            _verify_fold(row, page, verification)
        last = rows[-1][0]


def _page(tx: Transaction, payment_ids: list[int]) -> _Page:
    steps: dict[int, list[Step]] = {}
    for row in tx.execute(_STEPS, (payment_ids,)):
        steps.setdefault(row[0], []).append(Step(*row))
    posted: dict[int, dict[tuple[str, str], int]] = {}
    for payment_id, account, currency, amount_minor in tx.execute(_POSTED, (payment_ids,)):
        if amount_minor:
            posted.setdefault(payment_id, {})[account, currency] = amount_minor
    return _Page(steps, payments.facts(tx, payment_ids), posted)


def _asked(row: TupleRow) -> Asked:
    return Asked(Money(row[7], row[6]), provider=row[4], customer_id=row[3], cancelled=row[15])


def _verify_fold(row: TupleRow, page: _Page, verification: Verification) -> None:
    """Hold what is stored and posted against what the facts say."""
    position = fold(_asked(row), page.facts.get(row[0], ()))
    sums = (position.captured_minor, position.refunded_minor, position.disputed_minor)
    if (position.state, *sums) != (row[9], *row[12:15]):
        verification.note(f"payment {row[1]}: its facts say {position.state} {sums}")
    net: Counter[tuple[str, str]] = Counter()
    for legs in position.effects.values():
        net.update(legs)
    if {key: amount for key, amount in net.items() if amount} != page.posted.get(row[0], {}):
        verification.note(f"payment {row[1]}: the ledger is not what its facts say")


def _verify_history(row: TupleRow, steps: list[Step], verification: Verification) -> None:
    reference, client_id, customer_id, provider, account = row[1:6]
    announced = Announcement(
        reference, provider, _asked(row).amount, customer_id, account, client_id
    )
    state, version, head = "pending", 0, audit.genesis(genesis_fields(announced, row[8]))
    for step in steps:
        where = f"payment {reference} version {step.version}"
        if step.version != version + 1:
            verification.note(f"{where}: the version before it is missing")
        if step.from_state != state:
            verification.note(f"{where}: begins in {step.from_state}, not in {state}")
        if step.prev_hash != head or audit.link(step.prev_hash, audit_fields(step)) != step.hash:
            verification.note(f"{where}: the hash chain is broken")
        state, version, head = step.to_state, step.version, step.hash
    if (state, version, head) != (row[9], row[10], row[11]):
        verification.note(f"payment {reference}: stands apart from the end of its history")


BOOKS = {
    "payment is missing": """
        SELECT DISTINCT format('payment %s, which %s names', named.id, named.in_table)
        FROM (SELECT payment_id AS id, 'payment_transitions' AS in_table FROM payment_transitions
              UNION ALL SELECT payment_id, 'payment_facts' FROM payment_facts
              UNION ALL SELECT payment_id, 'provider_references' FROM provider_references
              UNION ALL SELECT payment_id, 'ledger_entries' FROM ledger_entries
              UNION ALL SELECT payment_log_id, 'sms_transactions' FROM sms_transactions) AS named
        WHERE named.id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM payment_logs p WHERE p.id = named.id) LIMIT 100""",
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
    "held credit differs from open refunds": """
        SELECT format('%s: held %s, open refunds %s', currency, coalesce(l.held_minor, 0),
                      coalesce(r.open_minor, 0))
        FROM (SELECT currency, sum(amount_minor) AS held_minor FROM ledger_entries
              WHERE account = 'refunds_held' GROUP BY 1) l
        FULL JOIN (SELECT currency, sum(amount_minor) AS open_minor FROM refunds
                   WHERE settled_at IS NULL GROUP BY 1) r USING (currency)
        WHERE coalesce(l.held_minor, 0) <> coalesce(r.open_minor, 0) LIMIT 100""",
    "refund is held or released wrongly": """
        SELECT format('refund %s, %s: held %s times, released %s times', reference, r.status,
                      coalesce(l.holds, 0), coalesce(l.releases, 0))
        FROM refunds r
        FULL JOIN (SELECT object_id AS reference,
                          count(*) FILTER (WHERE effect = 'refund_hold') AS holds,
                          count(*) FILTER (WHERE effect = 'refund_release') AS releases,
                          array_agg(DISTINCT abs(amount_minor)) AS amounts_minor,
                          count(DISTINCT currency) AS currencies, min(currency) AS currency
                   FROM ledger_entries
                   WHERE payment_id IS NULL AND account = 'refunds_held'
                     AND effect IN ('refund_hold', 'refund_release')
                   GROUP BY 1) l USING (reference)
        WHERE (r.id, l.holds, l.releases, l.amounts_minor, l.currencies, l.currency)
              IS DISTINCT FROM
              (r.id, 1, (r.settled_at IS NOT NULL)::int, ARRAY[r.amount_minor], 1, r.currency)
           OR r.id IS NULL LIMIT 100""",
    "call never ended": f"""
        SELECT format('call %s about %s, begun %s', id, debt, started_at) FROM provider_calls
        WHERE ended_at IS NULL AND started_at < now() - interval '{CALL_ENDS_WITHIN_S} s'
        LIMIT 100""",
}
"""What must hold of the books: each query names the rows for which it does not."""
