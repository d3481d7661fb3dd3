"""What is in doubt is never repeated blindly, never taken for proof, and at last a person's."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from domain.asking import ToldRefund
from domain.commands import CommandKind
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.calling.provider import (
    AWAY,
    FORBIDDEN,
    LOST_AFTER,
    LOST_BEFORE,
    REFUSED,
    Provider,
    There,
)
from workers.calling import sending
from workers.calling.perform import perform
from workers.replay import reopen

if TYPE_CHECKING:
    import pytest

    from domain.asking import Asking, Told
    from tests.calling.desk import Desk

INITIALIZE, VERIFY = CommandKind.INITIALIZE, CommandKind.VERIFY
LOOK_UPS = 210
HELD_UP_S = 0.1


def test_a_lost_refund_is_not_forgotten_however_many_look_ups_have_failed_since(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [LOST_AFTER]
    desk.perform(event_id)
    desk.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,"
        " worker, started_at, ended_at, outcome) SELECT c.debt, c.fence + n, c.event_id,"
        " c.payment_id, 'verify', c.provider, c.account, 'test', now(), now(), 'unknown'"
        " FROM provider_calls c, generate_series(1, %s) n WHERE c.kind = 'refund'",
        [LOOK_UPS],
    )

    desk.perform(event_id)

    assert provider.made("refund") == ["rf1"]
    assert desk.value("SELECT provider_refund_id FROM refunds") == "r2"


def test_whoever_was_held_up_after_it_had_begun_a_call_does_not_make_it(
    desk: Desk, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the commit and the request: another has taken over, and has acted."""
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    held_up: list[str] = []

    def hold_up(_: object) -> None:
        if held_up:
            return
        held_up.append("held up")
        desk.redis.flushdb()
        desk.age_calls(150)
        desk.at_once(1, lambda _: held_up.append(desk.perform(event_id)))
        monkeypatch.setattr(sending, "SEND_S_MAX", HELD_UP_S)
        time.sleep(2 * HELD_UP_S)

    became = perform(desk.database, provider, desk.locks, event_id, worker="late", tell=hold_up)

    assert (held_up[1], became) == ("applied", "late")
    assert provider.made("refund") == ["rf1"]
    assert len(provider.payments["p1"].refunds) == 1


def test_a_reference_that_was_taken_before_our_first_call_is_somebody_elses(
    desk: Desk, provider: Provider
) -> None:
    provider.payments["p1"] = There(9, Money("NGN", 1_000), "paid")

    assert desk.initialize() == "refused"

    assert provider.made("look_up") == []
    assert desk.state("p1") == "failed"
    assert desk.credit() == 0
    assert desk.rows("SELECT kind, object_id FROM payment_facts ORDER BY id") == [
        ("initialized", "p1"),
        ("failed", "p1"),
    ]
    assert desk.value("SELECT reason FROM payment_transitions WHERE event = 'failed'") == (
        "initialize: the provider has had a payment of this reference before"
    )
    assert desk.owed() == []
    assert desk.problems() == []


def test_a_refusal_after_a_lost_refund_proves_nothing(desk: Desk, provider: Provider) -> None:
    """The list is late; the provider refuses a second refund because the first one is there."""
    desk.pay()
    event_id = desk.ask_refund("rf1", 1_000)
    provider.goes["refund"] = [LOST_AFTER, REFUSED]
    desk.perform(event_id)
    late = provider.payments["p1"].refunds[:]
    provider.payments["p1"].refunds.clear()
    desk.age_calls(121)

    assert desk.perform(event_id) == "dead"

    assert desk.letters() == [(event_id, "provider_refused", "open")]
    assert desk.refund_status("rf1") == "sent"
    assert (desk.credit(), desk.held()) == (0, 1_000)

    provider.payments["p1"].refunds[:] = late
    provider.end_refunds("p1")
    desk.do(VERIFY, number="2")
    assert desk.refund_status("rf1") == "succeeded"
    assert (desk.credit(), desk.held()) == (0, 0)
    assert desk.problems() == []


def test_a_refusal_after_a_lost_initialize_leaves_the_payment_under_way(
    desk: Desk, provider: Provider
) -> None:
    desk.make_known("p1")
    event_id = desk.order(INITIALIZE)
    provider.goes["initialize"] = [LOST_BEFORE, REFUSED]
    desk.perform(event_id)

    assert desk.perform(event_id) == "dead"

    assert desk.letters() == [(event_id, "provider_refused", "open")]
    assert desk.state("p1") == "processing"
    assert desk.value("SELECT count(*) FROM verifications") == 1


