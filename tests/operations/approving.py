"""A question that a second person must agree to, and what is done then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.errors import PayratchetError
from workers import approving
from workers.approving import Performed, Performer
from workers.store import operators
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.workers.scene import Scene
    from workers.database import Database, Transaction
    from workers.store.approvals import Approval


SHOWN = {"state": {"before": "review", "after": "completed"}, "sums": [1, 2]}
DROPPED = "SELECT actor, reason FROM operator_actions WHERE action = 'dropped'"


class Doing:
    """A performer of this test: what it does is a row, so a rollback would be seen."""

    def __init__(self) -> None:
        self.shows: Mapping[str, Any] = SHOWN
        self.breaks = False
        self.followed = 0
        self.stays: int | None = None

    @property
    def performers(self) -> dict[str, Performer]:
        """Who does what, by its kind."""
        shows = lambda _tx, _approval: self.shows  # noqa: E731 - it is read when it is asked for
        return {"correction": Performer(self._perform, shows, self._drop)}

    def _drop(self, tx: Transaction, approval: Approval, actor: str, reason: str) -> None:
        if approval.id == self.stays:
            raise PayratchetError("it cannot be cleaned up behind")
        operators.note(tx, actor, "dropped", approval.subject, reason=reason)

    def _perform(self, tx: Transaction, approval: Approval, approved_by: str) -> Performed:
        details = {"request": approval.request}
        operators.note(tx, approved_by, "done", approval.subject, reason="test", details=details)
        if self.breaks:
            raise PayratchetError("it cannot be done")
        return Performed({"version": 7}, self._follow)

    def _follow(self, database: Database) -> Mapping[str, Any]:
        """Look from another session: only what is committed is seen."""
        with database.transaction() as tx:
            row = tx.execute("SELECT count(*) FROM approvals WHERE status = 'approved'").fetchone()
        assert row == (1,)
        self.followed += 1
        return {"credited_minor": 5}


def ask(
    scene: Scene,
    *,
    actor: str = "operator:tester",
    kind: str = "correction",
    subject: str = "payment:p1",
    **changed: Any,
) -> int:
    """Ask, and return the number of the question."""
    with scene.database.transaction() as tx:
        return approving.ask(
            tx,
            Act(kind, subject, actor),
            **{
                "request": {"to": "completed"},
                "shown": SHOWN,
                "amounts_minor": {"NGN": 90_000_000},
                **changed,
            },
            reason="the customer is right",
        )


def approve(
    scene: Scene, doing: Doing, approval_id: int, actor: str = "operator:ada"
) -> dict[str, Any]:
    """Agree, and return what came of it."""
    return approving.approve(
        scene.database, approval_id, actor=actor, reason="seen", performers=doing.performers
    )


def reject(scene: Scene, doing: Doing, approval_id: int, actor: str = "operator:ada") -> None:
    """Refuse."""
    approving.reject(
        scene.database, approval_id, actor=actor, reason="no", performers=doing.performers
    )


def status(scene: Scene) -> str:
    """Return where the one question stands."""
    found: str = scene.value("SELECT status FROM approvals")
    return found


def done(scene: Scene) -> list[str]:
    """Return who did what was asked for."""
    rows = scene.rows("SELECT actor FROM operator_actions WHERE action = 'done'")
    return [actor for (actor,) in rows]


def age(scene: Scene) -> None:
    """Let a week pass for the questions that wait."""
    scene.execute("UPDATE approvals SET expires_at = now() - interval '1 s'")
