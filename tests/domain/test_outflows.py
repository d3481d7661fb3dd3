"""What was given back: by refund, by total and by lost dispute, each counted once."""

from __future__ import annotations

from domain import captures, outflows
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.outflows import Outflow
from tests.domain.histories import ASKED, captured, dispute, ngn, refund, refund_total

PENDING, FAILED = FactStatus.PENDING, FactStatus.FAILED
OPENED, WON, LOST = FactStatus.OPENED, FactStatus.WON, FactStatus.LOST


def refunds(*facts: Fact) -> list[Outflow]:
    named = [fact for fact in facts if fact.kind is FactKind.REFUND]
    totals = [fact for fact in facts if fact.kind is FactKind.REFUND_TOTAL]
    return outflows.refunds(named, totals)[0]


def total(amount_minor: int, capture_id: str = "T1") -> Outflow:
    return Outflow("refund_total", capture_id, "NGN", amount_minor, capture_id)


def named(amount_minor: int, capture_id: str | None = None, object_id: str = "R1") -> Outflow:
    return Outflow("refund", object_id, "NGN", amount_minor, capture_id)


def test_nothing_told_is_nothing_given_back() -> None:
    assert outflows.refunds([], []) == ([], [])


def test_a_refund_counts_once_it_is_made_and_no_more_once_it_has_failed() -> None:
    assert refunds(refund(300, PENDING)) == []
    assert refunds(refund(300, PENDING), refund(300)) == [named(300)]
    assert refunds(refund(300), refund(300, FAILED)) == []


def test_a_total_counts_for_what_no_refund_of_its_capture_explains() -> None:
    assert refunds(refund_total(300)) == [total(300)]
    assert refunds(refund(100, capture_id="T1"), refund_total(300)) == [
        named(100, "T1"),
        total(200),
    ]
    assert refunds(refund(300, capture_id="T1"), refund_total(300)) == [named(300, "T1")]
    assert refunds(refund(400, capture_id="T1"), refund_total(300)) == [named(400, "T1")]
    assert refunds(refund(100, capture_id="T2"), refund_total(300)) == [
        named(100, "T2"),
        total(300),
    ]


def test_the_largest_of_growing_totals_counts() -> None:
    assert refunds(refund_total(100), refund_total(300), refund_total(200)) == [total(300)]


def test_a_total_that_names_no_capture_is_its_own() -> None:
    bare = Fact(FactKind.REFUND_TOTAL, "T1", FactStatus.SUCCEEDED, ngn(300))
    assert refunds(bare) == [total(300)]
    assert refunds(bare, refund(100, capture_id="T1")) == [named(100, "T1"), total(200)]


def test_refunds_that_name_no_capture_explain_totals_once_in_the_order_of_their_ids() -> None:
    first, second = refund_total(300, "T1"), refund_total(300, "T2")
    found = refunds(refund(400), second, first)
    assert found == [named(400), total(200, "T2")]


def test_a_failed_refund_that_names_its_capture_explains_and_a_pending_one_does_not() -> None:
    assert refunds(refund(100, FAILED, capture_id="T1"), refund_total(300)) == [total(200)]
    assert refunds(refund(100, PENDING, capture_id="T1"), refund_total(300)) == [total(300)]
    assert refunds(refund(100, FAILED), refund_total(300)) == [total(300)]


def test_of_claims_that_differ_the_largest_counts_and_they_are_named() -> None:
    said = [refund(100), refund(300), refund(200, object_id="R2")]
    done, disagree = outflows.refunds(said, [])
    assert done == [named(300), named(200, object_id="R2")]
    assert disagree == [("R1", frozenset({ngn(100), ngn(300)}))]


def test_of_captures_that_are_named_the_first_by_name_counts() -> None:
    said = [refund(100, capture_id="T2"), refund(100, capture_id="T1"), refund(100)]
    assert refunds(*said) == [named(100, "T1")]


def test_only_a_lost_dispute_takes_money_once() -> None:
    told = {"D1": [dispute(OPENED), dispute(LOST), dispute(LOST, 700)], "D2": [dispute(WON)]}
    assert outflows.lost(told) == [Outflow("chargeback", "D1", "NGN", 1_000, None)]


def test_a_case_is_placed_where_money_is_that_it_names_or_it_names_none() -> None:
    assert outflows.is_placed([dispute(OPENED)], [])
    assert outflows.is_placed([dispute(OPENED), dispute(LOST, capture_id="T1")], ["T1"])
    assert not outflows.is_placed([dispute(OPENED), dispute(LOST, capture_id="T1")], ["T2"])


def test_how_a_case_stands_is_told_by_all_its_claims() -> None:
    opened, won, lost = ([dispute(each)] for each in (OPENED, WON, LOST))
    both = [*opened, *won, *lost]
    stands = [
        (outflows.is_settled(c), outflows.is_lost(c), outflows.is_contradictory(c))
        for c in (opened, opened + won, opened + lost, both)
    ]
    assert stands == [
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, True),
    ]


def test_what_is_open_or_lost_is_disputed_in_its_own_currency() -> None:
    dollars = Fact(FactKind.DISPUTE, "D4", OPENED, Money("USD", 9))
    told = {
        "D1": [dispute(OPENED, 100), dispute(OPENED, 120)],
        "D2": [dispute(OPENED, 200), dispute(LOST, 200)],
        "D3": [dispute(OPENED, 400), dispute(WON, 400)],
        "D4": [dollars],
    }
    assert outflows.disputed_minor(told, "NGN") == 320
    assert outflows.disputed_minor(told, "USD") == 9


def test_a_capture_counts_as_asked_if_any_claim_says_so_and_else_its_largest_claim() -> None:
    told = [captured(900), captured(1_100), captured(1_200, "T2"), captured(1_000, "T2")]
    counted = captures.count(ASKED, told)
    assert counted.counted == {"T1": ngn(1_100), "T2": ngn(1_000)}
    assert (counted.as_asked, counted.owned) == (("T2",), ("T2",))
    assert dict(counted.disagree) == {
        "T1": {ngn(900), ngn(1_100)},
        "T2": {ngn(1_200), ngn(1_000)},
    }


def test_the_first_capture_as_asked_is_the_customers_or_what_a_person_accepted() -> None:
    told = [captured(object_id="T2"), captured(object_id="T1"), captured(object_id="T2")]
    assert captures.count(ASKED, told)[1:] == (("T2", "T1"), ("T2",), [])
    accepted = captures.count(ASKED, told, {"T1": ngn(7), "T9": ngn(8)})
    assert accepted.owned == ("T1",)
    assert accepted.counted == {"T2": ngn(1_000), "T1": ngn(7)}
    assert captures.count(ASKED, told, {}).owned == ()
