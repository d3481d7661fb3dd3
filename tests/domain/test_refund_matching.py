"""Which of our refunds a provider's refund is: each settles one, whatever comes first."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

CAPTURED = 5_000
ADA = "customer_credit:ada"


def ngn(amount_minor: int) -> Money:
    return Money("NGN", amount_minor)


def named(object_id: str, amount_minor: int, status: FactStatus = FactStatus.SUCCEEDED) -> Fact:
    return Fact(FactKind.REFUND, object_id, status, ngn(amount_minor))


def total(amount_minor: int) -> Fact:
    return Fact(
        FactKind.REFUND_TOTAL, "T1", FactStatus.SUCCEEDED, ngn(amount_minor), capture_id="T1"
    )


def ours(
    reference: str,
    amount_minor: int,
    status: str = "sent",
    *,
    provider_refund_id: str | None = None,
    object_id: str | None = None,
) -> Refund:
    return Refund(reference, ngn(amount_minor), status, provider_refund_id, object_id)


def settled(
    refunds: Sequence[Refund], facts: Sequence[Fact], told: Sequence[ToldRefund] = ()
) -> dict[str, str]:
    return {each.reference: each.status for each in match(refunds, facts, told).settled}


def test_a_refund_is_settled_by_its_name() -> None:
    refunds = [ours("a", 5), ours("b", 5, provider_refund_id="R9")]
    assert settled(refunds, [named("R9", 5)]) == {"b": "succeeded"}
    assert settled(refunds, [named("R9", 5, FactStatus.FAILED)]) == {"b": "failed"}


def test_an_object_of_an_unknown_name_settles_none_and_is_a_stranger() -> None:
    """It may be one that somebody made at the dashboard, of the same amount."""
    for status in (FactStatus.SUCCEEDED, FactStatus.FAILED):
        matched = match([ours("a", 5), ours("b", 5)], [named("R9", 5, status)])
        assert matched.settled == ()
        assert matched.strangers == {"R9"}
    assert match([ours("a", 5)], [total(5)]).strangers == {"T1"}


def test_an_object_that_is_pending_or_known_as_ours_is_no_stranger() -> None:
    pending = [named("R9", 5, FactStatus.PENDING)]
    assert match([ours("a", 5)], pending) == ((), (), frozenset())
    assert match([ours("a", 5, provider_refund_id="R9")], [named("R9", 5)]).strangers == frozenset()


def test_what_failed_after_all_has_failed() -> None:
    facts = [named("R9", 5), named("R9", 5, FactStatus.FAILED)]
    assert settled([ours("a", 5, provider_refund_id="R9")], facts) == {"a": "failed"}


def test_a_total_alone_settles_none_even_where_it_covers_all() -> None:
    assert settled([ours("a", 5), ours("b", 5)], [total(10)]) == {}


def test_what_the_provider_calls_ours_is_ours_by_its_total_too() -> None:
    refunds = [ours("a", 5), ours("b", 5)]
    told = [ToldRefund("n1", FactStatus.PENDING, ngn(5), ours="a"),
            ToldRefund("n2", FactStatus.SUCCEEDED, ngn(5), ours="b")]  # fmt: skip

    matched = match(refunds, [total(5)], told)

    assert [each.reference for each in matched.settled] == ["b"]
    assert dict(matched.named) == {"a": "n1", "b": "n2"}


def test_what_is_told_as_made_is_settled_by_an_object_of_which_nobody_knows_that_it_is_it() -> None:
    told = [ToldRefund("n1", FactStatus.SUCCEEDED, ngn(5), ours="a")]
    assert match([ours("a", 5)], [named("R9", 5)], told).settled == (("a", "succeeded", None),)


def test_what_is_told_as_made_is_not_settled_before_it_is_a_fact() -> None:
    """Its credit would be free while nothing is posted."""
    for object_id in (None, "R9"):
        told = [ToldRefund("n1", FactStatus.SUCCEEDED, ngn(5), object_id, ours="a")]
        assert settled([ours("a", 5)], [], told) == {}


def test_money_that_was_posted_before_a_refund_was_asked_for_is_not_that_refund() -> None:
    told = [ToldRefund("n1", FactStatus.SUCCEEDED, ngn(5), ours="a")]
    late = replace(ours("a", 5), facts_before=1)

    assert settled([late], [named("X1", 5)], told) == {}
    assert settled([late], [total(5)], told) == {}
    assert settled([late], [total(5), named("X1", 5)], told) == {}
    assert settled([late], [named("X1", 5), named("R9", 5)], told) == {"a": "succeeded"}
    assert settled([late], [total(5), total(10)], told) == {"a": "succeeded"}


def test_money_counts_once_for_refunds_that_were_asked_for_one_after_the_other() -> None:
    told = [ToldRefund("n1", FactStatus.SUCCEEDED, ngn(5), ours="b")]
    first = ours("a", 5, "succeeded")
    second = replace(ours("b", 5), facts_before=1)

    assert settled([first, second], [total(5), named("R8", 5)], told) == {}
    assert settled([first, second], [total(5), total(10)], told) == {"b": "succeeded"}
    assert settled([first, replace(second, facts_before=0)], [total(5)], told) == {}


def test_money_of_a_refund_that_failed_after_all_covers_none_and_is_wanted_by_none() -> None:
    told = [ToldRefund("n1", FactStatus.SUCCEEDED, ngn(5), ours="b")]
    undone = ours("a", 5, "succeeded", object_id="R8")
    late = replace(ours("b", 5), facts_before=2)
    before = [named("R8", 5), total(5)]

    assert settled([undone, late], [*before, named("R8", 5, FactStatus.FAILED)], told) == {}
    facts = [*before, named("R8", 5, FactStatus.FAILED), named("R9", 5)]
    assert settled([undone, late], facts, told) == {}
    assert settled([undone, late], [*facts, total(10)], told) == {"b": "succeeded"}
    at_once = [named("R8", 5), named("R8", 5, FactStatus.FAILED), named("R9", 5)]
    assert settled([undone, ours("b", 5)], at_once, told) == {"b": "succeeded"}


def test_an_object_that_was_known_before_a_refund_was_asked_for_is_not_it_whoever_says_so() -> None:
    told = [ToldRefund("n1", FactStatus.SUCCEEDED, ngn(5), "X1", ours="a")]
    late = replace(ours("a", 5), facts_before=1)

    for status in (FactStatus.PENDING, FactStatus.SUCCEEDED, FactStatus.FAILED):
        facts = [named("X1", 5, status), named("X1", 5)]
        assert match([late], facts, told)[:2] == ((), ())
        assert settled([replace(late, provider_refund_id="X1")], facts) == {}


def test_what_is_told_as_failed_has_failed() -> None:
    told = [ToldRefund("n1", FactStatus.FAILED, ngn(5), ours="a")]
    assert settled([ours("a", 5)], [], told) == {"a": "failed"}


def test_a_name_that_we_know_goes_before_a_note_that_anybody_can_write() -> None:
    told = [ToldRefund("n1", FactStatus.FAILED, ngn(5), ours="a"),
            ToldRefund("n2", FactStatus.PENDING, ngn(5))]  # fmt: skip
    assert settled([ours("a", 5, provider_refund_id="n2")], [], told) == {}


AMOUNTS = st.integers(1, 3).map(lambda n: n * 50)
ENDS = st.sampled_from([FactStatus.SUCCEEDED, FactStatus.FAILED])


@dataclass(frozen=True)
class There:
    """A refund at the provider: ours where it has a reference, else made at its dashboard.

    `is_named`: webhooks tell of it by a name. `is_linked`: the API gives that name too.
    """

    number: int
    amount_minor: int
    ends: FactStatus
    is_named: bool
    is_linked: bool
    reference: str | None

    @property
    def name(self) -> str:
        return f"R{self.number}"


@st.composite
def worlds(draw: st.DrawFn) -> list[There]:
    """Draw refunds, ours and others', of which many are of the same amount."""
    is_named, is_linked = draw(st.booleans()), draw(st.booleans())
    count, others = draw(st.integers(1, 4)), draw(st.integers(0, 3))
    return [
        There(
            number,
            draw(AMOUNTS),
            draw(ENDS),
            is_named if number < count else draw(st.booleans()),
            is_linked,
            f"rf{number}" if number < count else None,
        )
        for number in range(count + others)
    ]


