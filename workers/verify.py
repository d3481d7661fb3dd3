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
from domain.transitions import Event
from workers import history
from workers.store import corrections, payments
from workers.store.books import BOOKS
from workers.store.payments import Step

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from domain.facts import Fact
    from workers.database import Database, Transaction
    from workers.store.corrections import Decision

PROBLEMS_MAX = 100
"""Problems named one by one; a record with more is broken as a whole."""

PAGE_ROWS = 1_000
"""Payments verified at a time, so that memory does not grow with the record."""


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
           disputed_minor, cancelled, corrected
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
    decisions: dict[int, list[Decision]]


def _verify_payments(tx: Transaction, verification: Verification) -> None:
    last = 0
    while rows := tx.execute(_PAYMENTS, (last, PAGE_ROWS)).fetchall():
        page = _page(tx, [row[0] for row in rows])
        for row in rows:
            steps = page.steps.get(row[0], [])
            verification.checked += 1 + len(steps)
            _verify_history(row, steps, page, verification)
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
    decisions = corrections.of_payments(tx, payment_ids)
    return _Page(steps, payments.facts(tx, payment_ids), posted, decisions)


def _asked(row: TupleRow, page: _Page) -> Asked:
    decided = page.decisions.get(row[0])
    return Asked(
        Money(row[7], row[6]),
        provider=row[4],
        customer_id=row[3],
        cancelled=row[15],
        correction=decided[-1].correction if decided else None,
    )


def _verify_fold(row: TupleRow, page: _Page, verification: Verification) -> None:
    """Hold what is stored and posted against what the facts say."""
    position = fold(_asked(row, page), page.facts.get(row[0], ()))
    sums = (position.captured_minor, position.refunded_minor, position.disputed_minor)
    if (position.state, *sums) != (row[9], *row[12:15]):
        verification.note(f"payment {row[1]}: its facts say {position.state} {sums}")
    net: Counter[tuple[str, str]] = Counter()
    for legs in position.effects.values():
        net.update(legs)
    if {key: amount for key, amount in net.items() if amount} != page.posted.get(row[0], {}):
        verification.note(f"payment {row[1]}: the ledger is not what its facts say")


def _verify_history(
    row: TupleRow, steps: list[Step], page: _Page, verification: Verification
) -> None:
    reference, client_id, customer_id, provider, account = row[1:6]
    announced = Announcement(
        reference, provider, Money(row[7], row[6]), customer_id, account, client_id
    )
    decisions = {each.version: each for each in page.decisions.get(row[0], ())}
    corrected = {step.version for step in steps if step.event == Event.CORRECTED}
    if decisions.keys() != corrected or row[16] is not bool(corrected):
        verification.note(f"payment {reference}: its corrections are not those of its history")
    state, version, head = "pending", 0, audit.genesis(genesis_fields(announced, row[8]))
    for step in steps:
        where = f"payment {reference} version {step.version}"
        if step.version != version + 1:
            verification.note(f"{where}: the version before it is missing")
        if step.from_state != state:
            verification.note(f"{where}: begins in {step.from_state}, not in {state}")
        sealed = history.link(step, decisions.get(step.version))
        if step.prev_hash != head or sealed != step.hash:
            verification.note(f"{where}: the hash chain is broken")
        state, version, head = step.to_state, step.version, step.hash
    if (state, version, head) != (row[9], row[10], row[11]):
        verification.note(f"payment {reference}: stands apart from the end of its history")
