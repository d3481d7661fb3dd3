"""Begin runs: when somebody asks for one, and when the time has come."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from domain.commands import Command, CommandKind
from domain.errors import Refused
from domain.reconciliation import Window, covered_through
from workers.commands import enqueue
from workers.reconcile.limits import CHECKOUT_OPEN_S_MAX, FIRST_LOOK_BACK_S, LIST_DELAY_S
from workers.store import housekeeping, reconciliations
from workers.store.reconciliations import Asked

if TYPE_CHECKING:
    from workers.database import Database, Transaction

ACTOR = "payratchet"

PROVIDERS = ("paystack", "stripe")
"""Providers whose transactions can be listed."""


class RunUnderWay(Refused):
    """The account is being reconciled right now."""

    code = "reconciliation_under_way"
    http_status = 409
    title = "The account is being reconciled"


def begin(tx: Transaction, asked: Asked) -> tuple[int, int]:
    """Begin a run; return its id and that of its command's event. A worker does the work.

    Raises RunUnderWay while another run of the account has not ended.
    """
    run_id = reconciliations.begin(tx, asked)
    if run_id is None:
        raise RunUnderWay(f"a run of {asked.provider}/{asked.account} has not ended")
    command = Command(
        CommandKind.RECONCILE, asked.provider, asked.account, str(run_id), asked.requested_by
    )
    [event_id] = enqueue(tx, [command], request_id=f"reconciliation-{run_id}")
    return run_id, event_id


def begin_due(database: Database, *, every_s: float) -> int:
    """Begin the runs whose time has come; return how many. `every_s` 0: none ever."""
    if not every_s:
        return 0
    with database.transaction() as tx:
        now, known = housekeeping.now(tx), reconciliations.accounts(tx, PROVIDERS)
    late = now - timedelta(seconds=every_s)
    begun = 0
    for provider, account, last_started_at in known:
        if last_started_at is not None and last_started_at > late:
            continue
        with contextlib.suppress(RunUnderWay), database.transaction() as tx:
            begin(tx, _scheduled(tx, provider, account, now))
            begun += 1
    return begun


def _scheduled(tx: Transaction, provider: str, account: str, now: datetime) -> Asked:
    """Go on where the runs before have covered everything, with an overlap for late payers."""
    windows = [Window(*each) for each in reconciliations.windows(tx, provider, account)]
    covered_s = covered_through(windows)
    since = now - timedelta(seconds=FIRST_LOOK_BACK_S)
    if covered_s is not None:
        since = datetime.fromtimestamp(covered_s - CHECKOUT_OPEN_S_MAX, UTC)
    until = now - timedelta(seconds=LIST_DELAY_S)
    return Asked(provider, account, since, until, ACTOR, "scheduled")
