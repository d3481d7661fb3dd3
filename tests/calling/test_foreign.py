"""A transaction that had our reference before we did is somebody else's, and never our money."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.calls import CLOCKS_APART_S
from domain.commands import CommandKind
from tests.calling.provider import LOST_BEFORE, REFUSED, Provider

if TYPE_CHECKING:
    from domain.asking import Asking, Told
    from tests.calling.desk import Desk

INITIALIZE, VERIFY = CommandKind.INITIALIZE, CommandKind.VERIFY
LONG_AGO_S = CLOCKS_APART_S + 60


class Dated(Provider):
    """A provider that says of each payment when it was made: so long before now."""

    def __init__(self, *, age_s: float) -> None:
        super().__init__()
        self.age_s = age_s

    def look_up(self, asking: Asking) -> Told:
        told = super().look_up(asking)
        return replace(told, made_at_s=int(time.time() - self.age_s)) if told.is_known else told

    def give(self, reference: str, desk: Desk, *, is_paid: bool = True) -> None:
        """Have a payment there that somebody else made, as ours was asked for."""
        self.goes["initialize"] = [""]
        desk.make_known(f"{reference}-theirs")
        desk.do(INITIALIZE, f"{reference}-theirs")
        self.payments[reference] = self.payments.pop(f"{reference}-theirs")
        if is_paid:
            self.pay(reference)


def in_doubt(desk: Desk, provider: Dated) -> int:
    """Have our own first call end without an answer, and without an effect."""
    desk.provider = provider
    provider.goes["initialize"] = [LOST_BEFORE]
    desk.make_known("p1")
    event_id = desk.order(INITIALIZE)
    desk.perform(event_id)
    return event_id


@pytest.mark.parametrize("is_paid", [True, False])
def test_after_a_doubtful_first_call_it_is_not_believed_and_a_person_looks(
    desk: Desk, *, is_paid: bool
) -> None:
    provider = Dated(age_s=LONG_AGO_S)
    event_id = in_doubt(desk, provider)
    provider.give("p1", desk, is_paid=is_paid)

    assert desk.perform(event_id) == "dead"

    assert (desk.state("p1"), desk.sums("p1"), desk.credit()) == ("review", (0, 0, 0), 0)
    assert desk.letters() == [(event_id, "mismatch", "open")]
    [(error_class, message)] = desk.rows("SELECT error_class, message FROM dead_letters")
    assert error_class == "TransactionForeign"
    assert "before we first asked for one" in message
    assert desk.rows("SELECT 1 FROM provider_references") == []
    assert desk.problems() == []


def test_nor_when_the_payment_is_verified_later(desk: Desk) -> None:
    provider = Dated(age_s=LONG_AGO_S)
    event_id = in_doubt(desk, provider)
    desk.execute("DELETE FROM inbound_work WHERE event_id = %s", [event_id])
    provider.give("p1", desk)

    assert desk.do(VERIFY, number="1") == "dead"

    assert (desk.state("p1"), desk.credit()) == ("review", 0)
    assert desk.problems() == []


def test_a_payment_whose_reference_was_refused_as_taken_is_not_paid_by_the_first_ones_money(
    desk: Desk,
) -> None:
    provider = Dated(age_s=LONG_AGO_S)
    desk.provider = provider
    provider.goes["initialize"] = [REFUSED]
    desk.initialize("p1")
    assert desk.state("p1") == "failed"
    provider.give("p1", desk)

    assert desk.do(VERIFY, number="1") == "dead"

    assert (desk.state("p1"), desk.credit()) == ("failed", 0)


def test_what_was_made_when_we_asked_is_ours_though_the_clocks_differ(desk: Desk) -> None:
    provider = Dated(age_s=CLOCKS_APART_S - 60)
    event_id = in_doubt(desk, provider)
    provider.give("p1", desk)

    desk.perform(event_id)

    assert (desk.state("p1"), desk.credit(), desk.letters()) == ("completed", 1_000, [])


def test_a_payment_that_others_made_and_announced_here_is_believed_however_old(desk: Desk) -> None:
    """We asked for none of it: it is of whoever announced it, late or after a restore."""
    provider = Dated(age_s=30 * 86_400)
    desk.provider = provider
    desk.make_known("p1")
    provider.give("p1", desk)

    desk.do(VERIFY, number="1")

    assert (desk.state("p1"), desk.credit(), desk.letters()) == ("completed", 1_000, [])


def test_a_name_that_is_known_as_ours_stays_ours_though_it_was_made_before(desk: Desk) -> None:
    """A webhook has told of it: the provider says that this money has come, for our reference."""
    provider = Dated(age_s=0)
    event_id = in_doubt(desk, provider)
    provider.give("p1", desk)
    desk.perform(event_id)
    provider.age_s = LONG_AGO_S

    desk.do(VERIFY, number="1")

    assert (desk.state("p1"), desk.letters()) == ("completed", [])
