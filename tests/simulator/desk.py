"""A desk: one provider at work. Everything it does goes into its books and is told in notices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from tests.simulator.books import (
    Books,
    Capture,
    Dispute,
    DisputeStatus,
    Refund,
    RefundStatus,
    Sale,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from tests.simulator.notice import Notice

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
STEP_S = 7
"""What the recorded morning shows on its clock; no decision of the receiver may depend on it."""


class Desk(ABC):
    """Acts for one provider; the notices it returns are in the order in which things happened."""

    name: ClassVar[str]
    tells_of_failures: ClassVar[bool] = True

    def __init__(
        self,
        books: Books,
        rng: random.Random,
        clock: Callable[[], datetime] | None = None,
        *,
        first_id: int | None = None,
    ) -> None:
        """`clock` says the time where it is not that of the recorded morning.

        Ids go up from `first_id`, or from any number of nine digits: two desks of one provider
        need ranges that are far apart.
        """
        self.books = books
        self._rng = rng
        self._clock = clock
        self._now = MORNING
        self._next_id = rng.randrange(10**8, 10**9) if first_id is None else first_id

    def sale(
        self,
        reference: str,
        customer_id: str,
        amount_minor: int,
        currency: str,
        *,
        book_name: str | None = None,
    ) -> Sale:
        """Enter a sale in the books; nobody is told."""
        made = Sale(self.name, reference, customer_id, amount_minor, currency, self._id("pi"))
        return self.books.open(made, name=book_name)

    def capture(
        self, sale: Sale, *, amount_minor: int | None = None, currency: str | None = None
    ) -> list[Notice]:
        """Take money: as announced unless told otherwise."""
        currency = currency or sale.currency
        amount_minor = amount_minor or sale.amount_minor
        again = bool(sale.captures)
        made = Capture(
            sale,
            self._id("pi") if again else sale.provider_id,
            amount_minor,
            currency,
            self._fee_minor(amount_minor, currency),
        )
        sale.captures.append(made)
        return self._tell_capture(made)

    def ghost(self, sale: Sale) -> Capture:
        """Make a capture that is in no book: another world's, or a lie's."""
        return Capture(sale, self._id("pi"), sale.amount_minor, sale.currency, 0)

    def refund(
        self, capture: Capture, amount_minor: int, *, metadata: Mapping[str, str] | None = None
    ) -> tuple[Refund, list[Notice]]:
        """Begin to give money back."""
        made = Refund(capture, self._id("re"), amount_minor, metadata=metadata or {})
        capture.refunds.append(made)
        return made, self._tell_refund(made)

    def settle_refund(self, refund: Refund, *, done: bool = True) -> list[Notice]:
        """End a refund: the money is with the customer, or stayed."""
        refund.status = RefundStatus.SUCCEEDED if done else RefundStatus.FAILED
        return self._tell_refund(refund)

    def dispute(self, capture: Capture) -> tuple[Dispute, list[Notice]]:
        """Have the customer object."""
        made = Dispute(capture, self._id("dp"), capture.amount_minor)
        capture.disputes.append(made)
        return made, self._tell_dispute(made)

    def close_dispute(self, dispute: Dispute, *, won: bool) -> list[Notice]:
        """Decide a dispute; what is lost leaves the books."""
        dispute.status = DisputeStatus.WON if won else DisputeStatus.LOST
        return self._tell_dispute(dispute)

    @abstractmethod
    def begin(self, sale: Sale) -> list[Notice]:
        """Tell what the provider says before there is money."""

    @abstractmethod
    def fail(self, sale: Sale) -> list[Notice]:
        """Tell that a try failed; nothing where the provider does not tell."""

    def expire(self, sale: Sale, page: str, *, attempted: bool) -> list[Notice]:  # noqa: ARG002 - for desks that tell
        """Tell that the page at which it was to be paid is closed."""
        return []

    @abstractmethod
    def chatter(self, sale: Sale) -> list[Notice]:
        """Tell something that no receiver of payments needs to understand."""

    @abstractmethod
    def claim(self, capture: Capture, *, amount_minor: int, live: bool = False) -> Notice:
        """Tell of a capture something that is not in the books."""

    @abstractmethod
    def _tell_capture(self, capture: Capture) -> list[Notice]: ...

    @abstractmethod
    def _tell_refund(self, refund: Refund) -> list[Notice]: ...

    @abstractmethod
    def _tell_dispute(self, dispute: Dispute) -> list[Notice]: ...

    def _fee_minor(self, amount_minor: int, currency: str) -> int:  # noqa: ARG002 - for desks that take one
        return 0

    def _id(self, prefix: str) -> str:
        """Return a new id; desks give it the provider's form."""
        self._next_id += self._rng.randrange(1, 50)
        return f"{prefix}_{self._next_id:x}"

    def _time(self) -> datetime:
        if self._clock is not None:
            return self._clock()
        self._now += timedelta(seconds=self._rng.randrange(1, STEP_S))
        return self._now


def iso(at: datetime) -> str:
    """Return the time as most providers write it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
