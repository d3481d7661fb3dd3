"""Sets of facts that payments can be told: those of the suite, and the vocabulary of all sets."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.facts import FactStatus
from tests.domain.histories import (
    captured,
    dispute,
    failed,
    fee,
    initialized,
    refund,
    refund_total,
    unheard,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.facts import Fact

FACTS_MAX = 7
"""Facts of one set."""

PENDING, LOST, WON, OPENED, BOUNCED = (
    FactStatus.PENDING,
    FactStatus.LOST,
    FactStatus.WON,
    FactStatus.OPENED,
    FactStatus.FAILED,
)

SETS: Mapping[str, tuple[Fact, ...]] = MappingProxyType(
    {
        "a life": (
            *(initialized(), failed(), captured(), fee()),
            *(refund(400, PENDING), refund(400), refund(400, BOUNCED)),
        ),
        "refunds and their total": (
            *(captured(), fee(), refund(400), refund(400, BOUNCED, capture_id="T1")),
            *(refund(600, object_id="R2"), refund_total(400), refund_total(700)),
        ),
        "refunds of two captures": (
            *(captured(), captured(object_id="T2"), refund(400, capture_id="T1")),
            *(refund(1_000, object_id="R2", capture_id="T2"), refund_total(400)),
            *(refund_total(700), refund(300, object_id="R3")),
        ),
        "a refund that names two captures": (
            *(captured(), captured(object_id="T2"), refund(400, capture_id="T1")),
            *(refund(400, capture_id="T2"), refund_total(300, "T2")),
            *(dispute(LOST, 1_000, "D1", "T2"), dispute(OPENED, 1_000, "D1", "T1")),
        ),
        "disputes": (
            *(captured(), refund(400), dispute(OPENED), dispute(LOST)),
            *(dispute(OPENED, 300, "D2"), dispute(WON, 300, "D2"), refund(600, object_id="R2")),
        ),
        "a case both won and lost": (
            *(captured(), dispute(OPENED), dispute(WON), dispute(LOST)),
            *(refund(400), refund(400, BOUNCED), fee()),
        ),
        "money that does not fit": (
            *(captured(), captured(999), captured(500, "T2"), captured(object_id="T3")),
            *(captured(1_000, "T4", "USD"), refund(500, object_id="R2", capture_id="T2")),
            refund(1_000, object_id="R3"),
        ),
        "nothing comes, or too late": (
            *(initialized(), failed(), failed("T0"), unheard(), captured()),
            *(refund(1_500), dispute(LOST, 1_000, "D1", "T1")),
        ),
    }
)
"""Sets of seven facts that the suite plays in every order."""

CANCELLED = ("money that does not fit", "nothing comes, or too late")
"""Sets that are played after a cancel, too."""

VOCABULARY: tuple[Fact, ...] = (
    *(initialized(), failed(), unheard(), captured(), captured(object_id="T2")),
    *(captured(1_000, "T3", "USD"), fee(), refund(400, PENDING), refund(400)),
    *(refund(400, BOUNCED), refund_total(700), dispute(OPENED), dispute(LOST), dispute(WON)),
)
"""What a payment can be told, of each kind and status at least one: all sets are made of it."""
