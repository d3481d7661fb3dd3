"""Refunds: made once, held once, released once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.facts import FactStatus
from tests.calling.provider import (
    AWAY,
    FORBIDDEN,
    LOST_AFTER,
    LOST_BEFORE,
    REFUSED,
    Provider,
)
from tests.workers.scene import Scene, capture, refund

if TYPE_CHECKING:
    from tests.calling.desk import Desk

VERIFY = CommandKind.VERIFY


def test_a_refund_is_asked_for_and_settled_when_the_provider_says_so(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    assert (desk.credit(), desk.held()) == (600, 400)

    assert desk.perform(event_id) == "applied"
    assert desk.refund_status("rf1") == "sent"
    assert (desk.credit(), desk.held()) == (600, 400)

    provider.end_refunds("p1")
    desk.do(VERIFY, number="2")

    assert desk.refund_status("rf1") == "succeeded"
    assert (desk.credit(), desk.held()) == (600, 0)
    assert desk.state("p1") == "partially_refunded"
    assert desk.rows("SELECT kind, amount_minor FROM sms_transactions ORDER BY id") == [
        ("top_up", 1_000),
        ("refund_hold", -400),
        ("refund_release", 400),
        ("refund", -400),
    ]
    assert desk.problems() == []


def test_a_total_without_names_settles_too(desk: Desk, provider: Provider) -> None:
    provider.names_refunds = False
    desk.pay()
    for number, amount in enumerate((400, 300)):
        desk.perform(desk.ask_refund(f"rf{number}", amount))
    provider.end_refunds("p1")

    desk.do(VERIFY, number="2")

    assert [desk.refund_status(f"rf{n}") for n in range(2)] == ["succeeded", "succeeded"]
    assert (desk.credit(), desk.held()) == (300, 0)
    assert desk.problems() == []


def test_a_refund_that_failed_gives_the_credit_back(desk: Desk, provider: Provider) -> None:
    desk.given_refund()
    provider.end_refunds("p1", FactStatus.FAILED)

    desk.do(VERIFY, number="2")

    assert desk.refund_status("rf1") == "failed"
    assert (desk.credit(), desk.held()) == (1_000, 0)
    assert desk.problems() == []


def test_a_refund_that_is_refused_gives_the_credit_back_at_once(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    provider.goes["refund"] = [REFUSED]

    assert desk.perform(desk.ask_refund("rf1", 400)) == "refused"

    assert desk.refund_status("rf1") == "failed"
    assert (desk.credit(), desk.held()) == (1_000, 0)
    assert desk.letters() == []
    assert desk.problems() == []


def test_a_key_that_is_not_accepted_leaves_the_refund_open(desk: Desk, provider: Provider) -> None:
    desk.pay()
    provider.goes["refund"] = [FORBIDDEN]
    event_id = desk.ask_refund("rf1", 400)

    assert desk.perform(event_id) == "dead"

    assert desk.refund_status("rf1") == "sent"
    assert desk.held() == 400
    assert desk.rows("SELECT event_type, amount_minor FROM dead_letters") == [("refund", 400)]


def test_a_refund_whose_answer_was_lost_is_found_and_not_repeated(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [LOST_AFTER]

    desk.perform(event_id)
    desk.perform(event_id)

    assert provider.made("refund") == ["rf1"]
    assert desk.value("SELECT provider_refund_id FROM refunds") == "r2"
    assert desk.owed() == []


def test_a_refund_that_the_provider_does_not_show_is_repeated_only_after_a_while(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund(LOST_BEFORE)

    assert desk.perform(event_id) == "waits"
    wait_s = desk.value("SELECT extract(epoch FROM next_at - now())::float FROM inbound_work")
    assert 110 < wait_s <= 120
    assert provider.made("refund") == ["rf1"]

    desk.let_refunds_show()
    assert desk.perform(event_id) in ("applied", "no_change")
    assert provider.made("refund") == ["rf1", "rf1"]
    assert len(provider.payments["p1"].refunds) == 1
    assert provider.made("look_up")[-2:] == ["p1", "p1"]


def test_with_idempotency_keys_a_lost_refund_is_repeated_and_made_once(desk: Desk) -> None:
    keyed = desk.provider = Provider(keys_live_s=3600)
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    keyed.goes["refund"] = [LOST_AFTER]

    desk.perform(event_id)
    desk.perform(event_id)

    assert keyed.made("refund") == ["rf1", "rf1"]
    assert len(keyed.payments["p1"].refunds) == 1
    assert desk.refund_status("rf1") == "sent"


def test_a_refund_that_was_not_sent_is_simply_tried_again(desk: Desk, provider: Provider) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [AWAY]

    desk.perform(event_id)
    desk.perform(event_id)

    assert provider.made("refund") == ["rf1", "rf1"]
    assert len(provider.payments["p1"].refunds) == 1


def test_a_refund_of_somebody_else_settles_none_of_ours_that_was_not_sent(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    scene.execute(
        "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency)"
        " SELECT 'rf1', id, 'shop', 400, 'NGN' FROM payment_logs"
    )

    scene.hear(refund("p1", 400, "X7"))

    assert scene.value("SELECT status FROM refunds") == "requested"
