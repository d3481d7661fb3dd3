"""Reconciliation: what a provider lists, held against what was told to us and what is in the books.

Pure. What differs is told, never decided: the provider is asked, by the path of everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from domain import outflows
from domain.facts import FactKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.asking import Listed
    from domain.facts import Fact
    from domain.money import Money


class Verdict(StrEnum):
    """What became of one transaction of a provider's."""

    EQUAL = "equal"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    MISMATCHED = "mismatched"


class There(NamedTuple):
    """A transaction as the provider lists it.

    `amount` is what was captured; None where no money has moved. `refunded_minor` is None where
    the list does not say it. `is_readable` False: what the provider says of its money is none.
    """

    object_id: str
    reference: str | None
    status: str
    amount: Money | None
    refunded_minor: int | None
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Here:
    """The same transaction as we have it.

    `reference`       our payment's; None: nobody announced it.
    `claims`          every amount that was told of it as captured.
    `posted_minor`    what the books have of its capture, by currency.
    `refunded_minor`  what was told as given back of it, and how much more may be: what was told of
                      the payment without a word on which of its captures it is of.
    """

    reference: str | None = None
    claims: frozenset[Money] = frozenset()
    posted_minor: Mapping[str, int] = field(default_factory=dict)
    refunded_minor: tuple[int, int] = (0, 0)

    @property
    def amount_minor(self) -> int | None:
        """Return what counts as captured here, None where nothing does."""
        return max(self.claims).amount_minor if self.claims else None


class Finding(NamedTuple):
    """A verdict, and a sentence for a person."""

    verdict: Verdict
    note: str


def there(listed: Listed) -> tuple[There, ...]:
    """Return the captures of one entry of the list, by the ids that webhooks would tell them by.

    An entry without any is returned as it is, with no amount.
    """
    captures = [f for f in listed.facts if f.kind is FactKind.SUCCEEDED and f.amount is not None]
    if not captures:
        readable = listed.amount is not None
        return (There(listed.object_id, listed.reference, listed.status, None, None, readable),)
    # The list says what was given back of the entry as a whole: with several captures, of none.
    refunded_minor = listed.refunded_minor if len(captures) == 1 else None
    return tuple(
        There(fact.object_id, listed.reference, listed.status, fact.amount, refunded_minor)
        for fact in captures
    )


def here(
    reference: str, facts: Sequence[Fact], object_id: str, posted_minor: Mapping[str, int]
) -> Here:
    """Return what the facts known of a payment, and its books, say of one transaction."""
    captures = [fact for fact in facts if fact.kind is FactKind.SUCCEEDED]
    claims = {f.amount for f in captures if f.object_id == object_id and f.amount is not None}
    return Here(
        reference,
        frozenset(claims),
        posted_minor,
        _refunded_minor(facts, object_id, is_only=len({f.object_id for f in captures}) == 1),
    )


def _refunded_minor(facts: Sequence[Fact], object_id: str, *, is_only: bool) -> tuple[int, int]:
    """Return what was given back of the capture for certain, and at most."""
    told, _ = outflows.refunds(
        [fact for fact in facts if fact.kind is FactKind.REFUND],
        [fact for fact in facts if fact.kind is FactKind.REFUND_TOTAL],
    )
    of_it = sum(o.amount_minor for o in told if is_only or o.capture_id == object_id)
    unnamed = sum(o.amount_minor for o in told if not is_only and o.capture_id is None)
    return of_it, of_it + unnamed


def compare(listed: There, known: Here) -> Finding:
    """Say whether both sides have the same, and in words what differs."""
    if listed.amount is None:
        return _without_amount(listed, known)
    if known.reference is None:
        return _unannounced(listed.amount, known)
    if not known.claims:
        return Finding(Verdict.MISSING_HERE, "its payment has not heard of this money")
    if known.claims != {listed.amount}:
        told = " and ".join(f"{c.amount_minor} {c.currency}" for c in sorted(known.claims))
        return Finding(Verdict.MISMATCHED, f"captured here: {told}")
    return _books(listed, listed.amount, known)


def _without_amount(listed: There, known: Here) -> Finding:
    if not listed.is_readable:
        return Finding(Verdict.MISMATCHED, "what it is worth there cannot be read")
    if not known.claims:
        return Finding(Verdict.EQUAL, "no money there, none here")
    return Finding(Verdict.MISMATCHED, f"captured here, {listed.status} there")


def _unannounced(amount: Money, known: Here) -> Finding:
    if known.posted_minor.get(amount.currency, 0) == amount.amount_minor:
        return Finding(Verdict.EQUAL, "in suspense: nobody announced its payment")
    return Finding(Verdict.MISSING_HERE, "nobody announced its payment, and nobody has its money")


def _books(listed: There, amount: Money, known: Here) -> Finding:
    posted_minor = {currency: minor for currency, minor in known.posted_minor.items() if minor}
    if posted_minor != {amount.currency: amount.amount_minor}:
        said = " and ".join(f"{minor} {currency}" for currency, minor in posted_minor.items())
        return Finding(Verdict.MISMATCHED, f"in the books: {said or 'nothing'}")
    least, most = known.refunded_minor
    if listed.refunded_minor is not None and not least <= listed.refunded_minor <= most:
        words = f"given back: {listed.refunded_minor} there, {least} here"
        return Finding(Verdict.MISMATCHED, words)
    return Finding(Verdict.EQUAL, "the same")


DISPUTES, REFUNDS = "disputes", "refunds"


def not_compared(provider: str) -> tuple[str, ...]:
    """Return what the provider's list of transactions does not say, so that no run compares it.

    Stripe's says what was given back of each; Paystack's says only what was paid.
    """
    return (DISPUTES,) if provider == "stripe" else (REFUNDS, DISPUTES)


def unclaimed_name(provider: str, account: str, object_id: str, amount: Money) -> str:
    """Name money for a payment nobody announced as the books do (`judgement.unclaimed_id`)."""
    return f"{provider}:{account}:{object_id}:{amount.amount_minor} {amount.currency}"


class Window(NamedTuple):
    """From when until when a finished run has compared, Unix seconds."""

    since_s: float
    until_s: float


def covered_through(windows: Iterable[Window]) -> float | None:
    """Return until when everything was compared, Unix seconds, after these runs in their order.

    A run that begins after what was covered before it leaves a gap, and moves nothing: only a run
    over the gap does.
    """
    mark: float | None = None
    for window in windows:
        if mark is None or window.since_s <= mark:
            mark = max(mark or window.until_s, window.until_s)
    return mark
