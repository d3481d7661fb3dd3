"""Verification holds refunds, what is held for them, and calls against each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from domain import refunds
from domain.money import Money
from tests.workers.scene import capture
from workers.store import ledger
from workers.verify import verify

if TYPE_CHECKING:
    from domain.ledger import Movement
    from tests.workers.scene import Scene


@pytest.fixture
def lived(scene: Scene) -> Scene:
    """Two refunds were asked for and their credit is held; one of them has ended."""
    scene.announce("p1")
    scene.hear(capture("p1"))
    for reference in ("r1", "r2"):
        ask(scene, reference)
    settle(scene, "r2")
    return scene


def ask(scene: Scene, reference: str) -> None:
    scene.execute(
        "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency)"
        " SELECT %s, id, 'c', 100, 'NGN' FROM payment_logs",
        [reference],
    )
    post(scene, refunds.hold(reference, "ada", Money("NGN", 100)), "refund_hold")


def settle(scene: Scene, reference: str) -> None:
    scene.execute(
        "UPDATE refunds SET status = 'failed', settled_at = now() WHERE reference = %s", [reference]
    )
    post(scene, refunds.release(reference, "ada", Money("NGN", 100)), "refund_release")


def post(scene: Scene, movement: Movement, kind: str) -> None:
    posting = ledger.Posting(
        movement, None, None, datetime.now(UTC), kind, f"{movement.object_id}:{kind}", "c"
    )
    with scene.database.transaction() as tx:
        ledger.post(tx, [posting])


CALL = """INSERT INTO provider_calls (debt, fence, event_id, kind, provider, account, worker,
                                      started_at)
          VALUES ('d1', 1, 1, 'verify', 'paystack', 'default', 'w', now() - interval {})"""

TAMPERING = {
    "DELETE FROM ledger_entries WHERE effect = 'refund_hold' AND object_id = 'r1'": (
        "held credit differs from open refunds: NGN: held 0, open refunds 100"
    ),
    "UPDATE refunds SET settled_at = NULL, status = 'sent' WHERE reference = 'r2'": (
        "held credit differs from open refunds: NGN: held 100, open refunds 200"
    ),
    "UPDATE refunds SET settled_at = now(), status = 'failed' WHERE reference = 'r1'": (
        "refund is held or released wrongly: refund r1, failed: held 1 times, released 0 times"
    ),
    "DELETE FROM refunds WHERE reference = 'r2'": (
        "refund is held or released wrongly: refund r2, : held 1 times, released 1 times"
    ),
    "UPDATE refunds SET amount_minor = 99 WHERE reference = 'r2'": (
        "refund is held or released wrongly: refund r2"
    ),
    CALL.format("'61 minutes'"): "call never ended: call 1 about d1",
}


def test_refunds_that_are_held_and_released_once_hold(lived: Scene) -> None:
    lived.execute(CALL.format("'59 minutes'"))

    assert verify(lived.database).problems == []


@pytest.mark.parametrize("statement", TAMPERING)
def test_what_does_not_fit_a_refund_or_a_call_is_named(lived: Scene, statement: str) -> None:
    lived.execute("SET session_replication_role = replica")
    assert lived.execute(statement) > 0
    lived.execute("SET session_replication_role = origin")

    problems = verify(lived.database).problems

    assert any(each.startswith(TAMPERING[statement]) for each in problems), problems
