"""Refunds and disputes of Stripe."""

from __future__ import annotations

import pytest

from domain.errors import RefetchRequired
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S
from tests.domain.providers.stripe_objects import charge, dispute, parsed, refund


@pytest.mark.parametrize(
    "type_", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("pending", FactStatus.PENDING),
        ("requires_action", FactStatus.PENDING),
        ("succeeded", FactStatus.SUCCEEDED),
        ("failed", FactStatus.FAILED),
        ("canceled", FactStatus.FAILED),
    ],
)
def test_a_refund_stands_as_its_status_says(type_: str, said: str, status: FactStatus) -> None:
    told = parsed(type_, refund(status=said))

    amount = Money("USD", 500)
    assert told.facts == (
        Fact(FactKind.REFUND, "re_1", status, amount, capture_id="pi_1", at_s=NOW_S),
    )
    assert told.provider_reference == "pi_1"


def test_a_refunded_charge_gives_its_cumulative_total() -> None:
    (fact,) = parsed("charge.refunded", charge(amount_refunded=700)).facts

    assert (fact.kind, fact.object_id, fact.status) == (
        FactKind.REFUND_TOTAL,
        "pi_1",
        FactStatus.SUCCEEDED,
    )
    assert fact.amount == Money("USD", 700)


def test_refunds_that_are_all_embedded_are_taken_one_by_one() -> None:
    embedded = {
        "object": "list",
        "has_more": False,
        "data": [refund(), refund(id="re_2", amount=200)],
    }

    facts = parsed("charge.refunded", charge(amount_refunded=700, refunds=embedded)).facts

    assert [(f.kind, f.object_id, f.capture_id) for f in facts] == [
        (FactKind.REFUND, "re_1", "pi_1"),
        (FactKind.REFUND, "re_2", "pi_1"),
    ]


@pytest.mark.parametrize("embedded", [None, {"data": []}, {"has_more": True, "data": [refund()]}])
def test_refunds_that_are_not_all_embedded_are_taken_as_a_total(embedded: object) -> None:
    (fact,) = parsed("charge.refunded", charge(amount_refunded=700, refunds=embedded)).facts

    assert fact.kind is FactKind.REFUND_TOTAL


@pytest.mark.parametrize(
    ("type_", "said", "status"),
    [
        ("charge.dispute.created", "needs_response", FactStatus.OPENED),
        ("charge.dispute.created", "warning_needs_response", FactStatus.OPENED),
        ("charge.dispute.updated", "under_review", FactStatus.OPENED),
        ("charge.dispute.closed", "won", FactStatus.WON),
        ("charge.dispute.closed", "warning_closed", FactStatus.WON),
        ("charge.dispute.closed", "lost", FactStatus.LOST),
    ],
)
def test_a_dispute_is_open_until_it_is_closed(type_: str, said: str, status: FactStatus) -> None:
    amount = Money("USD", 2000)

    assert parsed(type_, dispute(status=said)).facts == (
        Fact(FactKind.DISPUTE, "dp_1", status, amount, capture_id="pi_1", at_s=NOW_S),
    )


def test_an_authorization_that_was_let_go_was_never_refunded() -> None:
    released = charge(captured=False, amount_captured=0, amount_refunded=2000)

    assert parsed("charge.refunded", released).facts == ()


@pytest.mark.parametrize("embedded", [None, {"data": [refund()], "has_more": False}])
def test_a_refund_of_a_charge_that_was_captured_in_part_is_asked_about(embedded: object) -> None:
    part = charge(amount_captured=1500, amount_refunded=500, refunds=embedded)

    with pytest.raises(RefetchRequired):
        parsed("charge.refunded", part)


def test_without_an_intent_the_charge_is_what_was_captured() -> None:
    for told in (
        parsed("refund.created", refund(payment_intent=None)),
        parsed("charge.dispute.created", dispute(payment_intent=None)),
    ):
        assert told.facts[0].capture_id == "ch_1"
        assert told.provider_reference == "ch_1"
