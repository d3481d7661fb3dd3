"""Refunds end by their names: one of the same amount that people made there is not ours."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.asking import ToldRefund
from domain.commands import CommandKind
from domain.facts import FactStatus
from domain.money import Money
from tests.calling.provider import AWAY, LOST_BEFORE, Provider
from tests.calling.test_schedule import LAST_S, STEPS_S, sweep
from tests.workers.scene import Scene, capture, refund
from workers.replay import reopen

if TYPE_CHECKING:
    from tests.calling.desk import Desk

VERIFY = CommandKind.VERIFY

PROCESSED = json.dumps(
    {
        "event": "refund.processed",
        "data": {
            "transaction_reference": "p1",
            "refund_reference": "X7",
            "amount": 400,
            "currency": "NGN",
        },
    }
).encode()
"""A webhook that has a name for a refund which the provider's API has not."""


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
    desk.pay()
    desk.perform(desk.ask_refund("rf1", 400))
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

    desk.age_calls(121)
    desk.perform(event_id)
    was_it_asked_again = provider.made("refund") == ["rf1", "rf1"]
    assert was_it_asked_again is names_refunds, "of one without a name nobody knows how old it is"


def test_a_refund_that_was_put_off_is_not_taken_for_one_that_was_made_meanwhile(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [AWAY]
    desk.perform(event_id)
    make_at_dashboard(provider)
    desk.do(VERIFY, number="1")

    desk.perform(event_id)

    assert provider.made("refund") == ["rf1", "rf1"]
    assert desk.refund_status("rf1") == "sent"


def test_a_refund_that_somebody_made_and_that_failed_fails_none_of_ours(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    desk.perform(desk.ask_refund("rf1", 400))
    make_at_dashboard(provider, status=FactStatus.FAILED)

    desk.do(VERIFY, number="1")

    assert desk.refund_status("rf1") == "sent"
    assert (desk.credit(), desk.held()) == (600, 400)


def test_facts_that_were_known_when_a_refund_was_first_asked_for_are_counted_once(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [AWAY]
    desk.perform(event_id)
    known = desk.value("SELECT count(*) FROM payment_facts")
    make_at_dashboard(provider, amount_minor=100)
    desk.do(VERIFY, number="1")

    desk.perform(event_id)

    assert desk.value("SELECT facts_before FROM refunds") == known
    assert desk.value("SELECT count(*) FROM payment_facts") > known


def test_an_answer_that_contradicts_settles_the_refunds_that_it_proves(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    desk.perform(desk.ask_refund("rf1", 400))
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
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    desk.perform(event_id)
    for after_s in (0, *STEPS_S, LAST_S):
        sweep(desk, after_s)
    assert desk.value("SELECT count(*) FROM verifications") == 0

    reopen(desk.database, [desk.letter_id(event_id)], actor="operator:ada", reason="try")
    desk.perform(event_id)

    assert desk.letters() == [(event_id, "unheard", "resolved")]
    assert desk.value("SELECT count(*) FROM verifications") == 1
    for after_s in (0, *STEPS_S, LAST_S):
        sweep(desk, after_s)
    assert desk.letters() == [(event_id, "unheard", "open")]
    assert (desk.refund_status("rf1"), desk.held()) == ("sent", 400)


def test_a_refund_that_has_ended_is_asked_about_no_more(desk: Desk, provider: Provider) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [LOST_BEFORE]
    desk.perform(event_id)
    desk.execute("DELETE FROM verifications")
    desk.age_calls(121)
    desk.perform(event_id)
    provider.end_refunds("p1")
    desk.do(VERIFY, number="1")
    desk.execute("DELETE FROM verifications")

    desk.perform(event_id)

    assert desk.refund_status("rf1") == "succeeded"
    assert desk.value("SELECT count(*) FROM verifications") == 0


def ask_elsewhere(scene: Scene, *references: str) -> None:
    """Have refunds asked for whose provider calls them what its webhooks do not."""
    scene.announce("p1")
    scene.hear(capture("p1"))
    for reference in references:
        scene.execute(
            "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, status,"
            " provider_refund_id) SELECT %s, id, 'shop', 400, 'NGN', 'sent', 'a' || %s"
            " FROM payment_logs",
            [reference, reference],
        )


def test_a_webhook_settles_a_refund_by_its_name(scene: Scene) -> None:
    ask_elsewhere(scene, "rf1", "rf2")

    scene.hear(refund("p1", 400, "arf2"), refund("p1", 400, "arf2"))

    assert scene.rows("SELECT reference, status, object_id FROM refunds ORDER BY id") == [
        ("rf1", "sent", None),
        ("rf2", "succeeded", "arf2"),
    ]
    assert scene.account("refunds_held") == -400, "one release, though no hold was made here"
    assert scene.value("SELECT count(*) FROM inbound_work") == 0


def test_a_webhook_of_a_refund_by_an_unknown_name_has_its_provider_asked_whose_it_is(
    scene: Scene,
) -> None:
    ask_elsewhere(scene, "rf1")

    scene.hear(refund("p1", 400, "X7"))
    scene.hear(refund("p1", 400, "X7"))

    assert scene.rows("SELECT status, object_id FROM refunds") == [("sent", None)]
    asked = scene.rows(
        "SELECT convert_from(e.body, 'UTF8')::jsonb ->> 'command' FROM inbound_work w"
        " JOIN inbound_events e ON e.id = w.event_id"
    )
    assert asked == [("verify",)]


def test_a_webhook_of_a_refund_asks_nobody_where_none_of_ours_is_open(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))

    scene.hear(refund("p1", 400, "X7"))

    assert scene.value("SELECT count(*) FROM inbound_work") == 0


def test_the_answer_to_whose_it_is_settles_what_the_webhook_could_not(
    desk: Desk, provider: Provider
) -> None:
    provider.names_refunds = False
    desk.pay()
    desk.perform(desk.ask_refund("rf1", 400))
    provider.end_refunds("p1")
    desk.hear(PROCESSED, source="paystack", reference="p1")
    assert desk.refund_status("rf1") == "sent"
    [command] = desk.owed()

    desk.perform(command)

    assert desk.refund_status("rf1") == "succeeded"
    assert (desk.credit(), desk.held()) == (600, 0)
    assert desk.state("p1") == "partially_refunded"
    assert desk.problems() == []
