"""The provider's APIs: customers who decide by themselves, banks that settle, webhooks that err."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.api.customers import Habits
from tests.simulator.provider import simulated

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Mapping

    from tests.simulator.provider import Provider

HABITS = Habits(
    pay_share=0.88,
    decline_share=0.04,
    refund_fail_share=0.05,
    decide_after_s=(0.2, 2.0),
    settle_after_s=(0.2, 2.0),
)
"""What customers and banks do; who neither pays nor is declined goes away."""

DOUBLE_SHARE = 0.15
DELAY_S = 1.0
"""Webhooks that come twice, and how long they may lie at the provider. None is lost for good: that
a cancelled payment was paid would be known by a reconciliation only, and a run has none."""


def provider(
    seed: int, secrets: Mapping[str, str], webhooks_url: str | None
) -> contextlib.AbstractContextManager[Provider]:
    """Run the APIs of Paystack and Stripe, whose webhooks go to one front of the service.

    What goes wrong with calls is for the faults of a run to say (`Provider.set_faults`).
    """
    return simulated(
        seed=seed,
        webhooks_url=webhooks_url,
        customers=HABITS,
        environment=secrets,
        double_share=DOUBLE_SHARE,
        delay_s=DELAY_S,
    )
