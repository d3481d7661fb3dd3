"""Which of our refunds a provider's refund is: each settles one, whatever comes first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from domain.asking import ToldRefund
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.money import Money
from domain.payment import Asked
from domain.refunds import Refund, hold, match, release

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ledger import Movement

CAPTURED = 1_000
ADA = "customer_credit:ada"


def ngn(amount_minor: int) -> Money:
    return Money("NGN", amount_minor)


def named(object_id: str, amount_minor: int, status: FactStatus = FactStatus.SUCCEEDED) -> Fact:
    return Fact(FactKind.REFUND, object_id, status, ngn(amount_minor))


def total(amount_minor: int) -> Fact:
    return Fact(
        FactKind.REFUND_TOTAL, "T1", FactStatus.SUCCEEDED, ngn(amount_minor), capture_id="T1"
    )


def ours(reference: str, amount_minor: int, status: str = "sent", **names: str) -> Refund:
    return Refund(reference, ngn(amount_minor), status, **names)


def settled(
    refunds: Sequence[Refund], facts: Sequence[Fact], told: Sequence[ToldRefund] = ()
) -> dict[str, str]:
    return {each.reference: each.status for each in match(refunds, facts, told).settled}


def test_a_name_goes_before_an_amount() -> None:
    refunds = [ours("a", 5), ours("b", 5, provider_refund_id="R9")]
    assert settled(refunds, [named("R9", 5)]) == {"b": "succeeded"}


def test_the_oldest_of_equal_amount_is_meant_where_no_name_is_known() -> None:
    assert settled([ours("a", 5), ours("b", 5)], [named("R9", 5)]) == {"a": "succeeded"}


def test_one_object_settles_one_refund_however_often_it_is_told() -> None:
    refunds = [ours("a", 5, "succeeded", object_id="R9"), ours("b", 5)]
    assert settled(refunds, [named("R9", 5, FactStatus.PENDING), named("R9", 5)]) == {}


def test_an_object_of_another_amount_settles_none() -> None:
    assert settled([ours("a", 5)], [named("R9", 6)]) == {}


def test_what_is_pending_settles_none() -> None:
    assert settled([ours("a", 5)], [named("R9", 5, FactStatus.PENDING)]) == {}


def test_what_failed_after_all_has_failed() -> None:
    facts = [named("R9", 5), named("R9", 5, FactStatus.FAILED)]
    assert settled([ours("a", 5)], facts) == {"a": "failed"}


def test_a_refund_that_was_not_sent_is_not_taken_for_another_ones() -> None:
    assert settled([ours("a", 5, "requested")], [named("R9", 5), total(5)]) == {}


def test_a_total_settles_what_it_covers_and_a_later_name_settles_no_other() -> None:
    refunds = [ours("a", 5)]
    assert settled(refunds, [total(5)]) == {"a": "succeeded"}

    after = [replace(refunds[0], status="succeeded"), ours("b", 5)]
    assert settled(after, [total(5)]) == {}
    assert settled(after, [total(5), named("R9", 5)]) == {}
    assert settled(after, [total(5), named("R9", 5), named("R10", 5)]) == {"b": "succeeded"}
    assert settled(after, [total(5), total(10)]) == {"b": "succeeded"}


def test_a_total_that_covers_less_than_all_settles_none_of_them() -> None:
    """Which of them it is, nobody has said: the others may yet fail."""
    assert settled([ours("a", 8), ours("b", 3)], [total(5)]) == {}
    assert settled([ours("a", 5), ours("b", 5)], [total(5)]) == {}
    assert settled([ours("a", 5), ours("b", 5)], [total(10)]) == {
        "a": "succeeded",
        "b": "succeeded",
    }


def test_what_the_provider_calls_ours_is_ours_by_its_total_too() -> None:
    refunds = [ours("a", 5), ours("b", 5)]
    told = [ToldRefund("n1", FactStatus.PENDING, ngn(5), ours="a"),
            ToldRefund("n2", FactStatus.SUCCEEDED, ngn(5), ours="b")]  # fmt: skip

    matched = match(refunds, [total(5)], told)

    assert [each.reference for each in matched.settled] == ["b"]
    assert dict(matched.named) == {"a": "n1", "b": "n2"}


def test_what_is_told_as_made_is_not_settled_before_it_is_a_fact() -> None:
    """Its credit would be free while nothing is posted."""
    told = [ToldRefund("n1", FactStatus.SUCCEEDED, ngn(5), ours="a")]
    assert settled([ours("a", 5)], [], told) == {}


def test_what_is_told_as_failed_has_failed() -> None:
    told = [ToldRefund("n1", FactStatus.FAILED, ngn(5), ours="a")]
    assert settled([ours("a", 5)], [], told) == {"a": "failed"}


AMOUNTS = st.integers(1, 4).map(lambda n: n * 50)


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[int], list[tuple[str, int]]]:
    """Draw amounts that are asked for, and in which order things happen to them."""
    amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=5))
    acts = [("ask", n) for n in range(len(amounts))]
    acts += [(kind, n) for n in range(len(amounts)) for kind in ("fact", "tell", "total")]
    acts += [("stranger", n) for n in range(draw(st.integers(0, 2)))]
    return amounts, draw(st.permutations(acts))


class Books:
    """A payment, its refunds and two accounts, as the service keeps them."""

    def __init__(self, amounts: list[int], *, names: bool, fails: frozenset[int]) -> None:
        self.asked = Asked(ngn(CAPTURED), "paystack", "ada")
        self.amounts = amounts
        self.names = names
        self.fails = fails
        self.facts = [Fact(FactKind.SUCCEEDED, "T1", FactStatus.SUCCEEDED, ngn(CAPTURED))]
        self.refunds: dict[str, Refund] = {}
        self.made: dict[int, FactStatus] = {}
        self.of_ada = 0
        self.held = 0

    def _post(self, movement: Movement) -> None:
        for leg in movement.legs:
            if leg.account == ADA:
                self.of_ada += leg.amount_minor
            else:
                self.held += leg.amount_minor

    def ask(self, n: int) -> None:
        self.refunds[f"rf{n}"] = ours(f"rf{n}", self.amounts[n])
        self._post(hold(f"rf{n}", "ada", ngn(self.amounts[n])))

    def ended(self, n: int) -> FactStatus:
        return FactStatus.FAILED if n in self.fails else FactStatus.SUCCEEDED

    def settle(self, told: Sequence[ToldRefund] = ()) -> None:
        matched = match(list(self.refunds.values()), self.facts, told)
        for reference, name in matched.named:
            self.refunds[reference] = replace(self.refunds[reference], provider_refund_id=name)
        for done in matched.settled:
            refund = self.refunds[done.reference]
            assert refund.is_open, "a refund is settled once"
            self.refunds[done.reference] = replace(
                refund, status=done.status, object_id=done.object_id
            )
            self._post(release(done.reference, "ada", refund.amount))

    def fact(self, n: int) -> None:
        self.made[n] = self.ended(n)
        if self.names:
            self.facts.append(named(f"R{n}", self.amounts[n], self.ended(n)))
        self.settle()

    def total(self, n: int) -> None:
        del n
        sum_minor = sum(self.amounts[k] for k, s in self.made.items() if s is FactStatus.SUCCEEDED)
        sum_minor += 77 * sum(fact.object_id.startswith("S") for fact in self.facts)
        if sum_minor:
            self.facts.append(total(sum_minor))
        self.settle()

    def tell(self, n: int) -> None:
        status = self.made.get(n, FactStatus.PENDING)
        name = f"R{n}" if self.names else None
        told = ToldRefund(f"n{n}", status, ngn(self.amounts[n]), name, f"rf{n}")
        self.settle([told])

    def stranger(self, n: int) -> None:
        self.facts.append(named(f"S{n}", 77))
        self.settle()

    def net_of_customer(self) -> int:
        legs = fold(self.asked, self.facts).effects.values()
        return self.of_ada + sum(net.get((ADA, "NGN"), 0) for net in legs)


@given(stories(), st.booleans(), st.frozensets(st.integers(0, 4)))
def test_held_is_what_is_open_and_the_customer_is_debited_once(
    story: tuple[list[int], list[tuple[str, int]]],
    names: bool,  # noqa: FBT001 - Hypothesis gives it so
    fails: frozenset[int],
) -> None:
    amounts, acts = story
    books = Books(amounts, names=names, fails=fails)

    for act, n in acts:
        if act not in {"ask", "stranger"} and f"rf{n}" not in books.refunds:
            continue
        getattr(books, act)(n)
        open_minor = sum(r.amount.amount_minor for r in books.refunds.values() if r.is_open)
        position = fold(books.asked, books.facts)
        assert books.held == open_minor
        assert (
            books.net_of_customer()
            == position.captured_minor - position.refunded_minor - books.held
        )

    for n in range(len(amounts)):
        books.fact(n) if n not in books.made or not names else None
    books.total(0)
    for n in range(len(amounts)):
        books.tell(n)
    assert [r.reference for r in books.refunds.values() if r.is_open] == []
    assert books.held == 0
