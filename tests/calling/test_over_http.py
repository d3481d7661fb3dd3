"""The whole way over real HTTP: our clients, a simulated provider, faults after the effect."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from tests.calling.street import street

if TYPE_CHECKING:
    from tests.calling.desk import Desk

PAYMENTS = 5
LOST = (1, 2, 5)
"""Calls that go wrong; some of them are repeats of those before."""

FAULTS = ("drop_after_effect", "error_after_effect", "reset", "wrong_json", "refuse_429")


@pytest.mark.parametrize("name", ["paystack", "stripe"])
@pytest.mark.parametrize("behaviour", FAULTS)
def test_each_payment_is_made_once_whatever_becomes_of_the_answers(
    desk: Desk, name: str, behaviour: str
) -> None:
    references = [f"p{number}" for number in range(PAYMENTS)]
    with street(desk, name, *(f"initialize:{behaviour}:@{call}" for call in LOST)) as here:
        here.start(*references)
        made = [each.sale.reference for each in here.there.checkouts(name)]
        faults = [call.fault for call in here.there.journal.of("initialize") if call.fault]
        here.pay(*references)

    assert len(faults) == len(LOST)
    assert sorted(made) == sorted(references)
    assert {desk.state(each) for each in references} == {"completed"}
    assert desk.credit() == 1_000 * PAYMENTS
    assert desk.top_ups() == PAYMENTS
    assert desk.letters() == []
    assert desk.problems() == []


@pytest.mark.parametrize("name", ["paystack", "stripe"])
def test_refunds_are_made_once_and_settled_by_asking(desk: Desk, name: str) -> None:
    with street(desk, name) as here:
        here.start("p1")
        here.pay("p1")
        here.there.set_faults("refund:drop_after_effect:0.5")
        for number in range(4):
            desk.ask_refund(f"rf{number}", 200, provider=name)
        here.settle()
        here.there.set_faults()
        ids = desk.rows("SELECT provider_refund_id FROM refunds ORDER BY id")
        for (refund_id,) in ids:
            with contextlib.suppress(Exception):
                here.there.settle(refund_id)
        here.order(CommandKind.VERIFY, "p1", "2")
        here.settle()

    assert len({refund_id for (refund_id,) in ids}) == 4
    assert desk.sums("p1") == (1_000, 800, 0)
    assert [desk.refund_status(f"rf{number}") for number in range(4)] == ["succeeded"] * 4
    assert (desk.credit(), desk.held()) == (200, 0)
    assert desk.problems() == []


def test_a_payment_is_cancelled_at_a_provider_that_can(desk: Desk) -> None:
    with street(desk, "stripe") as here:
        here.start("p1")
        here.order(CommandKind.CANCEL, "p1")
        here.settle()

    assert desk.state("p1") == "cancelled"
    assert desk.calls("p1", "stripe")[-1][1] == "cancel"
    assert desk.problems() == []


def test_a_search_that_finds_nothing_ends_the_question_and_not_the_payment(desk: Desk) -> None:
    """A payment without names is searched for: the schedule asks again, not one command all day."""
    with street(desk, "stripe") as here:
        desk.make_known("p1", provider="stripe")
        here.order(CommandKind.VERIFY, "p1", "1")
        [event_id] = desk.owed()

        assert desk.perform(event_id) == "no_change"

    assert desk.owed() == []
    assert desk.letters() == []
    assert desk.state("p1") == "pending"
