"""Refund: have a provider give money back, once, and never guess whether it did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from domain import calls, refunds, tries
from domain.calls import Shown
from domain.errors import Permanent
from domain.refunds import FAILED, Matched, Settled
from domain.tries import Asked
from workers import settling
from workers.calling.kind import Kind
from workers.store import attempts, verifications
from workers.store import refunds as stored

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.calls import Next
    from domain.errors import ProviderRefused
    from domain.refunds import Refund
    from workers.calling.case import Case
    from workers.clients.client import ProviderClient
    from workers.database import Transaction
    from workers.outcome import Outcome


class RefundUnknown(Permanent):
    """The command names a refund that this payment does not have."""


class Refunding(Kind):
    """A refund is open until the provider's own word; then webhooks and look-ups settle it."""

    asked: ClassVar[Asked] = Asked.REFUND

    def next(self, case: Case, found: Told | None) -> Next:
        """Ask for it once; ask first where that may have happened. Raises RefundUnknown."""
        if case.refund is None:
            raise RefundUnknown(f"{case.command.refund} of {case.command.reference}")
        assert case.known is not None  # noqa: S101 - `needs_payment`
        refund = case.refund.refund
        return calls.refund(
            case.tries,
            is_settled=not refund.is_open,
            keys_live_s=case.keys_live_s,
            shown=_shown(case, refund, found) if found else None,
            barred=calls.not_refundable(case.known.position, refund.amount.amount_minor),
        )

    def key(self, case: Case) -> str:
        """Name the refund itself: a payment may have several."""
        return f"payratchet:{case.command.refund}"

    def prepare(self, tx: Transaction, outcome: Outcome, case: Case) -> None:
        """Note that the provider may know of it from now on, and is to be asked until it ends."""
        assert case.refund is not None  # noqa: S101 - `next` raises otherwise
        assert case.known is not None  # noqa: S101 - `needs_payment`
        stored.mark_sent(tx, case.refund.refund.reference, facts_before=len(case.known.facts))
        verifications.begin_anew(tx, case.refund.payment_id)
        outcome.told.add(case.command.reference)

    def act(self, client: ProviderClient, case: Case) -> Told:
        """Ask for it. What is told is this one, whether or not the provider repeats our note."""
        told = client.refund(case.refund_asking(), key=self.key(case))
        ours = case.command.refund
        return replace(
            told, refunds=tuple(replace(each, ours=each.ours or ours) for each in told.refunds)
        )

    def looked(self, tx: Transaction, case: Case) -> None:
        """Have it asked about until it ends, also where its schedule was over before."""
        assert case.refund is not None  # noqa: S101 - `next` raises otherwise
        if settling.reread(tx, case.refund).refund.is_open:
            verifications.begin(tx, [case.refund.payment_id])

    def refused(self, tx: Transaction, outcome: Outcome, case: Case, why: ProviderRefused) -> bool:
        """Take the refusal for what it proves: no money goes back, and the credit is free again.

        It proves nothing where an earlier call may have had its effect: that is looked up.
        """
        del why
        if tries.is_in_doubt(case.tries, Asked.REFUND):
            return False
        _fail(tx, outcome, case)
        return True

    def refuse(self, tx: Transaction, outcome: Outcome, case: Case, why: str) -> None:
        """Fail a refund that nobody was asked for, since the payment has changed meanwhile."""
        _fail(tx, outcome, case)
        said = attempts.of(
            case.work,
            worker=outcome.worker,
            outcome="no_change",
            error_class="NotRefundable",
            message=why,
        )
        outcome.attempts.append(said)


def _shown(case: Case, refund: Refund, found: Told) -> Shown:
    theirs = refunds.of(found.refunds, refund)
    facts = case.known.facts if case.known else ()
    return Shown(theirs, refunds.is_alike(found.refunds, refund, case.siblings, facts))


def _fail(tx: Transaction, outcome: Outcome, case: Case) -> None:
    assert case.known is not None  # noqa: S101 - `needs_payment`
    assert case.refund is not None  # noqa: S101 - `next` raises otherwise
    if case.refund.refund.is_open:
        settled = Settled(case.refund.refund.reference, FAILED, None)
        matched = Matched((settled,), ())
        settling.write(tx, outcome, case.work, case.known, [case.refund], matched)
