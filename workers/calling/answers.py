"""Answers: what a provider told us is applied by the path of every webhook."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain import tries
from domain.commands import object_reference
from domain.errors import OutcomeUnknown, ProviderRefused
from workers import refetching, settling
from workers.apply import judge_heard
from workers.calling import foreign
from workers.calling.case import pinned_mode
from workers.failing import describe
from workers.store import payments
from workers.store.provider_calls import Ended
from workers.store.references import Alias

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.commands import Command
    from domain.facts import Fact
    from domain.judgement import Known
    from workers.calling.case import Case
    from workers.database import Transaction
    from workers.outcome import Outcome


def ended(answer: Told | Exception) -> Ended:
    """Return how a call ended, for its row."""
    if not isinstance(answer, Exception):
        return Ended(tries.Outcome.ANSWERED, message=answer.status or None, answer=answer.answer)
    status = answer.http_status if isinstance(answer, (ProviderRefused, OutcomeUnknown)) else None
    name = "ReferenceTaken" if tries.is_taken(answer) else type(answer).__name__
    return Ended(tries.outcome_of(answer), status, name, describe(answer))


def whose(command: Command, answer: Told | Exception) -> Command:
    """Return the command, about the payment that the answer names.

    Who was asked because of an event that proves nothing says whose payment it is; what the event
    said of that counts no longer. Where the answer names nobody, it is nobody's.
    """
    if isinstance(answer, Exception) or refetching.ordered_by(command) is None:
        return command
    if answer.reference is not None:
        return replace(command, reference=answer.reference)
    if command.object_id is not None:
        return replace(command, reference=object_reference(command.object_id))
    return command


def take(
    tx: Transaction, outcome: Outcome, case: Case, facts: tuple[Fact, ...], told: Told
) -> Known | None:
    """Judge what was told; return the payment as it then stands. Nothing is written yet.

    Refunds of ours that are proven by it are settled; the provider's name is remembered. What
    contradicts is set aside and counts all the same, unless nothing of the answer is applied: what
    is of another payment is not.
    """
    if foreign.is_another(tx, case, told):
        return foreign.set_apart(outcome, case, told)
    heard = case.heard(facts, told, pinned_mode(tx, case, told))
    known = judge_heard(tx, outcome, [case.work], [heard]).get(case.command.reference)
    if known is None or (outcome.letters and known.payment_id not in outcome.moved):
        return known
    note(tx, outcome, case, told, known)
    return known


def note(tx: Transaction, outcome: Outcome, case: Case, told: Told, known: Known) -> None:
    """Take up the provider's name of the payment, and what it tells of refunds."""
    if told.provider_reference is not None:
        command = case.command
        name = told.provider_reference
        alias = Alias(command.provider, command.account, name, known.payment_id)
        outcome.aliases[alias] = None
    if known.position.captured_minor or told.refunds:
        settling.settle_told(tx, outcome, case.work, known, told.refunds)


def after(tx: Transaction, case: Case, known: Known) -> Case:
    """Return the case as it stands after what was told, which is not written yet."""
    refund = case.refund
    if refund is not None:
        refund = settling.reread(tx, refund)
    return replace(case, known=known, refund=refund)


def write_names(tx: Transaction, outcome: Outcome, case: Case, told: Told) -> None:
    """Write where the payment is paid, and what the provider calls it."""
    if case.payment_id is None:
        return
    if told.authorization_url is not None:
        outcome.told.add(case.command.reference)
    url, name = told.authorization_url, told.provider_reference
    payments.tell(tx, case.payment_id, url=url, name=name)
