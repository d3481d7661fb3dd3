"""The purse: whose money captured money is, and who bears what is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.captures import Captures
    from domain.facts import Fact
    from domain.outflows import Outflow
    from domain.payment import Asked

    Effects = dict[tuple[str, str], dict[tuple[str, str], int]]


class Purse:
    """One capture that is as asked is the customer's; every other is in suspense.

    An outflow is borne by whoever has its capture; where the provider does not name the capture,
    by suspense as far as it reaches and then by the customer, in full and below zero if need be.
    Call `captures` before `outflows`; then read what is left.
    """

    def __init__(self, asked: Asked, captures: Captures) -> None:
        self._clearing = ledger.provider_clearing(asked.provider)
        self._customer = ledger.customer_credit(asked.customer_id)
        self._currency = asked.amount.currency
        self._captures = captures
        self._surplus_minor = asked.amount.amount_minor * (len(captures.as_asked) - 1)
        self.credited_minor = asked.amount.amount_minor if captures.credited_id else 0
        self.suspense_minor: dict[str, int] = {}
        self.refunded_by_customer_minor = 0
        self.has_foreign_outflow = False

    def captures(self) -> Effects:
        """Post every capture to its owner."""
        effects: Effects = {}
        for object_id, amount in self._captures.counted.items():
            owner = self._customer
            if object_id != self._captures.credited_id:
                owner = ledger.SUSPENSE
                held = self.suspense_minor.get(amount.currency, 0)
                self.suspense_minor[amount.currency] = held + amount.amount_minor
            effects["capture", object_id] = {
                (self._clearing, amount.currency): -amount.amount_minor,
                (owner, amount.currency): amount.amount_minor,
            }
        return effects

    def outflows(self, known: Sequence[Outflow]) -> Effects:
        """Post every outflow; those that name their capture first, so that order is no matter."""
        effects: Effects = {}
        for outflow in sorted(known, key=lambda o: o.capture_id is None):
            of_suspense = self._share_of_suspense(outflow)
            of_customer = outflow.amount_minor - of_suspense
            held = self.suspense_minor.get(outflow.currency, 0)
            self.suspense_minor[outflow.currency] = held - of_suspense
            if outflow.currency != self._currency:
                self.has_foreign_outflow |= of_customer > 0
            elif outflow.effect != "chargeback":
                self.refunded_by_customer_minor += of_customer
            effects[outflow.effect, outflow.object_id] = {
                (self._clearing, outflow.currency): outflow.amount_minor,
                (self._customer, outflow.currency): -of_customer,
                (ledger.SUSPENSE, outflow.currency): -of_suspense,
            }
        return effects

    def _share_of_suspense(self, outflow: Outflow) -> int:
        """Return how much of it suspense bears.

        Captures that are as asked are alike: which of them came first must not matter, so what is
        given back of any of them comes out of the surplus before the customer's credit.
        """
        if self._captures.credited_id is None:
            return outflow.amount_minor
        if outflow.capture_id is None:
            held = max(0, self.suspense_minor.get(outflow.currency, 0))
            return min(outflow.amount_minor, held)
        if outflow.capture_id not in self._captures.as_asked:
            return outflow.amount_minor
        of_surplus = min(outflow.amount_minor, self._surplus_minor)
        self._surplus_minor -= of_surplus
        return of_surplus


def fees(asked: Asked, told: Mapping[str, Iterable[Fact]]) -> Effects:
    """Post fees: an expense, taken by the provider out of what it holds for us."""
    effects: Effects = {}
    for object_id, facts in told.items():
        fee = max(fact.amount for fact in facts if fact.amount is not None)
        effects["fee", object_id] = {
            (ledger.provider_clearing(asked.provider), fee.currency): fee.amount_minor,
            (ledger.fees(asked.provider), fee.currency): -fee.amount_minor,
        }
    return effects
