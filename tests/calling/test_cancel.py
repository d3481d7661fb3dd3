"""Cancelling: what was paid wins, what was handed over is looked up first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from tests.calling.provider import FORBIDDEN, REFUSED, Provider
from tests.workers.scene import WAIT_S, wait_until

if TYPE_CHECKING:
    from tests.calling.desk import Desk

CANCEL = CommandKind.CANCEL


@pytest.fixture
def able(desk: Desk) -> Provider:
    """The desk's provider, one that can cancel."""
    desk.provider = Provider(can_cancel=True)
    return desk.provider


def test_a_payment_that_was_never_handed_over_is_cancelled_without_a_call(
    desk: Desk, provider: Provider
) -> None:
    desk.make_known("p1")

    assert desk.do(CANCEL) == "applied"

    assert provider.calls == []
    assert desk.steps("p1") == ["pending -cancelled-> cancelled"]
    assert desk.value("SELECT actor FROM payment_transitions") == "client:shop"
    assert desk.value("SELECT cancelled FROM payment_logs") is True
    assert desk.problems() == []


@pytest.mark.parametrize("status", ["open", "abandoned"])
def test_a_payment_that_was_handed_over_is_looked_up_first(
    desk: Desk, provider: Provider, status: str
) -> None:
    desk.initialize()
    provider.payments["p1"].status = status

    assert desk.do(CANCEL) == "applied"

    assert provider.made("look_up") == ["p1"]
    assert desk.state("p1") == "cancelled"
    assert desk.problems() == []


def test_money_that_is_there_already_wins(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    provider.pay("p1")

    desk.do(CANCEL)

    assert desk.state("p1") == "completed"
    assert desk.credit() == 1_000


def test_a_provider_that_can_is_asked_to_end_the_payment(desk: Desk, able: Provider) -> None:
    desk.initialize()

    assert desk.do(CANCEL) == "applied"

    assert able.payments["p1"].status == "abandoned"
    assert [kind for kind, _ in able.calls] == ["initialize", "look_up", "cancel"]
    assert desk.state("p1") == "cancelled"
    assert desk.steps("p1")[-2:] == [
        "processing -cancelled-> cancelled",
        "cancelled -failed-> cancelled",
    ]
    assert desk.problems() == []


def test_a_cancel_that_the_provider_refuses_is_looked_up_again(desk: Desk, able: Provider) -> None:
    desk.initialize()
    able.goes["cancel"] = [lambda: able.pay("p1")]

    desk.do(CANCEL)

    assert desk.state("p1") == "completed"
    assert desk.credit() == 1_000


def test_a_cancel_that_is_refused_for_no_reason_ends_here(desk: Desk, able: Provider) -> None:
    desk.initialize()
    able.goes["cancel"] = [REFUSED]

    desk.do(CANCEL)

    assert desk.state("p1") == "cancelled"


def test_a_key_that_is_not_accepted_is_no_refusal_of_the_cancel(desk: Desk, able: Provider) -> None:
    """Replayed with a key that is, the payment is ended there as well."""
    desk.initialize()
    able.goes["cancel"] = [FORBIDDEN]
    event_id = desk.order(CANCEL)
    assert desk.perform(event_id) == "dead"
    desk.reopen(event_id)

    desk.perform(event_id)

    assert able.made("cancel") == ["p1", "p1"]
    assert able.payments["p1"].status == "abandoned"
    assert desk.state("p1") == "cancelled"


def test_money_after_a_cancel_is_nobodys_until_a_person_says(
    desk: Desk, provider: Provider
) -> None:
    desk.initialize()
    desk.do(CANCEL)
    provider.pay("p1")

    desk.do(CommandKind.VERIFY)

    assert desk.state("p1") == "review"
    assert desk.account("suspense") == 1_000
    assert desk.problems() == []


def test_a_cancel_that_meets_an_initialize_waits_for_its_end(
    desk: Desk, provider: Provider
) -> None:
    """Whoever comes first calls; the other waits, and finds what was done."""
    desk.make_known("p1")
    events = [desk.order(CommandKind.INITIALIZE), desk.order(CANCEL)]

    desk.at_once(2, lambda number: desk.perform(events[number]))
    for _ in range(5):
        for event_id in desk.owed():
            desk.perform(event_id)

    assert desk.owed() == []
    assert desk.state("p1") == "cancelled"
    assert len(provider.made("initialize")) <= 1
    assert all(outcome == "answered" for _, _, outcome in desk.calls())
    assert desk.problems() == []


def test_a_cancel_during_the_call_of_an_initialize_is_put_off(
    desk: Desk, provider: Provider
) -> None:
    """Even without the lock of Redis: the call that is live keeps the other from beginning."""
    desk.make_known("p1")
    desk.order(CANCEL)
    seen: list[str] = []

    def meanwhile() -> None:
        desk.redis.flushdb()
        desk.at_once(1, lambda _: seen.append(desk.perform(desk.owed()[0])))

    provider.goes["initialize"] = [meanwhile]
    desk.do(CommandKind.INITIALIZE)

    assert seen == ["in_hand"]
    wait_until(lambda: desk.state("p1") == "processing", within_s=WAIT_S)
