"""Over HTTP: the provider has our reference already, and so names no page to pay at."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from tests.calling.street import street

if TYPE_CHECKING:
    from domain.asking import Asking, Told
    from tests.calling.desk import Desk
    from tests.calling.street import Street
    from tests.simulator.provider import Provider
    from workers.clients.client import ProviderClient


@dataclass
class LateArrival:
    """Our own account, but what we sent first reaches the provider after it was looked up.

    A request that lies somewhere on its way, which a look-up overtakes.
    """

    client: ProviderClient
    there: Provider
    looked_up: int = 0

    def find(self, provider: str, account: str) -> Any:
        del provider, account
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def look_up(self, asking: Asking) -> Told:
        told = self.client.look_up(asking)
        self.looked_up += 1
        if self.looked_up == 1:
            assert not told.is_known
            self._arrive(asking)
        return told

    def _arrive(self, asking: Asking) -> None:
        answer = httpx.post(
            f"{self.there.url_paystack}/transaction/initialize",
            json={
                "reference": asking.reference,
                "amount": str(asking.amount.amount_minor),
                "currency": asking.amount.currency,
                "email": asking.email or "ada@example.com",
            },
            headers={"authorization": "Bearer sk_test_x"},
        )
        assert answer.status_code == HTTPStatus.OK, answer.text


def opened(here: Street) -> list[tuple[int, bool]]:
    """Return (status, effect) of each call to start a payment, oldest first."""
    return [(call.status, call.effect) for call in here.there.journal.of("initialize")]


def require_completed(desk: Desk, reference: str) -> None:
    """It was paid once, nobody heard of a page, and nothing is left for a person."""
    assert desk.state(reference) == "completed"
    assert desk.url_of(reference) is None
    assert (desk.credit(), desk.top_ups()) == (1_000, 1)
    assert desk.owed() == []
    assert desk.letters() == []
    assert desk.problems() == []


def test_a_request_that_arrived_twice_is_one_payment_without_a_page(desk: Desk) -> None:
    """The first is lost; of the second, which arrives twice, only the refusal comes back."""
    lost_then_twice = ("initialize:reset_before_effect:@1", "initialize:duplicate:@2")
    with street(desk, "paystack", *lost_then_twice) as here:
        here.start("p1")
        state = desk.state("p1")
        here.pay("p1")
        assert opened(here)[1:] == [(HTTPStatus.BAD_REQUEST, True)]
        assert [each.sale.reference for each in here.there.checkouts("paystack")] == ["p1"]

    assert state == "processing"
    require_completed(desk, "p1")


def test_a_second_request_is_refused_whose_first_arrived_after_the_look_up(desk: Desk) -> None:
    """Our first request is lost, asking says that nothing is there, and then it is."""
    with street(desk, "paystack", "initialize:reset_before_effect:@1") as here:
        assert desk.over_http is not None
        client = desk.over_http.find("paystack", "default")
        assert client is not None
        late = LateArrival(client, here.there)
        desk.over_http = late  # type: ignore[assignment]
        here.start("p1")
        state = desk.state("p1")
        here.pay("p1")
        statuses = opened(here)
        assert [each.sale.reference for each in here.there.checkouts("paystack")] == ["p1"]

    assert [effect for _, effect in statuses] == [False, True, False]
    assert [status for status, _ in statuses[1:]] == [HTTPStatus.OK, HTTPStatus.BAD_REQUEST]
    assert late.looked_up >= 2
    assert state == "processing"
    require_completed(desk, "p1")