def test_a_key_that_is_not_accepted_after_a_lost_refund_decides_nothing(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [LOST_BEFORE, FORBIDDEN]
    desk.perform(event_id)
    desk.age_calls(121)
    assert desk.perform(event_id) == "dead"
    desk.age_calls(121)
    reopen(desk.database, [desk.letter_id(event_id)], actor="operator:ada", reason="key mended")

    assert desk.perform(event_id) == "applied"

    assert len(provider.payments["p1"].refunds) == 1


def test_a_lost_refund_is_not_repeated_where_one_of_its_amount_may_be_it(
    desk: Desk, provider: Provider
) -> None:
    """The provider kept no note of whose it is."""
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [LOST_AFTER]
    desk.perform(event_id)
    there = provider.payments["p1"]
    there.refunds[:] = [dataclasses.replace(each, ours=None) for each in there.refunds]
    desk.age_calls(121)

    assert desk.perform(event_id) == "dead"

    assert provider.made("refund") == ["rf1"]
    assert desk.letters() == [(event_id, "unheard", "open")]
    assert desk.refund_status("rf1") == "sent"
    assert desk.held() == 400
    assert desk.value("SELECT count(*) FROM verifications") == 1


def test_another_refund_of_ours_of_the_same_amount_stands_in_no_ones_way(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    desk.perform(desk.ask_refund("rf1", 400))
    event_id = desk.ask_refund("rf2", 400)
    provider.goes["refund"] = [LOST_BEFORE]
    desk.perform(event_id)
    desk.age_calls(121)

    assert desk.perform(event_id) == "applied"

    assert provider.made("refund") == ["rf1", "rf2", "rf2"]
    assert len(provider.payments["p1"].refunds) == 2


def lose(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the customer's bank take the money back."""
    lost = Fact(FactKind.DISPUTE, "d1", FactStatus.LOST, Money("NGN", 1_000))
    look_up = provider.look_up

    def with_dispute(asking: Asking) -> Told:
        told = look_up(asking)
        return dataclasses.replace(told, facts=(*told.facts, lost))

    monkeypatch.setattr(provider, "look_up", with_dispute)


def test_a_refund_that_was_not_sent_is_refused_here_once_the_money_is_charged_back(
    desk: Desk, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [AWAY]
    desk.perform(event_id)
    lose(provider, monkeypatch)
    desk.do(VERIFY, number="2")
    assert desk.state("p1") == "charged_back"

    assert desk.perform(event_id) == "refused"

    assert provider.payments["p1"].refunds == []
    assert desk.refund_status("rf1") == "failed"
    assert desk.held() == 0
    assert desk.letters() == []
    assert desk.value("SELECT message FROM attempts WHERE error_class = 'NotRefundable'") == (
        "the payment is charged_back"
    )
    assert desk.problems() == []


def test_a_refund_that_may_have_been_made_is_neither_repeated_nor_failed_after_a_chargeback(
    desk: Desk, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    provider.goes["refund"] = [LOST_BEFORE]
    desk.perform(event_id)
    lose(provider, monkeypatch)
    desk.do(VERIFY, number="2")
    desk.age_calls(121)

    assert desk.perform(event_id) == "dead"

    assert provider.made("refund") == ["rf1"]
    assert desk.letters() == [(event_id, "unheard", "open")]
    assert desk.refund_status("rf1") == "sent"
    assert desk.held() == 400


def test_a_refund_of_more_than_is_left_is_not_sent(desk: Desk, provider: Provider) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 600)
    provider.goes["refund"] = [AWAY]
    desk.perform(event_id)
    elsewhere = ToldRefund("x1", FactStatus.SUCCEEDED, Money("NGN", 500))
    provider.payments["p1"].refunds.append(elsewhere)
    desk.do(VERIFY, number="2")

    assert desk.perform(event_id) == "refused"

    assert desk.refund_status("rf1") == "failed"
    assert (desk.credit(), desk.held()) == (500, 0)
    assert desk.problems() == []


def test_an_error_that_is_kept_under_the_key_is_looked_up_and_not_repeated_all_day(
    desk: Desk,
) -> None:
    keyed = Provider(keys_live_s=80_000)
    desk.make_known("p1")
    event_id = desk.order(INITIALIZE)
    keyed.goes["initialize"] = [LOST_AFTER] * 20

    for _ in range(10):
        desk.perform(event_id, keyed)

    assert len(keyed.made("initialize")) == 3
    assert keyed.made("look_up") == ["p1"]
    assert desk.state("p1") == "processing"
    assert desk.owed() == []


def test_where_looking_up_tells_nothing_the_key_has_its_turn_again(desk: Desk) -> None:
    keyed = Provider(keys_live_s=80_000)
    desk.make_known("p1")
    event_id = desk.order(INITIALIZE)
    keyed.goes["initialize"] = [LOST_BEFORE] * 4
    keyed.goes["look_up"] = [LOST_BEFORE] * 4

    for _ in range(7):
        desk.perform(event_id, keyed)

    kinds = [kind for kind, _ in keyed.calls]
    assert kinds == [*["initialize"] * 3, "look_up", "initialize", "look_up", "initialize"]
    assert desk.url_of() == "https://pay.example/p1"
