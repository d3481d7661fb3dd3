"""Whether a refund in doubt may be one that the provider shows, and what its end is posted as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import refunds
from domain.asking import ToldRefund
from domain.facts import Fact, FactKind, FactStatus
from domain.ledger import Leg
from domain.money import Money
from domain.refunds import Refund, Settled, is_alike, match
from tests.domain.histories import captured, ngn, refund, refund_total

OURS = Refund("rf1", ngn(500), "sent")
OTHER = Refund("rf2", ngn(500), "sent")
MADE = FactStatus.SUCCEEDED


def shown(
    amount_minor: int = 500,
    *,
    name: str = "n1",
    object_id: str | None = None,
    ours: str | None = None,
    status: FactStatus = MADE,
) -> ToldRefund:
    return ToldRefund(name, status, ngn(amount_minor), object_id, ours)


def test_a_held_credit_and_its_release_are_each_others_opposite() -> None:
    held, released = (make("rf1", "ada", ngn(500)) for make in (refunds.hold, refunds.release))
    assert (held.effect, held.object_id) == ("refund_hold", "rf1")
    assert held.legs == (Leg("customer_credit:ada", -500, "NGN"), Leg("refunds_held", 500, "NGN"))
    assert (released.effect, released.object_id) == ("refund_release", "rf1")
    assert released.legs == (
        Leg("customer_credit:ada", 500, "NGN"),
        Leg("refunds_held", -500, "NGN"),
    )


def test_the_credit_of_a_refund_is_held_until_it_has_ended() -> None:
    opens = {each: replace(OURS, status=each).is_open for each in ("requested", "sent")}
    ends = {each: replace(OURS, status=each).is_open for each in ("succeeded", "failed")}
    assert opens == {"requested": True, "sent": True}
    assert ends == {"succeeded": False, "failed": False}


def test_the_name_that_is_known_goes_before_our_own_reference() -> None:
    by_note, by_name = shown(name="n1", ours="rf1"), shown(name="n2")
    named = replace(OURS, provider_refund_id="n2")
    assert refunds.of([by_note, by_name], OURS) is by_note
    assert refunds.of([by_note, by_name], named) is by_name
    assert refunds.of([by_note], named) is by_note
    assert refunds.of([by_name], OURS) is None


def test_a_refund_of_this_amount_that_nobody_else_has_may_be_ours() -> None:
    assert is_alike([shown()], OURS, [], [])
    assert is_alike([shown(object_id="R9")], OURS, [], [])
    assert not is_alike([shown(501)], OURS, [], [])
    assert not is_alike([], OURS, [OTHER], [])


@pytest.mark.parametrize(
    ("told", "other"),
    [
        (shown(ours="rf2"), OTHER),
        (shown(name="n7"), replace(OTHER, provider_refund_id="n7")),
        (shown(object_id="R7"), replace(OTHER, object_id="R7")),
        (shown(object_id="n7"), replace(OTHER, provider_refund_id="n7")),
    ],
)
def test_one_that_has_the_name_of_another_of_ours_is_not_ours(
    told: ToldRefund, other: Refund
) -> None:
    assert not is_alike([told], OURS, [other], [])
    assert is_alike([told], OURS, [], [])


def test_an_object_of_another_of_ours_is_not_ours_under_a_second_name_either() -> None:
    noted, again = shown(name="n7", object_id="R7", ours="rf2"), shown(name="n8", object_id="R7")
    assert not is_alike([noted, again], OURS, [OTHER], [])
    assert is_alike([replace(noted, ours=None), again], OURS, [OTHER], [])
    nameless = [replace(noted, object_id=None), shown(name="n8")]
    assert is_alike(nameless, OURS, [OTHER], [])
    stranger = [replace(noted, ours="elsewhere"), again]
    assert is_alike(stranger, OURS, [OTHER], [])


def test_one_that_was_a_fact_before_ours_was_asked_for_is_not_ours() -> None:
    late = replace(OURS, facts_before=1)
    assert not is_alike([shown(object_id="R9")], late, [], [refund(500, object_id="R9")])
    assert is_alike([shown(object_id="R8")], late, [], [refund(500, object_id="R9")])
    assert is_alike([shown(object_id="T1")], late, [], [captured()])


def test_what_a_webhook_has_told_of_since_may_be_ours() -> None:
    since = replace(OURS, facts_before=1)
    assert is_alike([], since, [], [captured(), refund(500)])
    assert is_alike([], since, [], [captured(), refund(500, FactStatus.PENDING)])
    assert not is_alike([], since, [], [captured(), refund(501)])
    assert not is_alike([], since, [], [captured(), refund(500, FactStatus.FAILED)])
    assert not is_alike([], since, [], [refund(500), captured(500)])
    named = replace(OTHER, provider_refund_id="R1")
    assert not is_alike([], since, [named], [captured(), refund(500)])


def test_only_refunds_have_ended_and_what_else_was_told_is_no_stranger() -> None:
    facts = [captured(), refund(500, FactStatus.PENDING, "R2"), refund(500, object_id="R3")]
    assert match([], facts).strangers == {"R3"}
    assert match([], [refund_total(5, "T8")]).strangers == {"T8"}


def test_a_name_is_learnt_once_and_never_of_what_is_settled() -> None:
    told = [shown(name="n2", ours="rf1", status=FactStatus.PENDING)]
    assert match([OURS], [], told).named == (("rf1", "n2"),)
    known = replace(OURS, provider_refund_id="n1")
    assert match([known], [], told).named == ()
    settled = replace(OURS, status="succeeded", object_id="R1")
    assert match([settled], [], told) == ((), (), frozenset())


def test_what_is_told_as_made_under_a_name_waits_for_a_fact_of_that_name() -> None:
    told = [shown(object_id="R1", ours="rf1")]
    assert match([OURS], [refund(500, object_id="R9")], told).settled == ()
    done = match([OURS], [refund(500, object_id="R1")], told).settled
    assert done == (Settled("rf1", "succeeded", "R1"),)


def test_one_object_settles_one_refund() -> None:
    told = [shown(name="n1", ours="rf1"), shown(name="n2", ours="rf2")]
    once = match([OURS, OTHER], [refund(500, object_id="R9")], told)
    assert once.settled == (Settled("rf1", "succeeded", None),)
    twice = match([OURS, OTHER], [refund(1_000, object_id="R9")], told)
    assert [each.reference for each in twice.settled] == ["rf1", "rf2"]


def test_money_of_another_currency_covers_nothing() -> None:
    dollars = Fact(FactKind.REFUND, "R9", MADE, Money("USD", 500))
    told = [shown(ours="rf1")]
    assert match([OURS], [dollars], told).settled == ()
    assert match([OURS], [dollars, refund(500, object_id="R8")], told).settled


def test_a_refund_that_is_settled_under_a_name_is_no_stranger_afterwards() -> None:
    told = [shown(name="n1", object_id="R1", ours="rf1")]
    matched = match([OURS], [refund(500, object_id="R1")], told)
    assert matched.strangers == frozenset()
    settled = replace(OURS, status="succeeded", object_id="R1")
    assert match([settled], [refund(500, object_id="R1")]).strangers == frozenset()
