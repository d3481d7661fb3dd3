"""A refund for which the money is no longer there is not sent, unless it may have been already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.asking import ToldRefund
from domain.commands import CommandKind
from domain.facts import FactStatus
from domain.money import Money
from tests.calling.provider import (
    AWAY,
    LOST_BEFORE,
    Provider,
)

if TYPE_CHECKING:
    from tests.calling.desk import Desk

VERIFY = CommandKind.VERIFY


def test_a_refund_that_was_not_sent_is_refused_here_once_the_money_is_charged_back(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund(AWAY)
    provider.charge_back("p1")
    desk.do(VERIFY, number="2")
    assert desk.state("p1") == "charged_back"

    assert desk.perform(event_id) == "refused"

    assert provider.payments["p1"].refunds == []
    assert desk.refund_status("rf1") == "failed"
    assert desk.held() == 0
    assert desk.letters() == []
    assert desk.value("SELECT message FROM attempts WHERE error_class = 'NotRefundable'") == (
        "the payment is charged_back"
    )
    assert desk.problems() == []


def test_a_refund_that_may_have_been_made_is_neither_repeated_nor_failed_after_a_chargeback(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund(LOST_BEFORE)
    provider.charge_back("p1")
    desk.do(VERIFY, number="2")
    desk.let_refunds_show()

    assert desk.perform(event_id) == "dead"

    assert provider.made("refund") == ["rf1"]
    assert desk.letters() == [(event_id, "unheard", "open")]
    assert desk.refund_status("rf1") == "sent"
    assert desk.held() == 400


def test_a_refund_of_more_than_is_left_is_not_sent(desk: Desk, provider: Provider) -> None:
    event_id = desk.given_refund(AWAY, amount_minor=600)
    elsewhere = ToldRefund("x1", FactStatus.SUCCEEDED, Money("NGN", 500))
    provider.payments["p1"].refunds.append(elsewhere)
    desk.do(VERIFY, number="2")

    assert desk.perform(event_id) == "refused"

    assert desk.refund_status("rf1") == "failed"
    assert (desk.credit(), desk.held()) == (500, 0)
    assert desk.problems() == []
