"""Two people: what moves much money is asked for by one, and done when another agrees.

A question keeps what was asked and what the asker was shown that it would do. It is decided once,
in the transaction that also does it: a decision without its effect cannot be, nor the reverse.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import structlog

from domain import operators
from domain.errors import PayratchetError
from domain.operators import KEYS_GIVEN_S_MIN, Role
from workers.store import approvals
from workers.store import operators as operator_rows
from workers.store.approvals import Question
from workers.store.dead_letters import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workers.database import Database, Transaction
    from workers.store.approvals import Approval
    from workers.store.money_limits import Act

log = structlog.get_logger()

APPROVAL_S_MAX = 7 * 86_400
"""How long a question waits; after that nobody may say yes to what nobody remembers."""

EXPIRED_PER_SWEEP_MAX = 100
"""Questions that one sweep ends, each in a transaction of its own."""

OF_ONE_QUESTION = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
"""Operational errors that say nothing of the store: one question may be their cause."""


class ApprovalUnknown(PayratchetError):
    """There is no such question."""

    code = "approval_unknown"


class ApprovalDecided(PayratchetError):
    """Somebody has decided it already; the first decision stands."""

    code = "approval_decided"


class ApprovalExpired(PayratchetError):
    """Nobody decided in time: who still wants it asks again."""

    code = "approval_expired"


class ApprovalStale(PayratchetError):
    """It would do something else now than what was shown when it was asked for.

    Nothing is done and nothing is decided; it is to be asked for again.
    """

    code = "approval_stale"


class SecondPersonMissing(PayratchetError):
    """Whoever asked, or may have the keys of whoever asked, cannot be the one who agrees."""

    code = "second_person_missing"


class RoleMissing(PayratchetError):
    """Only an operator with the role approver, who is not revoked, decides."""

    code = "role_missing"


class KindUnknown(PayratchetError):
    """This version does not know how to do what was asked for."""

    code = "approval_kind_unknown"


class Performed(NamedTuple):
    """What was done. `afterwards` runs when it is committed, and says more about it."""

    result: Mapping[str, Any]
    afterwards: Callable[[Database], Mapping[str, Any]] | None = None


class Performer(NamedTuple):
    """How one kind of question is answered.

    `perform(tx, approval, approved_by)` does it in the transaction of the decision. `shows` says
    what it would do now, in the shape in which it was shown; None where nothing can have changed
    (what is asked for is frozen). `dropped(tx, approval, actor, reason)` cleans up behind a
    question that was rejected or that nobody decided.
    """

    perform: Callable[[Transaction, Approval, str], Performed]
    shows: Callable[[Transaction, Approval], Mapping[str, Any]] | None = None
    dropped: Callable[[Transaction, Approval, str, str], None] | None = None


Performers = dict[str, Performer]
"""How each kind of question is answered."""


def ask(
    tx: Transaction,
    act: Act,
    *,
    request: Mapping[str, Any],
    shown: Mapping[str, Any],
    amounts_minor: Mapping[str, int],
    reason: str,
    why: str | None = None,
) -> int:
    """Keep the question whether somebody may do this for a second person; return its id.

    `request` has all that is needed to do it later, `shown` what it would do now; both are JSON.
    `amounts_minor` is what it moves, by currency, and `why` says why one person may not. Who asks
    for just the same again, while it waits, gets the same question.
    """
    money = next(iter(amounts_minor.items())) if len(amounts_minor) == 1 else (None, None)
    question = Question(act.kind, act.subject, request, shown, money[1], money[0], why)
    waiting = approvals.equal(tx, question, asked_by=act.actor)
    if waiting is not None:
        return waiting
    made = approvals.add(tx, question, asked_by=act.actor, reason=reason, lives_s=APPROVAL_S_MAX)
    details = {"kind": act.kind, "about": act.subject, "why": why}
    operator_rows.note(
        tx,
        act.actor,
        "approval_asked",
        _subject(made),
        reason=reason,
        details={**details, "amounts_minor": dict(amounts_minor)},
    )
    return made


def approve(
    database: Database, approval_id: int, *, actor: str, reason: str, performers: Performers
) -> dict[str, Any]:
    """Agree to a question and do what it asks for, in one transaction; return what was done.

    `actor` is an operator with the role approver, and not who asked. Raises ApprovalUnknown,
    ApprovalDecided, ApprovalExpired, ApprovalStale, SecondPersonMissing, RoleMissing, KindUnknown,
    and what doing it raises: nothing is decided then, and nothing is done.
    """
    with database.transaction() as tx:
        approval = _decidable(tx, approval_id, actor)
        _require_two_people(tx, approval.asked_by, actor)
        performer = performers.get(approval.kind)
        if performer is None:
            raise KindUnknown(f"{approval.kind} cannot be done by this version")
        _hold_to_what_was_shown(tx, approval, performer)
        done = performer.perform(tx, approval, actor)
        _decide(tx, approval, "approved", actor, reason, result=done.result)
    more = done.afterwards(database) if done.afterwards else {}
    return {**done.result, **more}


def reject(
    database: Database, approval_id: int, *, actor: str, reason: str, performers: Performers
) -> None:
    """Refuse a question for good. Raises as `approve` does."""
    with database.transaction() as tx:
        approval = _decidable(tx, approval_id, actor)
        _decide(tx, approval, "rejected", actor, reason, result={})
        _drop(tx, approval, performers, actor, reason)


def expire_overdue(database: Database, performers: Performers) -> int:
    """End the questions that nobody decided in time; return how many.

    One that cannot be cleaned up behind is left for the next sweep, and keeps no other waiting.
    Raises psycopg.OperationalError when the store is away.
    """
    with database.transaction() as tx:
        overdue = approvals.overdue(tx, limit=EXPIRED_PER_SWEEP_MAX)
    return sum(_expire(database, approval_id, performers) for approval_id in overdue)


def _expire(database: Database, approval_id: int, performers: Performers) -> bool:
    try:
        with database.transaction() as tx:
            approval = approvals.lock_overdue(tx, approval_id)
            if approval is None:
                return False
            approvals.expire(tx, approval.id)
            _drop(tx, approval, performers, SYSTEM, "nobody decided in time")
    except Exception as error:
        if isinstance(error, psycopg.OperationalError) and not isinstance(error, OF_ONE_QUESTION):
            raise
        name = type(error).__name__
        log.warning("approval.not_expired", error_class=name, reason=_subject(approval_id))
        return False
    return True


def _decidable(tx: Transaction, approval_id: int, actor: str) -> Approval:
    """Lock a question that this person may decide now. Raises as `approve` says."""
    approval = approvals.lock(tx, approval_id)
    # Read after the lock is there: who was revoked meanwhile decides nothing.
    name = operators.name_of(actor)
    decider = operator_rows.by_name(tx, name) if name is not None else None
    if decider is None or not operators.may(decider.role, Role.APPROVER):
        raise RoleMissing("an operator with the role approver must decide")
    if approval is None:
        raise ApprovalUnknown(f"there is no approval {approval_id}")
    if approval.status == "expired" or approval.is_overdue:
        raise ApprovalExpired(f"approval {approval_id} waited too long: it must be asked for again")
    if approval.status != "waiting":
        raise ApprovalDecided(f"approval {approval_id} is {approval.status} already")
    if approval.asked_by == actor:
        raise SecondPersonMissing("you asked for it yourself: another approver must decide")
    return approval


def _require_two_people(tx: Transaction, asked_by: str, actor: str) -> None:
    """Raise SecondPersonMissing where one person may have the keys of both."""
    askers, deciders = (
        operator_rows.hands(tx, each, within_s=KEYS_GIVEN_S_MIN) for each in (asked_by, actor)
    )
    shared = sorted(askers & deciders)
    if shared:
        days = KEYS_GIVEN_S_MIN // 86_400
        raise SecondPersonMissing(
            f"{shared[0]} may have the keys of both: who made an operator, or renewed their token,"
            f" does not count as another person for {days} days. Another approver must decide, or"
            " the database's owner makes one without an operator's token"
        )


def _hold_to_what_was_shown(tx: Transaction, approval: Approval, performer: Performer) -> None:
    if performer.shows is None:
        return
    now = json.loads(json.dumps(performer.shows(tx, approval)))
    if now != approval.shown:
        raise ApprovalStale("it would do something else now than it was asked for; ask again")


def _decide(
    tx: Transaction,
    approval: Approval,
    status: str,
    actor: str,
    reason: str,
    *,
    result: Mapping[str, Any],
) -> None:
    approvals.decide(tx, approval.id, status=status, decided_by=actor, reason=reason, result=result)
    details = {"kind": approval.kind, "about": approval.subject, "asked_by": approval.asked_by}
    operator_rows.note(
        tx, actor, f"approval_{status}", _subject(approval.id), reason=reason, details=details
    )


def _drop(
    tx: Transaction, approval: Approval, performers: Performers, actor: str, reason: str
) -> None:
    performer = performers.get(approval.kind)
    if performer is not None and performer.dropped is not None:
        performer.dropped(tx, approval, actor, reason)


def _subject(approval_id: int) -> str:
    return f"approval:{approval_id}"
