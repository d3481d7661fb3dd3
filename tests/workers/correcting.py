"""A person's corrections, and what the books then say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.transitions import State
from workers import correcting
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene
    from workers.correcting import Done


ADA = "operator:ada"


def correct(scene: Scene, to_state: str, reference: str = "p1", **how: Any) -> Done:
    """Have ada set a payment to another state."""
    return correcting.correct(
        scene.database, reference, State(to_state), actor=ADA, reason="the payer called", **how
    )


def lines(scene: Scene) -> list[tuple[str, int, int]]:
    """Return the customer's statement: kind, amount, balance after."""
    rows = scene.rows(
        "SELECT kind, amount_minor, balance_after_minor FROM sms_transactions"
        " ORDER BY customer_version"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def holds(scene: Scene) -> None:
    """Require that the audit finds nothing."""
    verification = verify(scene.database)
    assert verification.problems == []


def tamper(scene: Scene, statement: str) -> None:
    """Change rows as somebody would who owns the database, past its triggers."""
    scene.execute("SET session_replication_role = replica")
    assert scene.execute(statement) > 0
    scene.execute("SET session_replication_role = origin")
