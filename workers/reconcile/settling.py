"""The end of a run: what the list did not have, and what its questions have mended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from domain.asking import Asking, Told
from domain.errors import OutcomeUnknown
from domain.facts import FactKind
from domain.money import Money
from domain.reconciliation import Finding, Here, There, Verdict, compare
from workers.reconcile.limits import (
    CLOCKS_APART_S,
    LIST_DELAY_S,
    RECHECKED_PER_STEP,
    SETTLE_EVERY_S,
    SETTLE_S_MAX,
    UNLISTED_ASKED_MAX,
    UNLISTED_PER_STEP,
)
from workers.store import inbox, reconciliations, transactions
from workers.store.inbox import CALLS
from workers.store.reconciliations import Item
from workers.store.transactions import Books

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.clients.client import ProviderClient
    from workers.database import Database, Transaction
    from workers.store.reconciliations import Open, Run
    from workers.store.transactions import Unlisted

log = structlog.get_logger()

NOT_FOUND = 404
"""What a provider answers that knows nothing by the name it was asked about."""


def step(database: Database, client: ProviderClient, run: Run, event_id: int) -> bool:
    """Take one step after the last page; return whether there is another.

    First what is here and was not listed, then the questions that are still open, then everything
    that differed is compared again. Raises as `pages.step` does.
    """
    with database.transaction() as tx:
        unlisted = _unlisted(tx, run) if run.cursor is None else []
    items = _look_up(client, unlisted)
    with database.transaction() as tx:
        if inbox.lock_one(tx, event_id, lanes=CALLS) is None or not reconciliations.still(tx, run):
            return False
        delay_s = _note(tx, run, items) if items else _wait_or_end(tx, run)
        if delay_s is None:
            inbox.finish(tx, [event_id])
            return False
        reconciliations.again(tx, event_id, delay_s=delay_s)
    return True


def _unlisted(tx: Transaction, run: Run) -> list[Unlisted]:
    """Return captures of the window, a margin away from both of its ends, that were not listed."""
    margin = timedelta(seconds=CLOCKS_APART_S)
    listed_until = min(run.until, run.started_at - timedelta(seconds=LIST_DELAY_S))
    window = (run.since + margin, listed_until - margin)
    books = Books(run.provider, run.account, None)
    limit = UNLISTED_ASKED_MAX + 1
    return transactions.unlisted(tx, books, run.id, window=window, limit=limit)


def _look_up(client: ProviderClient, unlisted: Sequence[Unlisted]) -> list[Item]:
    """Ask about some of them: a transaction that was made long before it was paid is in no list.

    With too many of them the list is not whole, and nobody is asked.
    """
    if len(unlisted) > UNLISTED_ASKED_MAX:
        words = f"not listed, and not asked about: so are more than {UNLISTED_ASKED_MAX}"
        return [
            _item(each, "not listed", Finding(Verdict.MISSING_THERE, words)) for each in unlisted
        ]
    return [_asked(client, each) for each in unlisted[:UNLISTED_PER_STEP]]


def _asked(client: ProviderClient, unlisted: Unlisted) -> Item:
    names = dict.fromkeys((unlisted.provider_reference or unlisted.object_id, unlisted.object_id))
    asking = Asking(unlisted.reference, unlisted.asked, unlisted.customer_id, names=tuple(names))
    try:
        told = client.look_up(asking)
    except OutcomeUnknown as error:
        # Asked by its own name of a payment, a provider that has not heard of it may be another
        # account of it: no proof about the payment, but a capture that this account does not have.
        if error.http_status != NOT_FOUND:
            raise
        told = Told(is_known=False)
    is_there = any(
        fact.kind is FactKind.SUCCEEDED and fact.object_id == unlisted.object_id
        for fact in told.facts
    )
    status = told.status or "not found"
    if is_there:
        return _item(unlisted, status, Finding(Verdict.EQUAL, "not listed, but there when asked"))
    words = f"not listed; asked about it, the provider says: {status}"
    return _item(unlisted, status, Finding(Verdict.MISSING_THERE, words))


def _item(unlisted: Unlisted, status: str, finding: Finding) -> Item:
    listed = There(unlisted.object_id, unlisted.reference, status, None, None)
    known = Here(unlisted.reference, frozenset({unlisted.captured}))
    return Item(listed, known, finding)


def _note(tx: Transaction, run: Run, items: Sequence[Item]) -> float:
    new = reconciliations.add(tx, run.id, items)
    reconciliations.advance(tx, run.id, status="settling", cursor=None, new=new, listed=False)
    return 0.0


def _wait_or_end(tx: Transaction, run: Run) -> float | None:
    """Return after how long to look again; None: the run has ended."""
    if run.cursor is None and reconciliations.unfinished(tx, run.id, younger_than_s=SETTLE_S_MAX):
        reconciliations.advance(tx, run.id, status="settling", cursor=None, new=(), listed=False)
        return SETTLE_EVERY_S
    found = reconciliations.opened(tx, run.id, after=run.cursor or "", limit=RECHECKED_PER_STEP)
    listed = [_there(each) for each in found]
    known = transactions.found_here(tx, Books(run.provider, run.account, None), listed)
    equal = [
        there.object_id
        for there, here in zip(listed, known, strict=True)
        if compare(there, here).verdict is Verdict.EQUAL
    ]
    reconciliations.mend(tx, run.id, equal)
    if len(found) == RECHECKED_PER_STEP:
        reconciliations.advance(
            tx, run.id, status="settling", cursor=found[-1].object_id, new=(), listed=False
        )
        return 0.0
    reconciliations.finish(tx, run.id, list_delay_s=LIST_DELAY_S)
    log.info("reconciliation.finished", reason=run.provider, count=len(equal))
    return None


def _there(item: Open) -> There:
    amount = None
    if item.amount_minor is not None and item.currency is not None:
        amount = Money(item.currency, item.amount_minor)
    return There(item.object_id, item.reference, item.status, amount, item.refunded_minor)
