"""Close: apply an answer if it still counts, and say whether the command is over by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.asking import Told
from domain.calls import Move
from domain.commands import CommandKind
from domain.errors import NothingFound, ProviderForbids, ProviderRefused
from domain.tries import Asked
from workers import refetching
from workers.calling import answers, ending
from workers.calling.case import look
from workers.calling.kinds import APPLIED, KINDS, LATE, NO_CHANGE, REFUSED
from workers.store import inbox, provider_calls

if TYPE_CHECKING:
    from workers.calling.beginning import Begun
    from workers.calling.case import Case
    from workers.database import Transaction
    from workers.outcome import Outcome

Answer = Told | Exception
"""What a call gave: even an exception says something, if only that nothing is known."""


class Closed(NamedTuple):
    """What became of the command, or None where it goes on with what was `found`."""

    became: str | None
    found: Told | None = None


def close(tx: Transaction, outcome: Outcome, begun: Begun, answer: Answer) -> Closed:
    """Close the call with its answer.

    Who was presumed dead finds the call closed, or a newer one: the answer is dropped, since
    whoever took over has asked, or will ask, what became of it.
    """
    event_id = begun.case.work.event_id
    work = inbox.lock_one(tx, event_id, lanes=inbox.CALLS)
    if work is None:
        return Closed(LATE)
    case = look(tx, work, answers.whose(begun.case.command, answer), begun.client)
    if not provider_calls.is_current(tx, begun.call_id):
        return Closed(LATE)
    provider_calls.end(tx, begun.call_id, answers.ended(answer))
    if isinstance(answer, Exception):
        return _failed(tx, outcome, case, begun.asked, answer)
    return _answered(tx, outcome, case, begun.asked, answer)


def _answered(tx: Transaction, outcome: Outcome, case: Case, asked: Asked, told: Told) -> Closed:
    kind = KINDS[case.command.kind]
    acted = asked is kind.asked
    if acted and kind.before(tx, case, told):
        outcome.told.add(case.command.reference)
    known = answers.take(tx, outcome, case, kind.facts(tx, case, told, acted=acted), told)
    is_over = acted or bool(outcome.letters)
    if not is_over and known is not None:
        is_over = kind.next(answers.after(tx, case, known), told).move is Move.FINISH
    if is_over:
        outcome.end(case.work)
    outcome.write(tx)
    if outcome.letters:
        return Closed(ending.DEAD)
    answers.write_names(tx, outcome, case, told)
    kind.looked(tx, case)
    if not is_over:
        return Closed(None, told)
    return Closed(APPLIED if outcome.changed else NO_CHANGE)


def _failed(
    tx: Transaction, outcome: Outcome, case: Case, asked: Asked, error: Exception
) -> Closed:
    """Count the failure; or take the refusal of an act for what it proves.

    A question that found nothing is answered as well as it can be: the schedule asks again.
    """
    if _shows_nothing(error) and _is_cancelled_here(case):
        return Closed(None, Told(is_known=False))
    if isinstance(error, NothingFound) and case.command.kind is CommandKind.VERIFY:
        refetching.found_nothing(tx, case.command, case.known, error)
        outcome.end(case.work)
        outcome.write(tx)
        return Closed(NO_CHANGE)
    if (
        not isinstance(error, ProviderRefused)
        or isinstance(error, ProviderForbids)
        or asked is Asked.VERIFY
    ):
        return Closed(ending.fail_in(tx, case, error, worker=outcome.worker))
    if not KINDS[case.command.kind].refused(tx, outcome, case, error):
        return Closed(None)
    outcome.end(case.work)
    outcome.write(tx)
    return Closed(ending.DEAD if outcome.letters else REFUSED)


def _shows_nothing(error: Exception) -> bool:
    """Say whether the provider shows nothing of the payment, or has no way of being asked."""
    is_unsent = isinstance(error, ProviderRefused) and error.http_status == 0
    return is_unsent or isinstance(error, NothingFound)


def _is_cancelled_here(case: Case) -> bool:
    """Say whether a payment is to be ended that its provider would not end whatever it knows."""
    is_cancel = case.command.kind is CommandKind.CANCEL
    return is_cancel and case.client is not None and not case.client.can_cancel