ACTS = ("make", "end", "hear", "hear", "tell", "look")


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[There], list[tuple[str, There]]]:
    """Draw refunds, and in which order things happen to them."""
    world = draw(worlds())
    return world, draw(st.permutations([(act, there) for there in world for act in ACTS]))


class Books:
    """A payment, its refunds and two accounts, as the service keeps them; and the provider."""

    def __init__(self) -> None:
        self.asked = Asked(ngn(CAPTURED), "paystack", "ada")
        self.facts = [Fact(FactKind.SUCCEEDED, "T1", FactStatus.SUCCEEDED, ngn(CAPTURED))]
        self.refunds: dict[str, Refund] = {}
        self.made: dict[There, FactStatus] = {}
        self.of_ada = 0
        self.held = 0

    def make(self, there: There) -> None:
        """Have it made at the provider; ours is asked for, and its credit held, just before."""
        self.made[there] = FactStatus.PENDING
        if there.reference is not None:
            asked = ours(there.reference, there.amount_minor)
            self.refunds[there.reference] = replace(asked, facts_before=len(self.facts))
            self._post(hold(there.reference, "ada", asked.amount))

    def end(self, there: There) -> None:
        """Have it come to its end, which nobody hears."""
        if there in self.made:
            self.made[there] = there.ends

    def hear(self, there: There) -> None:
        """Have the webhook come, which tells how it is now: one by one, or as a total."""
        if there in self.made:
            self._learn([self._fact(there)] if there.is_named else self._total())
            self._settle([])

    def tell(self, there: There) -> None:
        """Have the provider tell of this one only, as it does when it is asked for it."""
        if there in self.made:
            self._settle([self._told(there)])

    def look(self, there: There | None = None) -> None:
        """Have the provider asked for all: as facts, and by the names that its API has."""
        del there
        linked = [each for each in self.made if each.is_named and each.is_linked]
        self._learn([*map(self._fact, linked), *self._total()])
        self._settle([self._told(each) for each in self.made])

    def _fact(self, there: There) -> Fact:
        return named(there.name, there.amount_minor, self.made[there])

    def _total(self) -> list[Fact]:
        done = [t.amount_minor for t, s in self.made.items() if s is FactStatus.SUCCEEDED]
        return [total(sum(done))] if done else []

    def _told(self, there: There) -> ToldRefund:
        name = there.name if there.is_named and there.is_linked else None
        amount, status = ngn(there.amount_minor), self.made[there]
        return ToldRefund(f"n{there.number}", status, amount, name, there.reference)

    def _learn(self, facts: Sequence[Fact]) -> None:
        self.facts += [fact for fact in facts if fact not in self.facts]

    def _settle(self, told: Sequence[ToldRefund]) -> None:
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

    def _post(self, movement: Movement) -> None:
        for leg in movement.legs:
            if leg.account == ADA:
                self.of_ada += leg.amount_minor
            else:
                self.held += leg.amount_minor

    def check(self) -> None:
        """Held is what is open; the customer is debited once; and none has ended by another's."""
        open_minor = sum(r.amount.amount_minor for r in self.refunds.values() if r.is_open)
        assert self.held == open_minor
        position = fold(self.asked, self.facts)
        of_ada = sum(net.get((ADA, "NGN"), 0) for net in position.effects.values()) + self.of_ada
        assert of_ada == position.captured_minor - position.refunded_minor - self.held
        for there, status in self.made.items():
            refund = self.refunds.get(there.reference or "")
            if refund is not None and not refund.is_open:
                assert refund.status == status
                assert refund.object_id in (None, there.name)


@given(stories())
def test_a_refund_of_ours_ends_as_the_provider_says_and_never_by_one_that_is_not_ours(
    story: tuple[list[There], list[tuple[str, There]]],
) -> None:
    world, acts = story
    books = Books()

    for act, there in acts:
        getattr(books, act)(there)
        books.check()
    for there in world:
        books.end(there)
        if there.is_named:
            books.hear(there)
    books.look()
    books.check()

    ended = {there.reference: there.ends for there in world if there.reference is not None}
    assert {r.reference: r.status for r in books.refunds.values()} == ended
    assert books.held == 0
    succeeded_minor = sum(t.amount_minor for t in world if t.ends is FactStatus.SUCCEEDED)
    assert fold(books.asked, books.facts).refunded_minor == succeeded_minor
