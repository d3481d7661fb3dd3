"""One step of a run: the next page, or what is left to do after the last one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from domain.commands import Command, CommandKind, run_id_of
from domain.errors import ProviderRefused
from domain.payment import REFERENCE
from domain.reconciliation import Verdict, compare, there
from workers import pulse
from workers.commands import enqueue
from workers.reconcile import settling
from workers.reconcile.limits import DEATHS_MAX, EXAMINED_MAX, STEP_S_MAX
from workers.reconcile.starting import ACTOR
from workers.store import housekeeping, inbox, reconciliation_items, reconciliations
from workers.store.inbox import CALLS
from workers.store.reconciliation_items import Item
from workers.store.transactions import Books, found_here

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.asking import Page
    from workers.clients.client import ProviderClient
    from workers.database import Database, Transaction
    from workers.store.reconciliations import Run

log = structlog.get_logger()

ASKED_ABOUT = (Verdict.MISSING_HERE, Verdict.MISMATCHED)
"""Verdicts that a question to the provider may mend."""

PROBLEM_LENGTH_MAX = 200
"""Characters kept of why a run failed."""


def step(
    database: Database, client: ProviderClient | None, command: Command, event_id: int
) -> bool:
    """Take one step of the command's run; return whether it is to be taken up again soon.

    `client` is None where no key of the account is set: then the run fails, as it does when the
    provider refuses us for good, when its list has no end, and when worker after worker dies of
    it. Raises ProviderAway and OutcomeUnknown: nothing is written then, and the same step is
    taken again. Two workers that take the same step write it once.
    """
    run_id = run_id_of(command.reference)
    with database.transaction() as tx:
        run, as_of = reconciliations.find(tx, run_id), housekeeping.now(tx)
        deaths = reconciliations.take_up(tx, event_id, for_s=STEP_S_MAX)
    if run is None:
        return _end(database, event_id)
    if client is None:
        return _fail(database, run_id, event_id, "no key of this account is set")
    if deaths >= DEATHS_MAX:
        return _fail(database, run_id, event_id, f"{DEATHS_MAX} workers died of it")
    try:
        return _step(database, client, run, event_id, as_of)
    except ProviderRefused as error:
        return _fail(database, run_id, event_id, str(error))
    except Exception:
        with database.transaction() as tx:
            reconciliations.lived(tx, event_id)
        raise


def _step(
    database: Database, client: ProviderClient, run: Run, event_id: int, as_of: datetime
) -> bool:
    pulse.beat()
    if run.status == "settling":
        return settling.step(database, client, run, event_id)
    page = client.page(
        since_s=int(run.since.timestamp()), until_s=int(run.until.timestamp()), cursor=run.cursor
    )
    pulse.beat()
    with database.transaction() as tx:
        if inbox.lock_one(tx, event_id, lanes=CALLS) is None or not reconciliations.still(tx, run):
            return False
        problem = _take_in(tx, run, page, as_of)
        if problem is None:
            reconciliations.again(tx, event_id, delay_s=0.0)
            return True
    return _fail(database, run.id, event_id, problem)


def _take_in(tx: Transaction, run: Run, page: Page, as_of: datetime) -> str | None:
    """Compare with what was known before the page was asked for: then only the list can be newer.

    What came in meanwhile looks missing, is asked about, and turns out to be there. Return why the
    run cannot go on, None where it can.
    """
    listed = list({each.object_id: each for entry in page.items for each in there(entry)}.values())
    known = found_here(tx, Books(run.provider, run.account, as_of), listed)
    items = [
        Item(there_, here, compare(there_, here))
        for there_, here in zip(listed, known, strict=True)
    ]
    new = reconciliation_items.add(tx, run.id, _ask_about(tx, run, items))
    status = "settling" if page.next_cursor is None else "running"
    cursor, examined = page.next_cursor, len(new)
    reconciliations.advance(
        tx, run.id, status=status, cursor=cursor, examined=examined, new=Counter(new)
    )
    log.info("reconciliation.page", reason=run.provider, count=examined, status=status)
    return None if cursor is None else _endless(run, examined)


def _endless(run: Run, examined: int) -> str | None:
    """Say why no further page is asked for though the list says that there is one.

    A cursor that comes again leads to a page that brings nothing new.
    """
    if not examined:
        return "the list says that there is more, and brings nothing new"
    if run.examined + examined > EXAMINED_MAX:
        return f"the list has more than {EXAMINED_MAX} transactions: take a shorter window"
    return None


def _ask_about(tx: Transaction, run: Run, items: Sequence[Item]) -> list[Item]:
    """Feed a question about each payment that differs into the inbox, once in a run.

    Not about money that cannot be read: the answer could not be read either. A person is to look.
    """
    asked = {
        item.there.object_id: command
        for item in items
        if item.finding.verdict in ASKED_ABOUT
        and item.there.is_readable
        and (command := _question(run, item)) is not None
    }
    by_key = {command.key: command for command in asked.values()}
    enqueue(tx, list(by_key.values()), request_id=f"reconciliation-{run.id}")
    ids = reconciliation_items.command_ids(tx, list(by_key)) if by_key else {}
    return [
        item._replace(event_id=ids[asked[item.there.object_id].key])
        if item.there.object_id in asked
        else item
        for item in items
    ]


def _question(run: Run, item: Item) -> Command | None:
    """Return the question, or None where there is no reference to ask by."""
    reference = item.here.reference or item.there.reference
    if reference is None or not REFERENCE.fullmatch(reference):
        return None
    number = f"reconciliation-{run.id}"
    return Command(CommandKind.VERIFY, run.provider, run.account, reference, ACTOR, number)


def _end(database: Database, event_id: int) -> bool:
    with database.transaction() as tx:
        inbox.finish(tx, [event_id])
    return False


def _fail(database: Database, run_id: int, event_id: int, problem: str) -> bool:
    with database.transaction() as tx:
        if inbox.lock_one(tx, event_id, lanes=CALLS) is not None:
            reconciliations.fail(tx, run_id, problem[:PROBLEM_LENGTH_MAX])
            inbox.finish(tx, [event_id])
    log.error("reconciliation.failed", reason=problem[:PROBLEM_LENGTH_MAX], count=1)
    return False
