"""What can be done to a sale or a refund from outside, and what the books say of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.simulator.api import paystack_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.simulator.api.checkout import Checkout, Returned
    from tests.simulator.api.counter import Counter
    from tests.simulator.api.world import World
    from tests.simulator.books import Capture


class Unknown(LookupError):
    """There is nothing of that name."""


class Acts:
    """Acts on one world, by the names that its callers know."""

    def __init__(self, world: World) -> None:
        self._world = world

    def transaction(self, reference: str, act: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Have something happen to the newest sale of a reference.

        `options` may have `provider`, and for `pay` also `amount_minor`, `currency` and `again`.
        Raises Unknown or NotPossible.
        """
        counter, found = self._found(reference, options.get("provider"))
        acts: dict[str, Callable[[], object]] = {
            "pay": lambda: counter.pay(found, **_of_payment(options)),
            "fail": lambda: counter.decline(found),
            "abandon": lambda: counter.abandon(found),
            "hold": lambda: counter.hold(found),
            "expire": lambda: counter.expire(found),
            "dispute": lambda: counter.object_to(found),
            "win": lambda: counter.decide(found, won=True),
            "lose": lambda: counter.decide(found, won=False),
        }
        if act not in acts:
            raise Unknown(f"no such act: {act}; there are {', '.join(acts)}")
        acts[act]()
        return sale_tree(found)

    def sale(self, reference: str, provider: str | None) -> dict[str, Any]:
        """Return the newest sale of a reference. Raises Unknown."""
        return sale_tree(self._found(reference, provider)[1])

    def refund(self, name: str, act: str) -> dict[str, Any]:
        """Settle a refund or have it fail. Raises Unknown or NotPossible."""
        if act not in {"settle", "fail"}:
            raise Unknown(f"no such act: {act}; there are settle, fail")
        for counter in self._world.counters.values():
            for made in counter.refunds.values():
                if name in _names(made):
                    counter.settle(made, done=act == "settle")
                    return refund_tree(made)
        raise Unknown(f"no refund {name}")

    def books(self) -> dict[str, Any]:
        """Return every sale with all that became of it, and the sums by provider and currency."""
        sums = self._world.books.by_provider(without_fees_of=frozenset())
        by_provider: dict[str, Any] = {
            name: {"sales": [sale_tree(each) for each in counter.checkouts.values()], "sums": {}}
            for name, counter in self._world.counters.items()
        }
        for (provider, currency), total in sums.items():
            by_provider[provider]["sums"][currency] = asdict(total) | {"held": total.held}
        return by_provider

    def _found(self, reference: str, provider: str | None) -> tuple[Counter, Checkout]:
        for name, counter in self._world.counters.items():
            named = counter.named(reference)
            if named and provider in {None, name}:
                return counter, named[-1]
        raise Unknown(f"no sale {reference}")


def sale_tree(checkout: Checkout) -> dict[str, Any]:
    """Return a sale as the books have it; amounts are in minor units."""
    sale = checkout.sale
    refunds = [each for capture in sale.captures for each in capture.refunds]
    return {
        "provider": sale.provider,
        "reference": sale.reference,
        "code": checkout.code,
        "stage": checkout.stage,
        "amount_minor": sale.amount_minor,
        "currency": sale.currency,
        "captures": [_capture_tree(capture) for capture in sale.captures],
        "refunds": [
            {"id": r.refund_id, "amount_minor": r.amount_minor, "status": r.status} for r in refunds
        ],
    }


def refund_tree(made: Returned) -> dict[str, Any]:
    """Return a refund as the books have it."""
    refund = made.refund
    return {
        "id": refund.refund_id,
        "reference": made.checkout.sale.reference,
        "amount_minor": refund.amount_minor,
        "currency": refund.capture.currency,
        "status": refund.status,
    }


def _capture_tree(capture: Capture) -> dict[str, Any]:
    return {
        "id": capture.capture_id,
        "amount_minor": capture.amount_minor,
        "currency": capture.currency,
        "fee_minor": capture.fee_minor,
        "refunded_minor": capture.refunded_minor,
        "charged_back_minor": capture.charged_back_minor,
        "disputes": [dispute.status for dispute in capture.disputes],
    }


def _names(made: Returned) -> set[str]:
    """Return what a caller may call a refund: its own id, or Paystack's number of it."""
    return {made.refund.refund_id, str(paystack_objects.REFUND_IDS_FROM + made.number)}


def _of_payment(options: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        name: options[name] for name in ("amount_minor", "currency", "again") if name in options
    }
    amount_minor = given.get("amount_minor")
    if amount_minor is not None and (type(amount_minor) is not int or amount_minor <= 0):
        raise ValueError("amount_minor is a whole number above zero")
    return given
