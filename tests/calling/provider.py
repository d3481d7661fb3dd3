"""A provider as tests script it: what it knows, and how its calls go wrong."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from domain.asking import Page, Told, ToldRefund
from domain.errors import (
    OutcomeUnknown,
    ProviderAway,
    ProviderForbids,
    ProviderRefused,
    ReferenceTaken,
)
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.asking import Asking, RefundAsking
    from domain.delivery import Mode

    How = str | Callable[[], None]
    """How a call goes: well (""), as one of the words here says, or well after something else."""

LOST_BEFORE, LOST_AFTER, AWAY = "lost before its effect", "lost after its effect", "away"
REFUSED, FORBIDDEN = "refused", "forbidden"


@dataclass
class There:
    """A payment at the provider."""

    number: int
    amount: Money
    status: str = "open"
    is_charged_back: bool = False
    refunds: list[ToldRefund] = field(default_factory=list)


class Provider:
    """One account; `goes` says of each kind of call how the next ones go, else they go well."""

    name = "paystack"
    mode: Mode | None = None

    def __init__(self, *, keys_live_s: float = 0.0, can_cancel: bool = False) -> None:
        self.keys_live_s = keys_live_s
        self.can_cancel = can_cancel
        self.goes: dict[str, list[How]] = {}
        self.calls: list[tuple[str, str]] = []
        self.keys: dict[str, Told] = {}
        self.payments: dict[str, There] = {}
        self.names_refunds = True
        self.keeps_notes = True
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def find(self, provider: str, account: str) -> Any:
        return self if (provider, account) == (self.name, "default") else None

    def made(self, kind: str) -> list[str]:
        return [reference for made, reference in self.calls if made == kind]

    def initialize(self, asking: Asking, *, key: str) -> Told:
        def effect() -> Told:
            if asking.reference in self.payments:
                raise ReferenceTaken("duplicate", http_status=400)
            self.payments[asking.reference] = There(next(self._numbers), asking.amount)
            url = f"https://pay.example/{asking.reference}"
            return Told((self._initialized(asking.reference),), authorization_url=url)

        return self._call("initialize", asking.reference, key, effect)

    def look_up(self, asking: Asking) -> Told:
        return self._call("look_up", asking.reference, None, lambda: self._told(asking.reference))

    def refund(self, asking: RefundAsking, *, key: str) -> Told:
        def effect() -> Told:
            there = self.payments[asking.payment.reference]
            number = next(self._numbers)
            refund = ToldRefund(f"r{number}", FactStatus.PENDING, asking.amount, None, None)
            refund = replace(refund, ours=asking.reference if self.keeps_notes else None)
            there.refunds.append(refund)
            return Told(refunds=(refund,))

        return self._call("refund", asking.reference, key, effect)

    def cancel(self, asking: Asking, *, key: str) -> Told:
        def effect() -> Told:
            there = self.payments[asking.reference]
            if there.status == "paid":
                raise ProviderRefused("it is paid", http_status=400)
            there.status = "abandoned"
            return self._told(asking.reference)

        return self._call("cancel", asking.reference, key, effect)

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        del since_s, until_s, cursor
        return Page((), None)

    def pay(self, reference: str, amount_minor: int | None = None) -> None:
        there = self.payments[reference]
        there.status = "paid"
        if amount_minor is not None:
            there.amount = Money(there.amount.currency, amount_minor)

    def charge_back(self, reference: str) -> None:
        """Let the customer's bank take the money back."""
        self.payments[reference].is_charged_back = True

    def end_refunds(self, reference: str, status: FactStatus = FactStatus.SUCCEEDED) -> None:
        there = self.payments[reference]
        there.refunds = [replace(each, status=status) for each in there.refunds]

    def _initialized(self, reference: str) -> Fact:
        return Fact(FactKind.INITIALIZED, reference, FactStatus.KNOWN)

    def _told(self, reference: str) -> Told:
        there = self.payments.get(reference)
        if there is None:
            return Told(is_known=False)
        name = f"t{there.number}"
        facts = [self._initialized(reference)]
        if there.status == "paid":
            facts = [Fact(FactKind.SUCCEEDED, name, FactStatus.SUCCEEDED, there.amount)]
        if there.status == "abandoned":
            facts = [Fact(FactKind.FAILED, name, FactStatus.FAILED)]
        refunds = tuple(
            replace(each, object_id=each.provider_refund_id if self.names_refunds else None)
            for each in there.refunds
        )
        facts += self._of_refunds(name, refunds)
        if there.is_charged_back:
            facts.append(Fact(FactKind.DISPUTE, "d1", FactStatus.LOST, there.amount))
        return Told(tuple(facts), name, refunds=refunds, is_final=there.status != "open")

    def _of_refunds(self, name: str, refunds: tuple[ToldRefund, ...]) -> list[Fact]:
        if self.names_refunds:
            return [
                Fact(FactKind.REFUND, r.provider_refund_id, r.status, r.amount) for r in refunds
            ]
        done = [r.amount for r in refunds if r.status is FactStatus.SUCCEEDED]
        if not done:
            return []
        total = Money(done[0].currency, sum(each.amount_minor for each in done))
        return [Fact(FactKind.REFUND_TOTAL, name, FactStatus.SUCCEEDED, total, capture_id=name)]

    def _call(self, kind: str, reference: str, key: str | None, effect: Callable[[], Told]) -> Told:
        with self._lock:
            self.calls.append((kind, reference))
            going = self.goes.get(kind) or [""]
            how = going.pop(0)
        if callable(how):
            how()
            how = ""
        _fail(how)
        with self._lock:
            told = self.keys.get(key or "") or effect()
            if key is not None and self.keys_live_s:
                self.keys[key] = told
        if how == LOST_AFTER:
            raise OutcomeUnknown("no answer came")
        return told


def _fail(how: str) -> None:
    """Raise what the call ends in before it has any effect."""
    if how == LOST_BEFORE:
        raise OutcomeUnknown("no answer came")
    if how == AWAY:
        raise ProviderAway("busy", retry_after_s=7.0)
    if how == REFUSED:
        raise ProviderRefused("no", http_status=400)
    if how == FORBIDDEN:
        raise ProviderForbids("who are you", http_status=401)
