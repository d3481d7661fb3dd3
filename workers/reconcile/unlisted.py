"""Captures that the provider does not list: it is asked about each by its name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from domain.asking import Asking, Told
from domain.errors import OutcomeUnknown, ProviderForbids, ProviderRefused
from domain.facts import FactKind
from domain.providers.api import AnswerUnclear
from domain.reconciliation import Finding, Verdict
from workers import pulse
from workers.reconcile.limits import LOOKING_UP_S_MAX, UNANSWERED_S_MAX, UNLISTED_PER_STEP
from workers.store import reconciliation_items, reconciliations
from workers.store.reconciliation_items import Answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.clients.client import ProviderClient
    from workers.database import Database
    from workers.store.reconciliation_items import Unlisted
    from workers.store.reconciliations import Run

NOT_FOUND = 404
"""What a provider answers that knows nothing by the name it was asked about."""


def ask(
    database: Database, client: ProviderClient, run: Run, event_id: int, *, after: str
) -> list[Answered]:
    """Ask about the next captures, by their ids; return what was said.

    Raises as a client does where nothing is said about one, until that has lasted for
    `UNANSWERED_S_MAX`; then the run does without, and waits for no other answer either.
    """
    with database.transaction() as tx:
        unasked = reconciliation_items.unasked(tx, run.id, after=after, limit=UNLISTED_PER_STEP)
        is_late = (
            reconciliations.failing_s(tx, event_id) > UNANSWERED_S_MAX
            or reconciliation_items.unanswered(tx, run.id) > 0
        )
    return _look_up(client, unasked, is_late=is_late)


def _look_up(
    client: ProviderClient, unasked: Sequence[Unlisted], *, is_late: bool
) -> list[Answered]:
    """Ask about some of them: a transaction that was made long before it was paid is in no list."""
    ends_s = time.monotonic() + LOOKING_UP_S_MAX
    answers: list[Answered] = []
    for each in unasked:
        if answers and time.monotonic() > ends_s:
            break
        pulse.beat()
        answers.append(_asked(client, each, is_late=is_late))
    pulse.beat()
    return answers


def _asked(client: ProviderClient, unlisted: Unlisted, *, is_late: bool) -> Answered:
    names = dict.fromkeys((unlisted.provider_reference or unlisted.object_id, unlisted.object_id))
    asking = Asking(unlisted.reference, unlisted.asked, unlisted.customer_id, names=tuple(names))
    try:
        told = client.look_up(asking)
    except ProviderForbids:
        raise
    except ProviderRefused as error:
        # About this one it says nothing; what it says of the others is worth no less.
        words = f"not listed; asked about it, the provider refuses: {error}"
        return Answered(unlisted.object_id, "refused", Finding(Verdict.MISSING_THERE, words))
    except OutcomeUnknown as error:
        # Asked by its own name of a payment, a provider that has not heard of it may be another
        # account of it: no proof about the payment, but a capture that this account does not have.
        if error.http_status == NOT_FOUND and not isinstance(error, AnswerUnclear):
            told = Told(is_known=False)
        elif is_late:
            words = f"not listed; asked about it, the provider gives no answer: {error}"
            found = Finding(Verdict.MISSING_THERE, words)
            return Answered(unlisted.object_id, reconciliation_items.UNANSWERED, found)
        else:
            raise
    return Answered(unlisted.object_id, told.status or "not found", _finding(told, unlisted))


def _finding(told: Told, unlisted: Unlisted) -> Finding:
    is_there = any(
        fact.kind is FactKind.SUCCEEDED and fact.object_id == unlisted.object_id
        for fact in told.facts
    )
    if is_there:
        return Finding(Verdict.EQUAL, "not listed, but there when asked")
    words = f"not listed; asked about it, the provider says: {told.status or 'not found'}"
    return Finding(Verdict.MISSING_THERE, words)
