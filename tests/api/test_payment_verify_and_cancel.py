"""A payment is verified each time it is asked for, and cancelled once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from domain.transitions import State
from tests.api.payments_seen import commands, move
from tests.api.serving import Service, execute

if TYPE_CHECKING:
    from tests.ingress.serving import Door


def test_a_cancel_that_ended_without_effect_is_followed_by_another(
    door: Door, shop: Service
) -> None:
    shop.create(reference="r")
    for expected in (1, 2, 3):
        for _ in range(2):
            assert shop.ask("POST", "/v1/payments/r/cancel").status == 202
        kinds = Counter(command.kind for command in commands(door))
        assert kinds[CommandKind.CANCEL] == expected
        execute(door, "DELETE FROM inbound_work")


def test_a_provider_is_asked_each_time_a_service_asks_for_it(door: Door, shop: Service) -> None:
    shop.create(reference="r")
    answers = [shop.ask("POST", "/v1/payments/r/verify", body) for body in (None, b"", b"{}")]
    assert [each.status for each in answers] == [202] * 3
    assert answers[0].headers["location"] == "/v1/payments/r"
    kinds = [command.kind for command in commands(door)]
    assert kinds == [CommandKind.INITIALIZE, *[CommandKind.VERIFY] * 3]


def test_a_request_id_that_comes_twice_is_still_two_verifications(
    door: Door, shop: Service
) -> None:
    shop.create(reference="r")
    for _ in range(2):
        shop.ask("POST", "/v1/payments/r/verify", headers=[("X-Request-Id", "always-the-same")])
    assert len(commands(door)) == 3


@pytest.mark.parametrize("state", ["pending", "processing"])
def test_a_payment_without_money_is_cancelled_once_however_often_it_is_asked(
    door: Door, shop: Service, state: str
) -> None:
    shop.create(reference="r")
    move(door, "r", state)
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: shop.ask("POST", "/v1/payments/r/cancel"), range(5)))
    assert [each.status for each in answers] == [202] * 5
    kinds = [command.kind for command in commands(door)]
    assert kinds == [CommandKind.INITIALIZE, CommandKind.CANCEL]


def test_a_payment_in_any_other_state_is_not_cancelled(door: Door, shop: Service) -> None:
    for state in sorted(set(State) - {State.PENDING, State.PROCESSING}):
        shop.create(reference=f"r-{state}")
        move(door, f"r-{state}", state)
        answer = shop.ask("POST", f"/v1/payments/r-{state}/cancel")
        assert (answer.status, answer.json["code"]) == (409, "illegal_transition"), state
    assert {command.kind for command in commands(door)} == {CommandKind.INITIALIZE}
