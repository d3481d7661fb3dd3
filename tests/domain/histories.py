"""Facts to tell histories with, and a player that applies them one by one, as a worker does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from domain.decide import Change, decide
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.money import Money
from domain.payment import Asked, Position

ASKED = Asked(Money("NGN", 1_000), provider="paystack", customer_id="ada")


def ngn(amount_minor: int) -> Money:
    return Money("NGN", amount_minor)


def initialized() -> Fact:
    return Fact(FactKind.INITIALIZED, "access", FactStatus.KNOWN)


def failed(object_id: str = "T1") -> Fact:
    return Fact(FactKind.FAILED, object_id, FactStatus.FAILED)


def unheard() -> Fact:
    return Fact(FactKind.UNHEARD, "day-7", FactStatus.KNOWN)


def captured(amount_minor: int = 1_000, object_id: str = "T1", currency: str = "NGN") -> Fact:
    amount = Money(currency, amount_minor)
    return Fact(FactKind.SUCCEEDED, object_id, FactStatus.SUCCEEDED, amount)


def fee(amount_minor: int = 15, object_id: str = "T1") -> Fact:
    return Fact(FactKind.FEE, object_id, FactStatus.KNOWN, ngn(amount_minor))


def refund(
    amount_minor: int,
    status: FactStatus = FactStatus.SUCCEEDED,
    object_id: str = "R1",
    capture_id: str | None = None,
) -> Fact:
    return Fact(FactKind.REFUND, object_id, status, ngn(amount_minor), capture_id)


def refund_total(amount_minor: int, capture_id: str = "T1") -> Fact:
    return Fact(
        FactKind.REFUND_TOTAL, capture_id, FactStatus.SUCCEEDED, ngn(amount_minor), capture_id
    )


def dispute(
    status: FactStatus, amount_minor: int = 1_000, object_id: str = "D1", capture_id: str = ""
) -> Fact:
    return Fact(FactKind.DISPUTE, object_id, status, ngn(amount_minor), capture_id or None)


@dataclass
class Played:
    """A payment that has lived through some facts: everything a worker would have written."""

    asked: Asked = ASKED
    facts: list[Fact] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    position: Position = field(default_factory=lambda: fold(ASKED, ()))
    names: set[tuple[str, str]] = field(default_factory=set)
    posted: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def hear(self, *claimed: Fact) -> Change:
        change = decide(self.asked, self.position, self.facts, claimed, version=len(self.changes))
        self.facts.extend(change.facts)
        self.changes.append(change)
        self.position = change.after
        for movement in change.movements:
            name = (movement.effect, movement.object_id)
            assert name not in self.names, f"{name} is posted twice"
            self.names.add(name)
            for leg in movement.legs:
                self.posted[leg.account, leg.currency] += leg.amount_minor
        return change

    def copy(self) -> Played:
        return Played(
            self.asked,
            list(self.facts),
            list(self.changes),
            self.position,
            set(self.names),
            defaultdict(int, self.posted),
        )

    def outcome(self) -> object:
        """Return all that promise 4 speaks of: the state, the sums, the net per account."""
        at = self.position
        net = frozenset(item for item in self.posted.items() if item[1])
        return (at.state, at.captured_minor, at.refunded_minor, at.disputed_minor, net)


def play(*history: Fact, asked: Asked = ASKED) -> Played:
    played = Played(asked=asked, position=fold(asked, ()))
    for fact in history:
        played.hear(fact)
    return played
