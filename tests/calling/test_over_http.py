"""The whole way over real HTTP: our clients, a simulated provider, faults after the effect."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from domain.commands import CommandKind
from tests.simulator.provider import Provider, simulated
from workers.clients.registry import Clients
from workers.settings import CallSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling.desk import Desk

ROUNDS_MAX = 40
PAYMENTS = 12
FAULTS = ("drop_after_effect", "error_after_effect", "reset", "wrong_json", "refuse_429")


class Street:
    """A service and a provider that it asks over HTTP."""

    def __init__(self, desk: Desk, there: Provider, name: str) -> None:
        self.desk = desk
        self.there = there
        self.name = name

    def order(self, kind: CommandKind, reference: str, number: str = "") -> None:
        self.desk.order(kind, reference, number=number, provider=self.name)

    def settle(self) -> None:
        """Perform what is owed until nothing is; what must wait is not waited for."""
        for _ in range(ROUNDS_MAX):
            owed = self.desk.owed()
            if not owed:
                return
            for event_id in owed:
                self.desk.perform(event_id)
            self.desk.age_calls(130)
        raise AssertionError(f"still owed: {self.desk.owed()}")


@contextlib.contextmanager
def street(desk: Desk, name: str, *faults: str) -> Iterator[Street]:
    with simulated(seed=7, faults=faults) as there:
        settings = CallSettings(
            paystack_api_url=there.url_paystack,
            stripe_api_url=there.url_stripe,
            accounts={(name, "default"): SecretStr("sk_test_x")},
        )
        with Clients(settings) as clients:
            desk.over_http = clients
            yield Street(desk, there, name)


@pytest.mark.parametrize("name", ["paystack", "stripe"])
@pytest.mark.parametrize("behaviour", FAULTS)
def test_each_payment_is_made_once_whatever_becomes_of_the_answers(
    desk: Desk, name: str, behaviour: str
) -> None:
    references = [f"p{number}" for number in range(PAYMENTS)]
    with street(desk, name, f"initialize:{behaviour}:0.4") as here:
        desk.make_known(*references, provider=name)
        for reference in references:
            here.order(CommandKind.INITIALIZE, reference)
        here.settle()
        made = [each.sale.reference for each in here.there.checkouts(name)]
        for reference in references:
            here.there.pay(reference, provider=name)
            here.order(CommandKind.VERIFY, reference, "1")
        here.settle()

    assert sorted(made) == sorted(references)
    assert {desk.state(each) for each in references} == {"completed"}
    assert desk.credit() == 1_000 * PAYMENTS
    assert desk.top_ups() == PAYMENTS
    assert desk.letters() == []
    assert desk.problems() == []


@pytest.mark.parametrize("name", ["paystack", "stripe"])
def test_refunds_are_made_once_and_settled_by_asking(desk: Desk, name: str) -> None:
    with street(desk, name) as here:
        desk.make_known("p1", provider=name)
        here.order(CommandKind.INITIALIZE, "p1")
        here.settle()
        here.there.pay("p1", provider=name)
        here.order(CommandKind.VERIFY, "p1", "1")
        here.settle()
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
        desk.make_known("p1", provider="stripe")
        here.order(CommandKind.INITIALIZE, "p1")
        here.settle()
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
