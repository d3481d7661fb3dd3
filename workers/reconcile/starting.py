"""Begin runs: when somebody asks for one, and when the time has come."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from domain.commands import Command, CommandKind, run_reference
from domain.errors import Refused
from domain.reconciliation import Window, covered_through
from workers.commands import enqueue
from workers.reconcile.limits import (
    CHECKOUT_OPEN_S_MAX,
    CLOCKS_APART_S,
    LATE_PAYERS_S,
    LIST_DELAY_S,
    UNPROVEN_EVERY_S,
    WIDE_EVERY_S,
)
from workers.store import housekeeping, reconciliations
from workers.store.reconciliations import Asked, Wide

if TYPE_CHECKING:
    from workers.database import Database, Transaction
    from workers.store.reconciliations import Account

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
    reference = run_reference(run_id)
    command = Command(
        CommandKind.RECONCILE, asked.provider, asked.account, reference, asked.requested_by
    )
    [event_id] = enqueue(tx, [command], request_id=f"reconciliation-{run_id}")
    return run_id, event_id


def begin_due(database: Database, *, every_s: float) -> int:
    """Begin the runs whose time has come; return how many. `every_s` 0: none ever."""
    if not every_s:
        return 0
    with database.transaction() as tx:
        now, known = housekeeping.now(tx), reconciliations.accounts(tx, PROVIDERS)
    begun = 0
    for account in known:
        if not _is_due(account, now, every_s):
            continue
        with contextlib.suppress(RunUnderWay), database.transaction() as tx:
            begin(tx, _scheduled(tx, account.provider, account.account, now))
            begun += 1
    return begun


def _is_due(account: Account, now: datetime, every_s: float) -> bool:
    """Say whether it is time. What only has payments, and failed, may well have no key here."""
    if account.last_started_at is None:
        return True
    wait_s = every_s if account.is_in_use else max(every_s, UNPROVEN_EVERY_S)
    return account.last_started_at <= now - timedelta(seconds=wait_s)


def _scheduled(tx: Transaction, provider: str, account: str, now: datetime) -> Asked:
    """Go on where the runs before have covered everything, with an overlap for late payers.

    Once a day the overlap is long: who comes back to a checkout after days has no other witness
    when the webhook is lost, for what was abandoned is asked about no more.
    """
    windows = [Window(*each) for each in reconciliations.windows(tx, provider, account)]
    covered_s = covered_through(windows)
    since = now - timedelta(seconds=LATE_PAYERS_S)
    if covered_s is not None:
        covered_since = datetime.fromtimestamp(covered_s - CHECKOUT_OPEN_S_MAX, UTC)
        wide = Wide(over_s=LATE_PAYERS_S - LIST_DELAY_S - CLOCKS_APART_S, within_s=WIDE_EVERY_S)
        has_looked = reconciliations.has_looked_back(tx, provider, account, wide)
        since = covered_since if has_looked else min(covered_since, since)
    until = now - timedelta(seconds=LIST_DELAY_S)
    return Asked(provider, account, since, until, ACTOR, "scheduled")
