"""An event that says too little has its provider asked; the answer settles it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.facts import FactStatus
from tests.calling.provider import FORBIDDEN

if TYPE_CHECKING:
    from tests.calling.desk import Desk
    from tests.calling.provider import Provider

NAMELESS = json.dumps(
    {
        "event": "refund.processed",
        "data": {
            "transaction_reference": "p1",
            "refund_reference": None,
            "amount": 400,
            "currency": "NGN",
        },
    }
).encode()


def hear_nameless(desk: Desk) -> int:
    event_id = desk.receive(NAMELESS, source="paystack", reference="p1")
    desk.apply(event_id)
    return event_id


def test_a_nameless_refund_has_its_provider_asked_and_is_resolved_by_the_answer(
    desk: Desk, provider: Provider
) -> None:
    provider.names_refunds = False
    desk.given_refund()
    provider.end_refunds("p1", FactStatus.SUCCEEDED)

    event_id = hear_nameless(desk)
    assert desk.letters() == [(event_id, "refetch_required", "open")]
    [command] = desk.owed()
    assert desk.perform(command) == "applied"

    assert desk.letters() == [(event_id, "refetch_required", "resolved")]
    assert desk.actions(event_id) == ["died", "resolved"]
    assert desk.refund_status("rf1") == "succeeded"
    assert (desk.credit(), desk.held()) == (600, 0)
    assert desk.problems() == []


def test_an_event_that_is_given_another_try_has_its_provider_asked_anew(
    desk: Desk, provider: Provider
) -> None:
    provider.names_refunds = False
    desk.given_refund()
    event_id = hear_nameless(desk)
    [first] = desk.owed()
    provider.goes["look_up"] = [FORBIDDEN]
    assert desk.perform(first) == "dead"
    provider.end_refunds("p1", FactStatus.SUCCEEDED)

    desk.replay(event_id)
    [second] = desk.owed()
    assert desk.perform(second) == "applied"

    assert second != first
    assert (event_id, "refetch_required", "resolved") in desk.letters()
    assert desk.refund_status("rf1") == "succeeded"


def test_an_answer_to_another_question_resolves_nothing(desk: Desk) -> None:
    desk.pay()
    event_id = hear_nameless(desk)
    desk.execute("DELETE FROM inbound_work")

    desk.do(CommandKind.VERIFY, number=str(event_id))

    assert desk.letters() == [(event_id, "refetch_required", "open")]


def test_a_nameless_event_of_a_payment_that_nobody_knows_asks_nobody(desk: Desk) -> None:
    event_id = hear_nameless(desk)

    assert desk.owed() == []
    assert desk.letters() == [(event_id, "refetch_required", "open")]
