"""The provider of a soak: the simulator, with customers of its own and answers that get lost."""

from __future__ import annotations

import contextlib
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.simulator import provider as simulators
from tests.simulator.api.checkout import Stage
from tests.simulator.api.customers import Habits
from tests.simulator.books import RefundStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.simulator.api.journal import Call
    from tests.simulator.books import Books

FAILING = ("initialize", "verify", "refund")
AFTER_EFFECT = ("drop_after_effect", "error_after_effect")
"""Ways in which a call fails that has had its effect; each has its part of the share."""

HABITS = Habits(
    pay_share=0.90,
    decline_share=0.05,
    refund_fail_share=0.1,
    decide_after_s=(0.05, 1.0),
    settle_after_s=(0.05, 1.0),
)
LOST_SHARE = 0.05
DOUBLE_SHARE = 0.1
DELAY_S = 0.3
"""Webhooks that never come, that come twice, and for how long they may lie at the provider."""

PAGES_LIVE_S = 2 * 86_400
"""More than any page to pay at lives."""

API_KEYS = {"paystack": "PAYSTACK_SECRET_KEY", "stripe": "STRIPE_API_KEY"}


class Provider:
    """One provider of the simulator."""

    def __init__(self, name: str, simulated: simulators.Provider) -> None:
        self.name = name
        self._simulated = simulated

    @property
    def settings(self) -> dict[str, str]:
        """Where the service finds both."""
        return {
            "PAYSTACK_API_URL": self._simulated.url_paystack,
            "STRIPE_API_URL": self._simulated.url_stripe,
        }

    @property
    def books(self) -> Books:
        """What it took and gave back."""
        return self._simulated.books

    @property
    def opened(self) -> int:
        """How many payments were opened there."""
        return len(self._simulated.checkouts(self.name))

    def calls(self) -> list[Call]:
        """Return every call, oldest first."""
        return list(self._simulated.journal)

    def is_idle(self) -> bool:
        """Whether every customer has decided, every refund has ended, every webhook is away."""
        checkouts = self._simulated.checkouts(self.name)
        if any(checkout.stage is Stage.OPEN for checkout in checkouts):
            return False
        captures = (capture for checkout in checkouts for capture in checkout.sale.captures)
        refunds = (refund for capture in captures for refund in capture.refunds)
        if any(refund.status is RefundStatus.PENDING for refund in refunds):
            return False
        return not self._simulated.deliveries["under way"]

    def close_pages(self) -> None:
        """Let so much time pass that what nobody has paid cannot be paid any more."""
        self._simulated.advance(PAGES_LIVE_S)

    def heard(self) -> dict[str, int]:
        """Count the calls that came, by operation."""
        return _counted(call.operation for call in self.calls())

    def faults_seen(self) -> dict[str, int]:
        """Count the calls whose answer was lost or wrong."""
        return _counted(f"{c.operation} {_behaviour(c.fault)}" for c in self.calls() if c.fault)

    def duplicates_refused(self) -> int:
        """Count the calls that were refused because the reference was there already."""
        known: set[str] = set()
        refused = 0
        for call in self.calls():
            if call.operation != "initialize":
                continue
            if call.effect:
                known.add(call.about)
            refused += call.about in known and call.status == HTTPStatus.BAD_REQUEST
        return refused

    def replayed_by_key(self) -> int:
        """Count the calls that got the first answer again, for their idempotency key."""
        return sum(call.replayed for call in self.calls())

    def webhooks(self) -> dict[str, int]:
        """How webhooks have gone."""
        return dict(sorted(self._simulated.deliveries.items()))


def _behaviour(fault: str) -> str:
    return fault.split(":")[1]


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


@contextlib.contextmanager
def simulated(
    name: str, *, seed: int, fail_share: float, ingress_url: str, secrets: Mapping[str, str]
) -> Iterator[Provider]:
    """Run the simulator; it accepts our key of this provider and tells us what happens."""
    faults = [
        f"{operation}:{behaviour}:{fail_share / len(AFTER_EFFECT)}"
        for operation in FAILING
        for behaviour in AFTER_EFFECT
        if fail_share
    ]
    with simulators.simulated(
        seed=seed,
        webhooks_url=ingress_url,
        faults=faults,
        customers=HABITS,
        environment=secrets,
        key=secrets[API_KEYS[name]],
        lose_share=LOST_SHARE,
        double_share=DOUBLE_SHARE,
        delay_s=DELAY_S,
    ) as running:
        yield Provider(name, running)
