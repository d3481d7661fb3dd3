"""Replays: what was authentic once is one event, however often and wherever it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.inputs import (
    EVENT,
    TWO_EVENTS,
    Input,
    by_standard,
    by_stripe,
    charge,
    code,
    post,
    signed,
    stripe_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMES = 40


def _young(age_s: int) -> Callable[[int], bytes]:
    """Return a delivery that was signed so long ago, twice."""
    return lambda now_s: by_stripe(stripe_event(1_100 + age_s), b"%d" % (now_s - age_s)) * 2


INPUTS = (
    Input(
        "the same delivery forty times",
        signed(charge("replays", 1_001)) * _TIMES,
        "200 " * _TIMES,
        by=True,
        adds=EVENT,
    ),
    Input(
        "the same delivery under the account's own name",
        signed(charge("replays", 1_002))
        + signed(charge("replays", 1_002), path="/webhooks/paystack/default"),
        "200 200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "the same event in other words",
        signed(charge("replays", 1_003)) + signed(charge("replays", 1_003).replace(b": ", b":")),
        "200 200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "the same event with another amount is kept beside the first",
        signed(charge("replays", 1_004)) + signed(charge("replays", 1_004, amount=99)),
        "200 200",
        by=True,
        adds=TWO_EVENTS,
    ),
    Input(
        "a delivery to another account",
        post(
            charge("replays", 1_005),
            (b"X-Paystack-Signature", code(charge("replays", 1_005))),
            path="/webhooks/paystack/live",
        ),
        "401",
        "signature_invalid",
    ),
    Input(
        "a delivery to another provider",
        post(
            charge("replays", 1_006),
            (b"X-Paystack-Signature", code(charge("replays", 1_006))),
            path="/webhooks/stripe",
        ),
        "401",
        "signature_missing",
    ),
    Input(
        "a delivery of Stripe, signed again a minute later",
        lambda now_s: (
            by_stripe(stripe_event(1_007), b"%d" % (now_s - 60))
            + by_stripe(stripe_event(1_007), b"%d" % now_s)
        ),
        "200 200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a standard delivery whose id comes again with another body",
        lambda now_s: (
            by_standard(b'{"type":"a"}', b"%d" % now_s, b"msg_1008")
            + by_standard(b'{"type":"b"}', b"%d" % now_s, b"msg_1008")
        ),
        "200 200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a code of one delivery before the body of another",
        signed(charge("replays", 1_009))
        + post(charge("replays", 1_010), (b"X-Paystack-Signature", code(charge("replays", 1_009)))),
        "200 401",
        "signature_invalid",
        by=True,
        adds=EVENT,
    ),
    *(
        Input(
            f"a good signature of {age_s} s ago, which is just young enough, twice",
            _young(age_s),
            "200 200",
            by=True,
            adds=EVENT,
        )
        for age_s in (1, 240, -240)
    ),
)
