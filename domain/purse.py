"""The purse: whose money captured money is, and who bears what is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.captures import Captures
    from domain.facts import Fact
    from domain.money import Money
    from domain.outflows import Outflow
    from domain.payment import Asked

    Effects = dict[tuple[str, str], dict[tuple[str, str], int]]

GIVEN_BACK = "given_back"
"""The effect of a capture that was given back without the provider's knowledge."""


class Purse:
    """The captures that the customer owns are the customer's; every other is in suspense.

    An outflow is borne by whoever has its capture; where the provider does not name the capture,
    by suspense as far as it reaches and then by the customer, in full and below zero if need be.
    Call `captures` before `outflows`; then read what is left, minor units by currency.
    """

    def __init__(self, asked: Asked, captures: Captures) -> None:
        self._clearing = ledger.provider_clearing(asked.provider)
        self._customer = ledger.customer_credit(asked.customer_id)
        self._captures = captures
        self._owned_as_asked = len([each for each in captures.owned if each in captures.as_asked])
        surplus = len(captures.as_asked) - self._owned_as_asked
        self._surplus_minor = asked.amount.amount_minor * surplus
        self.credited_minor: dict[str, int] = {asked.amount.currency: 0}
        self.suspense_minor: dict[str, int] = {}
        self.refunded_by_customer_minor: dict[str, int] = {}
        self.foreign_minor: dict[str, int] = {}

    def captures(self) -> Effects:
        """Post every capture to its owner."""
        effects: Effects = {}
        owned = self._captures.owned
        for object_id, amount in self._captures.counted.items():
            currency, amount_minor = amount.currency, amount.amount_minor
            if object_id in owned:
                owner, held = self._customer, self.credited_minor
            else:
                owner, held = ledger.SUSPENSE, self.suspense_minor
            held[currency] = held.get(currency, 0) + amount_minor
            effects["capture", object_id] = {
                (self._clearing, currency): -amount_minor,
                (owner, currency): amount_minor,
            }
        return effects

    def given_back(self, told: Mapping[str, Money]) -> Effects:
        """Post what a person says was given back out of suspense; before the outflows."""
        effects: Effects = {}
        for object_id, amount in told.items():
            currency, minor = amount.currency, amount.amount_minor
            self.suspense_minor[currency] = self.suspense_minor.get(currency, 0) - minor
            effects[GIVEN_BACK, object_id] = {
                (self._clearing, currency): minor,
                (ledger.SUSPENSE, currency): -minor,
            }
        return effects

    def outflows(self, known: Sequence[Outflow]) -> Effects:
        """Post every outflow; those that name their capture first, so that order is no matter."""
        effects: Effects = {}
        for outflow in sorted(known, key=lambda o: o.capture_id is None):
            currency = outflow.currency
            of_suspense = self._share_of_suspense(outflow)
            of_customer = outflow.amount_minor - of_suspense
            self.suspense_minor[currency] = self.suspense_minor.get(currency, 0) - of_suspense
            if currency not in self.credited_minor:
                _add(self.foreign_minor, currency, of_customer)
            elif outflow.effect != "chargeback":
                _add(self.refunded_by_customer_minor, currency, of_customer)
            effects[outflow.effect, outflow.object_id] = {
                (self._clearing, currency): outflow.amount_minor,
                (self._customer, currency): -of_customer,
                (ledger.SUSPENSE, currency): -of_suspense,
            }
        return effects

    def _share_of_suspense(self, outflow: Outflow) -> int:
        """Return how much of it suspense bears.

        Captures that are as asked are alike: which of them came first must not matter, so what is
        given back of any of them comes out of the surplus before the customer's credit.
        """
        captures = self._captures
        if not captures.owned:
            return outflow.amount_minor
        if outflow.capture_id is None:
            held = max(0, self.suspense_minor.get(outflow.currency, 0))
            return min(outflow.amount_minor, held)
        if self._owned_as_asked and outflow.capture_id in captures.as_asked:
            of_surplus = min(outflow.amount_minor, self._surplus_minor)
            self._surplus_minor -= of_surplus
            return of_surplus
        return 0 if outflow.capture_id in captures.owned else outflow.amount_minor


def _add(held: dict[str, int], currency: str, amount_minor: int) -> None:
    if amount_minor:
        held[currency] = held.get(currency, 0) + amount_minor


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
