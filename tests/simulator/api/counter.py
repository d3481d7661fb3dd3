"""The counter of one provider: where sales are opened, paid, given back and disputed.

Every act goes through the provider's desk, so that the books and the webhooks say the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulator.api.checkout import CLOSED, Attempt, Checkout, NotPossible, Returned, Stage
from tests.simulator.books import DisputeStatus, RefundStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.simulator.api.clock import Clock
    from tests.simulator.books import Capture
    from tests.simulator.desk import Desk
    from tests.simulator.notice import Notice

CHECKOUT_LIVES = timedelta(days=1)
"""How long a page can be paid at, where nothing else was asked for."""


CODE_PREFIXES = {"paystack": "access", "stripe": "cs_test_"}


class Counter:
    """All sales of one provider; `tell` takes what its webhooks are to say."""

    def __init__(self, desk: Desk, clock: Clock, tell: Callable[[Sequence[Notice]], None]) -> None:
        self.desk = desk
        self.name = desk.name
        self.checkouts: dict[str, Checkout] = {}
        self.attempts: dict[str, Attempt] = {}
        self.refunds: dict[str, Returned] = {}
        self._by_reference: dict[str, list[Checkout]] = {}
        self._clock = clock
        self._tell = tell

    def named(self, reference: str) -> Sequence[Checkout]:
        """Return the sales of a reference, oldest first; a provider may allow several."""
        return self._by_reference.get(reference, ())

    def newest_first(self) -> Iterator[Checkout]:
        """Return all sales."""
        return reversed(self.checkouts.values())

    def open(
        self,
        reference: str,
        amount_minor: int,
        currency: str,
        *,
        customer_id: str,
        email: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> Checkout:
        """Open a sale, which the books name after its reference."""
        sale = self.desk.sale(
            reference, customer_id, amount_minor, currency, book_name=self._book_name(reference)
        )
        sale.email, sale.metadata = email, metadata
        now = self._clock.now()
        made = Checkout(sale, code_of(self.name, sale.provider_id), now, now + CHECKOUT_LIVES)
        self.checkouts[made.code] = made
        self._by_reference.setdefault(reference, []).append(made)
        return made

    def pay(
        self,
        checkout: Checkout,
        *,
        amount_minor: int | None = None,
        currency: str | None = None,
        again: bool = False,
    ) -> Capture:
        """Take the customer's money; a second time only when told so. Raises NotPossible."""
        if self.is_closed(checkout) and not (again and checkout.stage is Stage.PAID):
            raise NotPossible(f"the checkout is {checkout.stage}")
        begun = self._begin(checkout) if not checkout.sale.captures else []
        told = self.desk.capture(checkout.sale, amount_minor=amount_minor, currency=currency)
        capture = checkout.sale.captures[-1]
        checkout.stage, checkout.paid_at = Stage.PAID, self._clock.now()
        self._attempt(checkout, capture.capture_id).capture = capture
        self._tell([*begun, *told])
        return capture

    def decline(self, checkout: Checkout) -> None:
        """Have an attempt fail; another may follow. Raises NotPossible."""
        self._require_open(checkout)
        begun = self._begin(checkout)
        checkout.stage = Stage.DECLINED
        checkout.attempts[-1].is_declined = True
        self._tell([*begun, *self.desk.fail(checkout.sale)])

    def hold(self, checkout: Checkout) -> None:
        """Have an attempt wait for the customer's bank. Raises NotPossible."""
        self._require_open(checkout)
        begun = self._begin(checkout)
        checkout.stage = Stage.PENDING
        self._tell(begun)

    def abandon(self, checkout: Checkout) -> None:
        """Have the customer go away; coming back is possible. Raises NotPossible."""
        self._require_open(checkout)
        checkout.stage = Stage.ABANDONED

    def expire(self, checkout: Checkout) -> None:
        """Close the page. Raises NotPossible."""
        self._require_open(checkout)
        self._close(checkout)

    def is_closed(self, checkout: Checkout) -> bool:
        """Whether nobody can pay any more; a page whose time has come closes itself here."""
        if checkout.stage not in CLOSED and self._clock.now() >= checkout.expires_at:
            self._close(checkout)
        return checkout.stage in CLOSED

    def give_back(
        self,
        checkout: Checkout,
        capture: Capture,
        amount_minor: int,
        *,
        notes: tuple[str, str] = ("", ""),
        metadata: Mapping[str, str] | None = None,
    ) -> Returned:
        """Begin a refund; `notes` are the merchant's and the customer's. Raises NotPossible."""
        if not 0 < amount_minor <= capture.left_minor:
            raise NotPossible(f"{amount_minor} of {capture.left_minor} cannot be given back")
        refund, told = self.desk.refund(capture, amount_minor, metadata=metadata)
        made = Returned(refund, checkout, len(self.refunds) + 1, self._clock.now(), *notes)
        self.refunds[refund.refund_id] = made
        self._tell(told)
        return made

    def settle(self, returned: Returned, *, done: bool) -> None:
        """End a refund. Raises NotPossible where it has ended."""
        if returned.refund.status is not RefundStatus.PENDING:
            raise NotPossible(f"the refund has {returned.refund.status}")
        told = self.desk.settle_refund(returned.refund, done=done)
        returned.settled_at = self._clock.now()
        self._tell(told)

    def object_to(self, checkout: Checkout) -> None:
        """Have the customer dispute the newest capture. Raises NotPossible."""
        if not checkout.sale.captures:
            raise NotPossible("there is no money to dispute")
        _, told = self.desk.dispute(checkout.sale.captures[-1])
        self._tell(told)

    def decide(self, checkout: Checkout, *, won: bool) -> None:
        """Close the newest dispute. Raises NotPossible where none is open."""
        dispute = checkout.dispute
        if dispute is None or dispute.status is not DisputeStatus.OPEN:
            raise NotPossible("no dispute is open")
        self._tell(self.desk.close_dispute(dispute, won=won))

    def _require_open(self, checkout: Checkout) -> None:
        if self.is_closed(checkout):
            raise NotPossible(f"the checkout is {checkout.stage}")

    def _close(self, checkout: Checkout) -> None:
        checkout.stage = Stage.EXPIRED
        attempted = bool(checkout.attempts)
        self._tell(self.desk.expire(checkout.sale, checkout.code, attempted=attempted))

    def _begin(self, checkout: Checkout) -> list[Notice]:
        """Note the attempt; the provider tells of the first one only."""
        is_first = not checkout.attempts
        self._attempt(checkout, checkout.sale.provider_id)
        return self.desk.begin(checkout.sale) if is_first else []

    def _attempt(self, checkout: Checkout, attempt_id: str) -> Attempt:
        if attempt_id not in self.attempts:
            made = Attempt(attempt_id, checkout, self._clock.now())
            self.attempts[attempt_id] = made
            checkout.attempts.append(made)
        return self.attempts[attempt_id]

    def _book_name(self, reference: str) -> str:
        names = self.desk.books.sales
        if reference not in names:
            return reference
        count = 2
        while f"{reference}#{count}" in names:
            count += 1
        return f"{reference}#{count}"


def code_of(provider: str, provider_id: str) -> str:
    """Return the name of the page at which a sale is paid."""
    return provider_id.replace("pi_", CODE_PREFIXES[provider])
