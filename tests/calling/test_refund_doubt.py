"""A refund in doubt is looked for before it is repeated, and never taken for failed."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from domain.commands import CommandKind
from tests.calling.provider import (
    FORBIDDEN,
    LOST_AFTER,
    LOST_BEFORE,
    REFUSED,
    Provider,
)
from workers.calling import sending
from workers.calling.perform import perform

if TYPE_CHECKING:
    import pytest

    from tests.calling.desk import Desk

VERIFY = CommandKind.VERIFY
LOOK_UPS = 210
HELD_UP_S = 0.1


def test_a_lost_refund_is_not_forgotten_however_many_look_ups_have_failed_since(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund(LOST_AFTER)
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


def test_a_refusal_after_a_lost_refund_proves_nothing(desk: Desk, provider: Provider) -> None:
    """The list is late; the provider refuses a second refund because the first one is there."""
    event_id = desk.given_refund(LOST_AFTER, REFUSED, amount_minor=1_000)
    late = provider.payments["p1"].refunds[:]
    provider.payments["p1"].refunds.clear()
    desk.let_refunds_show()

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


def test_a_key_that_is_not_accepted_after_a_lost_refund_decides_nothing(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund(LOST_BEFORE, FORBIDDEN)
    desk.let_refunds_show()
    assert desk.perform(event_id) == "dead"
    desk.let_refunds_show()
    desk.reopen(event_id)

    assert desk.perform(event_id) == "applied"

    assert len(provider.payments["p1"].refunds) == 1


def test_a_lost_refund_is_not_repeated_where_one_of_its_amount_may_be_it(
    desk: Desk, provider: Provider
) -> None:
    """The provider kept no note of whose it is."""
    event_id = desk.given_refund(LOST_AFTER)
    there = provider.payments["p1"]
    there.refunds[:] = [dataclasses.replace(each, ours=None) for each in there.refunds]
    desk.let_refunds_show()

    assert desk.perform(event_id) == "dead"

    assert provider.made("refund") == ["rf1"]
    assert desk.letters() == [(event_id, "unheard", "open")]
    assert desk.refund_status("rf1") == "sent"
    assert desk.held() == 400
    assert desk.value("SELECT count(*) FROM verifications") == 1


def test_another_refund_of_ours_of_the_same_amount_stands_in_no_ones_way(
    desk: Desk, provider: Provider
) -> None:
    desk.given_refund()
    event_id = desk.ask_refund("rf2", 400)
    provider.goes["refund"] = [LOST_BEFORE]
    desk.perform(event_id)
    desk.let_refunds_show()

    assert desk.perform(event_id) == "applied"

    assert provider.made("refund") == ["rf1", "rf2", "rf2"]
    assert len(provider.payments["p1"].refunds) == 2
