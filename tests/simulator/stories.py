"""Stories: what can become of one payment, as (how much later, notice) in true order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tests.simulator.books import Sale
    from tests.simulator.desk import Desk
    from tests.simulator.notice import Notice

    Story = list[tuple[float, Notice]]
    Teller = Callable[[Desk, Sale, random.Random], Story]

STEP = 0.03
"""From one step of a payment to the next, in shares of the morning."""

LATER = 0.15
"""From a capture to what people do about it."""

PARTS_OF_TEN = (2, 3, 5)
UNDERPAID_TENTHS = 9
OTHER_CURRENCY = {"NGN": "GHS", "USD": "KWD"}
OTHER_CURRENCY_DEFAULT = "NGN"
EXTRAORDINARY_EVERY = 600
"""The counts of `specials` are meant for so many payments; fewer have fewer, but one of each."""


def paid(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The customer pays, and that is all."""
    del rng
    return [*_at(0, desk.begin(sale)), *_at(STEP, desk.capture(sale))]


def declined_first(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """A try fails, the next one does not."""
    del rng
    return [
        *_at(0, desk.begin(sale)),
        *_at(STEP, desk.fail(sale)),
        *_at(2 * STEP, desk.capture(sale)),
    ]


def declined(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """Every try fails; a provider that does not tell of failures says nothing."""
    del rng
    return [*_at(0, desk.begin(sale)), *_at(STEP, desk.fail(sale))]


def abandoned(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The customer goes away."""
    del rng
    return _at(0, desk.begin(sale))


def refunded_in_part(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """Some of it goes back."""
    amount_minor = max(1, _tenths(sale, rng.choice(PARTS_OF_TEN)))
    return [*paid(desk, sale, rng), *_refund(desk, sale, amount_minor)]


def refunded_in_full(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """All of it goes back."""
    return [*paid(desk, sale, rng), *_refund(desk, sale, sale.amount_minor)]


def refunded_in_two(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """All of it goes back, in two parts."""
    first_minor = _tenths(sale, 5)
    return [
        *paid(desk, sale, rng),
        *_refund(desk, sale, first_minor),
        *_refund(desk, sale, sale.amount_minor - first_minor, later=LATER + STEP),
    ]


def refunded_too_early(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The refund is told before the capture is."""
    del rng
    begun = desk.begin(sale)
    captured = desk.capture(sale)
    refund, _ = desk.refund(sale.captures[-1], sale.amount_minor)
    settled = [n for n in desk.settle_refund(refund) if not n.type.startswith("refund.updated")]
    return [*_at(0, begun), *_at(STEP, settled), *_at(STEP + LATER, captured)]


def refund_failed(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The bank does not take the money back."""
    told = paid(desk, sale, rng)
    refund, begun = desk.refund(sale.captures[-1], _tenths(sale, 5))
    failed = desk.settle_refund(refund, done=False)
    return [*told, *_at(LATER, begun), *_at(LATER + STEP, failed)]


def dispute_won(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The customer objects, and is wrong."""
    return [*paid(desk, sale, rng), *_dispute(desk, sale, won=True)]


def dispute_lost(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The customer objects, and is right."""
    return [*paid(desk, sale, rng), *_dispute(desk, sale, won=False)]


def underpaid(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """Another amount arrives than was asked for."""
    del rng
    return _at(STEP, desk.capture(sale, amount_minor=_tenths(sale, UNDERPAID_TENTHS)))


def other_currency(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The right number arrives, of another money."""
    del rng
    currency = OTHER_CURRENCY.get(sale.currency, OTHER_CURRENCY_DEFAULT)
    return _at(STEP, desk.capture(sale, currency=currency))


def paid_twice(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The customer pays, and pays again."""
    return [*paid(desk, sale, rng), *_at(LATER, desk.capture(sale))]


def from_the_other_world(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """A live event arrives where only test events may."""
    told = paid(desk, sale, rng)
    ghost = desk.ghost(sale)
    return [*told, (LATER, desk.claim(ghost, amount_minor=sale.amount_minor, live=True))]


def claimed_otherwise(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """The same event is told again, with ten times the money."""
    told = paid(desk, sale, rng)
    claim = desk.claim(sale.captures[-1], amount_minor=sale.amount_minor * 10)
    return [*told, (LATER, claim)]


ORDINARY: Sequence[tuple[int, Teller]] = (
    (62, paid),
    (8, declined_first),
    (4, declined),
    (4, abandoned),
    (8, refunded_in_part),
    (5, refunded_in_full),
    (2, refunded_in_two),
    (2, refunded_too_early),
    (1, refund_failed),
    (2, dispute_won),
    (2, dispute_lost),
)
"""Of a hundred payments, how many go which way."""


def story_of(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """Choose an ordinary story and tell it."""
    (teller,) = rng.choices([t for _, t in ORDINARY], [weight for weight, _ in ORDINARY])
    return teller(desk, sale, rng)


@dataclass(frozen=True, slots=True)
class Special:
    """A story that must be told; `list_name` says when its sale is announced."""

    story: Teller
    desk: str | None = None
    list_name: str = "announced"
    is_to_be_given_back: bool = False


_SPECIALS = (
    (2, Special(paid_twice, "paystack", is_to_be_given_back=True)),
    (1, Special(paid_twice, "standard-webhooks")),
    (3, Special(underpaid)),
    (2, Special(other_currency, "stripe")),
    (1, Special(other_currency, "paystack")),
    (2, Special(claimed_otherwise, "standard-webhooks")),
    (1, Special(claimed_otherwise, "stripe")),
    (1, Special(from_the_other_world, "paystack")),
    (1, Special(from_the_other_world, "stripe")),
    (3, Special(refunded_too_early, "paystack")),
    (3, Special(refunded_too_early, "standard-webhooks")),
    (2, Special(dispute_lost, "paystack")),
    (2, Special(dispute_won, "standard-webhooks")),
    (3, Special(paid, "paystack", "late")),
    (2, Special(paid, "stripe", "late")),
    (2, Special(paid, list_name="never")),
)


def specials(payments: int) -> list[Special]:
    """Return the stories that a morning of so many payments must have, one of each at least."""
    made = []
    for count, special in _SPECIALS:
        made.extend([special] * max(1, count * payments // EXTRAORDINARY_EVERY))
    return made


def _at(later: float, notices: Sequence[Notice]) -> Story:
    return [(later, notice) for notice in notices]


def _tenths(sale: Sale, tenths: int) -> int:
    """Return a part of the amount that every provider can write: a multiple of ten."""
    return sale.amount_minor * tenths // 100 * 10


def _refund(desk: Desk, sale: Sale, amount_minor: int, *, later: float = LATER) -> Story:
    refund, begun = desk.refund(sale.captures[-1], amount_minor)
    done = desk.settle_refund(refund)
    return [*_at(later, begun), *_at(later + STEP, done)]


def _dispute(desk: Desk, sale: Sale, *, won: bool) -> Story:
    dispute, opened = desk.dispute(sale.captures[-1])
    closed = desk.close_dispute(dispute, won=won)
    return [*_at(LATER, opened), *_at(LATER + STEP, closed)]
