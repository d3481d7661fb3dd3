"""Refunds end by their names: one of the same amount that people made there is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.asking import ToldRefund
from domain.commands import CommandKind
from domain.facts import FactStatus
from domain.money import Money
from tests.calling.provider import AWAY, LOST_BEFORE, Provider
from tests.calling.schedule import LAST_S, STEPS_S, sweep

if TYPE_CHECKING:
    from tests.calling.desk import Desk

VERIFY = CommandKind.VERIFY


def make_at_dashboard(
    provider: Provider,
    name: str = "x1",
    amount_minor: int = 400,
    status: FactStatus = FactStatus.SUCCEEDED,
) -> None:
    """Have somebody give money back without us."""
    money = Money("NGN", amount_minor)
    provider.payments["p1"].refunds.append(ToldRefund(name, status, money))


def end_ours(provider: Provider, status: FactStatus) -> None:
    there = provider.payments["p1"]
    there.refunds = [r if r.ours is None else replace(r, status=status) for r in there.refunds]


@pytest.mark.parametrize("names_refunds", [True, False])
def test_a_refund_that_was_there_before_ours_was_asked_for_does_not_settle_it(
    desk: Desk, provider: Provider, *, names_refunds: bool
) -> None:
    provider.names_refunds = names_refunds
    desk.pay()
    make_at_dashboard(provider)
    desk.do(VERIFY, number="1")

    desk.perform(desk.ask_refund("rf1", 400))
    desk.do(VERIFY, number="2")
    assert desk.refund_status("rf1") == "sent"
    assert (desk.credit(), desk.held()) == (200, 400)

    end_ours(provider, FactStatus.FAILED)
    desk.do(VERIFY, number="3")
    assert desk.refund_status("rf1") == "failed"
    assert (desk.credit(), desk.held()) == (600, 0)
    assert desk.problems() == []


@pytest.mark.parametrize("names_refunds", [True, False])
def test_a_refund_that_somebody_makes_after_ours_does_not_settle_it(
    desk: Desk, provider: Provider, *, names_refunds: bool
) -> None:
    provider.names_refunds = names_refunds
    desk.given_refund()
    make_at_dashboard(provider)

    desk.do(VERIFY, number="1")
    assert desk.refund_status("rf1") == "sent"
    assert (desk.credit(), desk.held()) == (200, 400)

    end_ours(provider, FactStatus.SUCCEEDED)
    desk.do(VERIFY, number="2")
    assert desk.refund_status("rf1") == "succeeded"
    assert (desk.credit(), desk.held()) == (200, 0)
    assert desk.problems() == []


@pytest.mark.parametrize("names_refunds", [True, False])
def test_a_refund_that_never_reached_the_provider_is_not_taken_for_an_older_one(
    desk: Desk, provider: Provider, *, names_refunds: bool
) -> None:
    provider.names_refunds = names_refunds
    desk.pay()
    make_at_dashboard(provider)
    desk.do(VERIFY, number="1")
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [LOST_BEFORE]

    desk.perform(event_id)
    desk.perform(event_id)

    assert desk.refund_status("rf1") == "sent"
    assert (desk.credit(), desk.held()) == (200, 400)
    assert desk.owed() == [event_id]

    desk.let_refunds_show()
    desk.perform(event_id)
    was_it_asked_again = provider.made("refund") == ["rf1", "rf1"]
    assert was_it_asked_again is names_refunds, "of one without a name nobody knows how old it is"


def test_a_refund_that_was_put_off_is_not_taken_for_one_that_was_made_meanwhile(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund(AWAY)
    make_at_dashboard(provider)
    desk.do(VERIFY, number="1")

    desk.perform(event_id)

    assert provider.made("refund") == ["rf1", "rf1"]
    assert desk.refund_status("rf1") == "sent"


def test_a_refund_that_somebody_made_and_that_failed_fails_none_of_ours(
    desk: Desk, provider: Provider
) -> None:
    desk.given_refund()
    make_at_dashboard(provider, status=FactStatus.FAILED)

    desk.do(VERIFY, number="1")

    assert desk.refund_status("rf1") == "sent"
    assert (desk.credit(), desk.held()) == (600, 400)


def test_facts_that_were_known_when_a_refund_was_first_asked_for_are_counted_once(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund(AWAY)
    known = desk.value("SELECT count(*) FROM payment_facts")
    make_at_dashboard(provider, amount_minor=100)
    desk.do(VERIFY, number="1")

    desk.perform(event_id)

    assert desk.value("SELECT facts_before FROM refunds") == known
    assert desk.value("SELECT count(*) FROM payment_facts") > known


def test_an_answer_that_contradicts_settles_the_refunds_that_it_proves(
    desk: Desk, provider: Provider
) -> None:
    desk.given_refund()
    provider.end_refunds("p1")
    make_at_dashboard(provider, amount_minor=700)

    assert desk.do(VERIFY, number="1") == "dead"

    assert desk.state("p1") == "review"
    assert desk.refund_status("rf1") == "succeeded"
    assert desk.held() == 0
    kinds = [row[0] for row in desk.rows("SELECT kind FROM sms_transactions ORDER BY id")]
    assert kinds.count("refund_release") == 1
    assert desk.problems() == []


def test_a_refund_that_a_person_gives_another_try_is_asked_about_until_it_ends(
    desk: Desk,
) -> None:
    event_id = desk.given_refund()
    for after_s in (0, *STEPS_S, LAST_S):
        sweep(desk, after_s)
    assert desk.value("SELECT count(*) FROM verifications") == 0

    desk.reopen(event_id)
    desk.perform(event_id)

    assert desk.letters() == [(event_id, "unheard", "resolved")]
    assert desk.value("SELECT count(*) FROM verifications") == 1
    for after_s in (0, *STEPS_S, LAST_S):
        sweep(desk, after_s)
    assert desk.letters() == [(event_id, "unheard", "open")]
    assert (desk.refund_status("rf1"), desk.held()) == ("sent", 400)


def test_a_refund_that_has_ended_is_asked_about_no_more(desk: Desk, provider: Provider) -> None:
    event_id = desk.given_refund(LOST_BEFORE)
    desk.execute("DELETE FROM verifications")
    desk.let_refunds_show()
    desk.perform(event_id)
    provider.end_refunds("p1")
    desk.do(VERIFY, number="1")
    desk.execute("DELETE FROM verifications")

    desk.perform(event_id)

    assert desk.refund_status("rf1") == "succeeded"
    assert desk.value("SELECT count(*) FROM verifications") == 0


def test_the_answer_to_our_call_is_our_refund_whether_or_not_it_repeats_our_note(
    desk: Desk, provider: Provider
) -> None:
    provider.keeps_notes = False
    desk.given_refund()
    there = provider.payments["p1"]
    there.refunds = [replace(each, status=FactStatus.SUCCEEDED) for each in there.refunds]

    desk.do(VERIFY, number="1")

    assert desk.refund_status("rf1") == "succeeded"
    assert (desk.credit(), desk.held()) == (600, 0)
    assert desk.problems() == []
