"""Seven days in a second: what is asked when, and what silence comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from domain.facts import FactStatus
from tests.calling.schedule import DAY_S, LAST_S, STEPS_S, order, sweep
from tests.workers.scene import body
from workers.scheduling import GRACE_S, plan
from workers.settings import RelaySettings
from workers.store.verifications import Due

if TYPE_CHECKING:
    from tests.calling.desk import Desk
    from tests.calling.provider import Provider


def test_the_default_schedule_is_five_minutes_an_hour_and_then_every_day_for_a_week() -> None:
    settings = RelaySettings(database_url="d", redis_url="r")
    assert settings.schedule_s == STEPS_S


@pytest.mark.parametrize("value", ["", "0", "5,5", "10,5", "1,x", "-1", "1,,2", "٣"])
def test_a_schedule_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        RelaySettings(database_url="d", redis_url="r", verify_after_s=value)


def test_a_payment_under_way_is_asked_about_at_each_step_and_then_goes_to_review(
    desk: Desk, provider: Provider
) -> None:
    desk.initialize()

    assert sweep(desk, 0) == []
    for count, step_s in enumerate(STEPS_S, start=1):
        assert sweep(desk, step_s - 2) == []
        assert len(sweep(desk, step_s)) == 1
        assert sweep(desk, step_s) == []
        assert len(provider.made("look_up")) == count
        assert desk.state("p1") == "processing"
    assert sweep(desk, LAST_S - 2) == []
    assert sweep(desk, LAST_S) == ["applied"]

    assert desk.state("p1") == "review"
    assert desk.steps("p1")[-1] == "processing -unheard-> review"
    assert desk.value("SELECT actor FROM payment_transitions WHERE version = 2") == "payratchet"
    assert desk.value("SELECT count(*) FROM verifications") == 0
    assert desk.problems() == []


def test_a_question_that_nobody_has_asked_yet_is_not_ordered_again(
    desk: Desk, provider: Provider
) -> None:
    """While workers are behind, every step of the schedule would add a question."""
    desk.initialize()

    owed = order(desk, STEPS_S[0])
    assert len(owed) == 1
    assert [order(desk, step_s) for step_s in STEPS_S[1:4]] == [[], [], []]
    assert len(provider.made("look_up")) == 0

    desk.perform(owed[0])
    assert len(provider.made("look_up")) == 1
    assert len(order(desk, STEPS_S[4])) == 1


def test_the_last_question_is_asked_whatever_else_is_owed(desk: Desk) -> None:
    """The one before may die of its age while the provider is away."""
    desk.initialize()

    assert len(order(desk, STEPS_S[-2])) == 1
    assert len(order(desk, STEPS_S[-1])) == 1
    assert order(desk, STEPS_S[-1]) == []


def test_what_is_heard_ends_the_asking(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    sweep(desk, 0)
    provider.pay("p1")

    assert sweep(desk, 300) == ["applied"]
    assert desk.state("p1") == "completed"
    assert sweep(desk, 3_600) == []

    assert desk.value("SELECT count(*) FROM verifications") == 0


def test_an_abandoned_checkout_fails_and_is_asked_about_no_more(
    desk: Desk, provider: Provider
) -> None:
    desk.initialize()
    sweep(desk, 0)
    provider.payments["p1"].status = "abandoned"

    sweep(desk, 300)
    sweep(desk, LAST_S)

    assert desk.state("p1") == "failed"
    assert len(provider.made("look_up")) == 1


def test_money_after_the_last_question_still_wins(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    for step_s in (0, *STEPS_S, LAST_S):
        sweep(desk, step_s)
    provider.pay("p1")

    desk.do(CommandKind.VERIFY)

    assert desk.state("p1") == "completed"
    assert desk.credit() == 1_000


def test_a_relay_that_was_away_asks_once_and_gives_nobody_up_unasked(
    desk: Desk, provider: Provider
) -> None:
    desk.initialize()

    assert len(sweep(desk, 30 * DAY_S)) == 1
    assert desk.state("p1") == "processing"
    assert sweep(desk, 30 * DAY_S + GRACE_S - 10) == []
    assert sweep(desk, 30 * DAY_S + GRACE_S + 10) == ["applied"]

    assert desk.state("p1") == "review"
    assert len(provider.made("look_up")) == 1


def test_a_payment_that_a_webhook_says_is_under_way_is_asked_about_too(desk: Desk) -> None:
    desk.announce("p1")

    desk.hear(body("payment.initialized", "p1"))

    assert desk.state("p1") == "processing"
    assert desk.value("SELECT count(*) FROM verifications") == 1


def test_a_provider_that_cannot_be_asked_is_not_asked_and_silence_is_still_no_failure(
    desk: Desk,
) -> None:
    desk.announce("p1")
    desk.hear(body("payment.initialized", "p1"))

    seen = [became for step_s in (0, *STEPS_S, LAST_S) for became in sweep(desk, step_s)]

    assert seen == ["no_change"] * len(STEPS_S) + ["applied"]
    assert desk.state("p1") == "review"
    assert desk.letters() == []


def test_a_refund_is_asked_about_until_it_ends_or_a_person_is_told(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.given_refund()

    for step_s in (0, *STEPS_S, LAST_S):
        sweep(desk, step_s)

    assert desk.letters() == [(event_id, "unheard", "open")]
    assert desk.rows("SELECT event_type, reference, amount_minor FROM dead_letters") == [
        ("refund", "p1", 400)
    ]
    assert desk.refund_status("rf1") == "sent"
    assert desk.held() == 400
    assert desk.state("p1") == "completed"
    assert desk.value("SELECT count(*) FROM verifications") == 0

    provider.end_refunds("p1", FactStatus.SUCCEEDED)
    desk.do(CommandKind.VERIFY, number="9")
    assert (desk.refund_status("rf1"), desk.held()) == ("succeeded", 0)


@pytest.mark.parametrize(
    ("age_s", "step", "number", "after"),
    [(0, 0, None, 0), (300, 0, "1", 1), (299, 0, None, 0), (4_000, 1, "2", 2), (4_000, 0, "2", 2)],
)
def test_each_step_has_its_time_and_a_number_of_its_own(
    age_s: float, step: int, number: str | None, after: int
) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    now = since + timedelta(seconds=age_s)
    due = Due(1, step, since, "p1", "paystack", "default", "processing", False, now)  # noqa: FBT003

    planned = plan(due, STEPS_S)

    assert planned.number == (f"{int(since.timestamp())}.{number}" if number else None)
    assert planned.step == after
    assert planned.next_at == since + timedelta(seconds=STEPS_S[after])
