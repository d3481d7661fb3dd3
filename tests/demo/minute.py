"""The operator's minute: charged, and no credit. Found, rehearsed, cured and seen, by commands."""

from __future__ import annotations

import shlex
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from tests.demo.errors import CommandFailed

if TYPE_CHECKING:
    from psycopg import Connection

    from tests.demo.operator import Operator
    from tests.simulator.books import Sale

_LEDGER = """
    SELECT l.account, l.currency, sum(l.amount_minor)::bigint AS amount_minor
    FROM ledger_entries l JOIN payment_logs p ON p.id = l.payment_id
    WHERE p.reference = %s GROUP BY 1, 2 ORDER BY 1, 2
"""
WHY = "the discount rule is taken back"

Ledger = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Minute:
    """What the operator asked, and what was answered.

    `why` and `why_after` are the first words of `explain`; a ledger is a list of sums by account.
    """

    reference: str
    customer_id: str
    commands: list[str]
    why: str
    why_after: str
    would_succeed: int
    would_move: Ledger
    replay: dict[str, Any]
    ledger_before: Ledger
    ledger_after: Ledger
    elapsed_s: float

    @property
    def is_cured(self) -> bool:
        """Whether the rehearsal said what the replay did, and the customer has the money."""
        gained = [each for each in self.ledger_after if each not in self.ledger_before]
        credit = f"customer_credit:{self.customer_id}"
        return (
            self.replay["failed"] == 0
            and self.replay["succeeded"] == self.would_succeed > 0
            and any(each["account"] == credit and each["amount_minor"] > 0 for each in gained)
            and _sums(self.would_move) == _sums(gained)
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for a script."""
        return {**asdict(self), "is_cured": self.is_cured}


def _sums(ledger: Ledger) -> set[tuple[str, str, int]]:
    return {(each["account"], each["currency"], each["amount_minor"]) for each in ledger}


def spend(operator: Operator, connection: Connection[Any], sale: Sale) -> Minute:
    """Find out why the customer of this sale has no credit, and cure it.

    Raises CommandFailed when it cannot be done.
    """
    began_s, reference = time.monotonic(), sale.reference
    replay = ("dead-letters", "replay", "--filter", f"reference={reference}")
    asked: list[str] = []

    def run(*words: str) -> dict[str, Any]:
        asked.append(shlex.join(("payratchet", *words)))
        return operator.run(*words)

    before = _ledger(connection, reference)
    found = run("payments", "explain", reference)["verdict"]
    if not found["rule"].startswith("set_aside:"):
        raise CommandFailed(f"{reference} should wait for an operator: {found['why']}")
    tried = run(*replay, "--dry-run")
    if _ledger(connection, reference) != before:
        raise CommandFailed("a dry run has changed the ledger")
    done = run(*replay, "--yes", "--reason", WHY)
    return Minute(
        reference,
        sale.customer_id,
        asked,
        found["why"],
        run("payments", "explain", reference)["verdict"]["why"],
        tried["succeeded"],
        tried["accounts"],
        done,
        before,
        _ledger(connection, reference),
        round(time.monotonic() - began_s, 2),
    )


def _ledger(connection: Connection[Any], reference: str) -> Ledger:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_LEDGER, [reference]).fetchall()
