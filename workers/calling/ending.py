"""How commands end that did not go through: tried later, or set aside for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from domain import calls, commands
from domain.errors import Permanent
from domain.fingerprint import fingerprint
from workers.burial import set_aside
from workers.failing import delay_s, describe, put_off, verdict
from workers.store import attempts, inbox, provider_calls
from workers.store.dead_letters import Letter

if TYPE_CHECKING:
    from domain.commands import Command
    from domain.judgement import Burial
    from domain.money import Money
    from workers.calling.case import Case
    from workers.database import Database, Transaction
    from workers.store.inbox import Work

log = structlog.get_logger()

GONE, DEAD, RETRY = "gone", "dead", "retry"


def fail(database: Database, event_id: int, error: Exception, *, worker: str) -> str:
    """Count a failure in a transaction of its own; return "retry", "dead" or "gone".

    Raises psycopg.OperationalError when the store is away: the relay rings again.
    """
    with database.transaction() as tx:
        work = inbox.lock_one(tx, event_id, lanes=inbox.CALLS)
        if work is None:
            return GONE
        name = type(error).__name__
        provider_calls.abandon(tx, event_id, worker=worker, error_class=name)
        return _fail(tx, work, _command(work), None, error, worker)


def fail_in(tx: Transaction, case: Case, error: Exception, *, worker: str) -> str:
    """Count a failure where the case is locked already; return "retry" or "dead"."""
    return _fail(tx, case.work, case.command, case.amount, error, worker)


def bury(tx: Transaction, case: Case, why: Burial, *, worker: str) -> str:
    """Set the command aside for a person."""
    letter = letter_of(case.work, case.command, case.amount, why)
    set_aside(tx, case.work, letter, worker=worker)
    log.warning("command.set_aside", event_id=case.work.event_id, reason=why.reason)
    return DEAD


def _fail(  # noqa: PLR0917 - one place for two callers
    tx: Transaction,
    work: Work,
    command: Command | None,
    amount: Money | None,
    error: Exception,
    worker: str,
) -> str:
    tried = attempts.tried(tx, work.event_id, replay_id=work.replay_id)
    burial = verdict(work, error, tried=tried)
    if burial is not None:
        set_aside(tx, work, letter_of(work, command, amount, burial), worker=worker)
    else:
        attempts.record(tx, [put_off(work, error, worker)])
        inbox.postpone(tx, work.event_id, delay_s=calls.pause_s(error, delay_s(work, error)))
    log.warning(
        "command.failed",
        event_id=work.event_id,
        error_class=type(error).__name__,
        reason=describe(error),
        attempts=work.attempts + 1,
        status=DEAD if burial else RETRY,
    )
    return DEAD if burial else RETRY


def letter_of(work: Work, command: Command | None, amount: Money | None, why: Burial) -> Letter:
    """Return the dead letter of a command: it is called by its kind, and names its money."""
    kind = command.kind if command else "unread"
    return Letter(
        work.event_id,
        work.received_at,
        work.source,
        work.account,
        kind,
        command.reference if command else None,
        None,
        why.reason,
        why.error_class,
        fingerprint(work.source, kind, why.reason, why.error_class, why.message),
        why.message,
        amount.amount_minor if amount else None,
        amount.currency if amount else None,
        work.attempts + work.crashes + 1,
    )


def _command(work: Work) -> Command | None:
    try:
        return commands.parse(work.body)
    except Permanent:
        return None
