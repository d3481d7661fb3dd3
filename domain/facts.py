"""Facts: what a provider has verifiably told about one payment, once each.

A fact never says what to do. It is stored as a member of a set, and `domain.fold` computes
from the whole set what is true of the payment; that is why order and repetition cannot matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.errors import PayloadInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.money import Money

OBJECT_ID_LENGTH_MAX = 200
"""Characters of a provider's object id; longer ones are not documented anywhere."""


class FactKind(StrEnum):
    """What a fact is about."""

    INITIALIZED = "initialized"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUND = "refund"
    REFUND_TOTAL = "refund_total"
    DISPUTE = "dispute"
    FEE = "fee"
    UNHEARD = "unheard"


class FactStatus(StrEnum):
    """How far the provider says the object has come."""

    KNOWN = "known"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    OPENED = "opened"
    WON = "won"
    LOST = "lost"


STATUS_RANK: Mapping[FactStatus, int] = MappingProxyType(
    {
        FactStatus.KNOWN: 0,
        FactStatus.PENDING: 0,
        FactStatus.OPENED: 0,
        FactStatus.SUCCEEDED: 1,
        FactStatus.WON: 1,
        FactStatus.LOST: 1,
        FactStatus.FAILED: 2,
    }
)
"""Of several statuses of one object the highest rank counts, whichever was heard last."""


_WITHOUT_AMOUNT = frozenset({FactKind.INITIALIZED, FactKind.FAILED, FactKind.UNHEARD})


@dataclass(frozen=True, slots=True)
class Fact:
    """One verified claim about one object at the provider.

    `object_id`  the provider's id of the transaction, refund, dispute case or (for a refund
                 total) of the charge whose total it is.
    `amount`     what the object is worth; None only for INITIALIZED, FAILED and UNHEARD.
    `capture_id` the transaction that a refund or dispute is about, where the provider says it.
    `at_s`       the provider's own time, Unix seconds. For people; no decision reads it.

    Two facts are the same fact when their `key` is equal; what else they carry is detail.
    """

    kind: FactKind
    object_id: str
    status: FactStatus
    amount: Money | None = None
    capture_id: str | None = None
    at_s: int | None = None

    def __post_init__(self) -> None:
        """Refuse a claim about money that names no amount."""
        if self.amount is None and self.kind not in _WITHOUT_AMOUNT:
            msg = f"{self.kind} {self.object_id} names no amount"
            raise PayloadInvalid(msg)

    @property
    def key(self) -> tuple[FactKind, str, FactStatus, Money | None, str | None]:
        """Return what makes a fact the same fact: the unique key of `payment_facts`.

        Amount and capture belong to it: two claims that differ in them are two facts, and the
        fold sees the contradiction, whichever came first.
        """
        return (self.kind, self.object_id, self.status, self.amount, self.capture_id)
