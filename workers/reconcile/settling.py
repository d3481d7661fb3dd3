"""The end of a run: what the list did not have, and what its questions have mended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from domain.money import Money
from domain.reconciliation import There, Verdict, compare
from workers.reconcile import unlisted
from workers.reconcile.limits import (
    CLOCKS_APART_S,
    FACTS_PER_STEP,
    ITEMS_CLEARED_PER_STEP,
    LIST_DELAY_S,
    RECHECKED_PER_STEP,
    SETTLE_EVERY_S,
    SETTLE_S_MAX,
    UNLISTED_ASKED_MAX,
)
from workers.store import inbox, reconciliation_items, reconciliations, transactions
from workers.store.inbox import CALLS
from workers.store.transactions import Books

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workers.clients.client import ProviderClient
    from workers.database import Database, Transaction
    from workers.store.reconciliation_items import Answered, Open
    from workers.store.reconciliations import Run

log = structlog.get_logger()

SCAN, ASK, CLEAR, WAIT, RECHECK, END = "scan", "ask", "clear", "wait", "recheck", "end"
"""The parts of the end, in their order. Only ASK asks anybody."""


class Place(NamedTuple):
    """Where the end of a run is: in which part, after what, and when that goes on.

    `delay_s` None: at once, in the same transaction.
    """

    part: str
    after: str = ""
    delay_s: float | None = None


def step(database: Database, client: ProviderClient, run: Run, event_id: int) -> bool:
    """Take one step after the last page; return whether there is another.

    First what is here and was not listed is found, then it is asked about; what is equal is let go
    of; then the questions that are still open are waited for, and what differed is compared again.
    Raises as `pages.step` does.
    """
    part, _, after = (run.cursor or SCAN).partition(" ")
    answers = unlisted.ask(database, client, run, event_id, after=after) if part == ASK else []
    with database.transaction() as tx:
        if inbox.lock_one(tx, event_id, lanes=CALLS) is None or not reconciliations.still(tx, run):
            return False
        place = _note(tx, run, answers) if part == ASK else PARTS[part](tx, run, after)
        while place.delay_s is None and place.part != END:
            place = PARTS[place.part](tx, run, place.after)
        if place.part == END:
            inbox.finish(tx, [event_id])
            return False
        cursor = f"{place.part} {place.after}"
        reconciliations.advance(tx, run.id, status="settling", cursor=cursor)
        reconciliations.again(tx, event_id, delay_s=place.delay_s or 0.0)
    return True


def _scan(tx: Transaction, run: Run, after: str) -> Place:
    """Find captures of the window, a margin away from both of its ends, that were not listed.

    With too many of them the list is not whole, and nobody is asked about any.
    """
    margin = timedelta(seconds=CLOCKS_APART_S)
    listed_until = min(run.until, run.started_at - timedelta(seconds=LIST_DELAY_S))
    window = (run.since + margin, listed_until - margin)
    from_id = int(after) + 1 if after else reconciliation_items.first_fact(tx, window[0])
    scanned = reconciliation_items.scan(
        tx, run, from_id=from_id, window=window, limit=FACTS_PER_STEP
    )
    found = {Verdict.MISSING_THERE.value: scanned.added}
    reconciliations.advance(tx, run.id, status="settling", cursor=run.cursor, new=found)
    if scanned.last_id is not None:
        return Place(SCAN, str(scanned.last_id), 0.0)
    count = run.missing_there + scanned.added
    return Place(ASK, delay_s=0.0) if 0 < count <= UNLISTED_ASKED_MAX else Place(CLEAR)


def _note(tx: Transaction, run: Run, answers: Sequence[Answered]) -> Place:
    if not answers:
        return Place(CLEAR)
    reconciliation_items.answer(tx, run.id, answers)
    return Place(ASK, answers[-1].object_id, 0.0)


def _clear(tx: Transaction, run: Run, after: str) -> Place:
    """Let go of what is equal, a part in each transaction: it was kept to know what is listed."""
    last = reconciliation_items.clear(tx, run.id, after=after, limit=ITEMS_CLEARED_PER_STEP)
    return Place(WAIT) if last is None else Place(CLEAR, last, 0.0)


def _wait(tx: Transaction, run: Run, after: str) -> Place:
    del after
    if reconciliation_items.unfinished(tx, run.id, younger_than_s=SETTLE_S_MAX):
        return Place(WAIT, delay_s=SETTLE_EVERY_S)
    return Place(RECHECK)


def _recheck(tx: Transaction, run: Run, after: str) -> Place:
    """Compare again what differed and was asked about; then the run has ended."""
    limit = RECHECKED_PER_STEP
    found = reconciliation_items.opened(tx, run.id, after=after, limit=limit)
    listed = [_there(each) for each in found]
    known = transactions.found_here(tx, Books(run.provider, run.account, None), listed)
    equal = [
        there.object_id
        for there, here in zip(listed, known, strict=True)
        if compare(there, here).verdict is Verdict.EQUAL
    ]
    reconciliation_items.mend(tx, run.id, equal)
    if len(found) == limit:
        return Place(RECHECK, found[-1].object_id, 0.0)
    _finish(tx, run)
    return Place(END)


def _finish(tx: Transaction, run: Run) -> None:
    """End the run; its window is covered if there was an answer to every question."""
    unanswered = reconciliation_items.unanswered(tx, run.id)
    if unanswered:
        problem = f"incomplete: the provider gives no answer about {unanswered} of its captures"
        reconciliations.fail(tx, run.id, problem)
        log.error("reconciliation.incomplete", reason=run.provider, count=unanswered)
    else:
        reconciliations.finish(tx, run.id, list_delay_s=LIST_DELAY_S)
        log.info("reconciliation.finished", reason=run.provider, count=run.examined)


def _there(item: Open) -> There:
    amount = None
    if item.amount_minor is not None and item.currency is not None:
        amount = Money(item.currency, item.amount_minor)
    return There(item.object_id, item.reference, item.status, amount, item.refunded_minor)


PARTS: dict[str, Callable[[Transaction, Run, str], Place]] = {
    SCAN: _scan,
    CLEAR: _clear,
    WAIT: _wait,
    RECHECK: _recheck,
}
