"""Handing a payment over: once, whatever becomes of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import CommandKind
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
from tests.workers.scene import capture

if TYPE_CHECKING:
    from tests.calling.desk import Desk

INITIALIZE = CommandKind.INITIALIZE


def test_a_payment_is_handed_over_and_its_url_kept(desk: Desk, provider: Provider) -> None:
    event_id = desk.ask_payment()

    assert desk.perform(event_id) == "applied"

    assert desk.state("p1") == "processing"
    assert desk.steps("p1") == ["pending -initialized-> processing"]
    assert desk.value("SELECT actor FROM payment_transitions") == "client:shop"
    assert desk.url_of() == "https://pay.example/p1"
    assert desk.calls() == [(1, "initialize", "answered")]
    assert desk.value("SELECT provider_key FROM provider_calls") == "payratchet:p1:initialize"
    assert desk.value("SELECT count(*) FROM verifications") == 1
    assert desk.owed() == []
    assert desk.perform(event_id) == "gone"
    assert provider.made("initialize") == ["p1"]
    assert desk.problems() == []


def test_a_payment_is_under_way_before_the_provider_hears_of_it(
    desk: Desk, provider: Provider
) -> None:
    seen: list[tuple[str, object]] = []
    provider.goes["initialize"] = [
        lambda: seen.append((desk.state("p1"), desk.calls()[0][2])),
    ]

    desk.initialize()

    assert seen == [("processing", None)]


def test_a_call_that_was_lost_after_its_effect_is_looked_up_and_never_repeated(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.ask_payment()
    provider.goes["initialize"] = [LOST_AFTER]

    assert desk.perform(event_id) == "retry"
    assert desk.perform(event_id) in ("applied", "no_change")

    assert provider.made("initialize") == ["p1"]
    assert desk.calls() == [(1, "initialize", "unknown"), (2, "verify", "answered")]
    assert desk.state("p1") == "processing"
    assert desk.url_of() is None
    assert desk.owed() == []


def test_a_call_that_was_lost_before_its_effect_is_repeated_under_the_same_reference(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.ask_payment()
    provider.goes["initialize"] = [LOST_BEFORE]

    desk.perform(event_id)
    desk.perform(event_id)

    assert [kind for _, kind, _ in desk.calls()] == ["initialize", "verify", "initialize"]
    assert desk.url_of() == "https://pay.example/p1"
    assert list(provider.payments) == ["p1"]


def test_with_idempotency_keys_the_same_call_is_repeated_and_gives_the_url(desk: Desk) -> None:
    keyed = desk.provider = Provider(keys_live_s=3600)
    event_id = desk.given_initialize(LOST_AFTER)

    desk.perform(event_id)

    assert keyed.calls == [("initialize", "p1"), ("initialize", "p1")]
    assert len(keyed.payments) == 1
    assert desk.url_of() == "https://pay.example/p1"


def test_a_key_that_has_run_out_is_not_relied_on(desk: Desk) -> None:
    keyed = desk.provider = Provider(keys_live_s=3600)
    event_id = desk.given_initialize(LOST_AFTER)
    desk.age_calls(3601)
    keyed.keys.clear()

    desk.perform(event_id)

    assert keyed.made("initialize") == ["p1"]
    assert keyed.made("look_up") == ["p1"]


def test_a_reference_that_is_taken_after_a_call_in_doubt_is_looked_up(
    desk: Desk, provider: Provider
) -> None:
    """The first call shows late: what is there is ours, but for its URL."""
    event_id = desk.ask_payment()
    show = There(1, Money("NGN", 1_000))
    provider.goes["initialize"] = [LOST_BEFORE, lambda: provider.payments.update(p1=show)]
    desk.perform(event_id)

    assert desk.perform(event_id) in ("applied", "no_change")

    assert desk.calls() == [
        (1, "initialize", "unknown"),
        (2, "verify", "answered"),
        (3, "initialize", "refused"),
        (4, "verify", "answered"),
    ]
    assert desk.state("p1") == "processing"
    assert desk.url_of() is None
    assert desk.owed() == []


def test_a_provider_that_is_away_is_tried_again_and_not_before_it_asked_for(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.ask_payment()
    provider.goes["initialize"] = [AWAY]

    assert desk.perform(event_id) == "retry"
    wait_s = desk.value("SELECT extract(epoch FROM next_at - now())::float FROM inbound_work")
    assert 5 < wait_s <= 7
    assert desk.calls() == [(1, "initialize", "not_sent")]
    assert desk.attempts(event_id) == [(1, "deferred", "ProviderAway")]

    desk.perform(event_id)
    assert provider.calls == [("initialize", "p1"), ("initialize", "p1")]
    assert desk.url_of() is not None


def test_a_refusal_is_proof_that_the_payment_failed(desk: Desk, provider: Provider) -> None:
    provider.goes["initialize"] = [REFUSED]

    assert desk.initialize() == "refused"

    assert desk.state("p1") == "failed"
    assert desk.owed() == []
    assert desk.letters() == []
    assert desk.problems() == []


def test_a_key_that_is_not_accepted_is_a_dead_letter_and_says_nothing_of_the_payment(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.ask_payment()
    provider.goes["initialize"] = [FORBIDDEN]

    assert desk.perform(event_id) == "dead"

    assert desk.state("p1") == "processing"
    assert desk.letters() == [(event_id, "provider_refused", "open")]
    assert desk.rows(
        "SELECT source, event_type, reference, amount_minor, currency FROM dead_letters"
    ) == [("internal", "initialize", "p1", 1_000, "NGN")]


def test_without_a_key_of_ours_nobody_is_asked_and_a_person_is_told(desk: Desk) -> None:
    event_id = desk.ask_payment(provider="stripe")

    assert desk.perform(event_id) == "dead"

    assert desk.letters() == [(event_id, "provider_refused", "open")]
    assert desk.state("p1") == "pending"


def test_an_unforeseen_error_of_the_call_is_an_unknown_outcome(
    desk: Desk, provider: Provider
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    event_id = desk.ask_payment()
    provider.goes["initialize"] = [fail]

    assert desk.perform(event_id) == "retry"

    assert desk.calls() == [(1, "initialize", "unknown")]
    assert desk.attempts(event_id) == [(1, "retry", "ZeroDivisionError")]


def test_a_day_of_silence_ends_in_a_dead_letter_and_not_in_a_failed_payment(
    desk: Desk,
) -> None:
    event_id = desk.given_initialize(AWAY, AWAY)
    desk.execute("UPDATE inbound_work SET since = now() - interval '25 h'")

    assert desk.perform(event_id) == "dead"

    assert desk.letters() == [(event_id, "expired", "open")]
    assert desk.state("p1") == "processing"


def test_a_payment_that_was_cancelled_is_not_handed_over(desk: Desk, provider: Provider) -> None:
    event_id = desk.ask_payment()
    desk.do(CommandKind.CANCEL)

    assert desk.perform(event_id) == "no_change"

    assert provider.calls == []
    assert desk.state("p1") == "cancelled"


def test_what_is_no_command_is_a_dead_letter(desk: Desk) -> None:
    event_id = desk.receive(b"{}", source="internal", lane="calls")

    assert desk.perform(event_id) == "dead"

    assert desk.letters() == [(event_id, "schema", "open")]


def test_appliers_leave_commands_alone(desk: Desk) -> None:
    """A ring that went astray must not have a command read as a webhook."""
    event_id = desk.ask_payment()

    desk.apply(event_id)

    assert desk.owed() == [event_id]
    assert desk.letters() == []


def test_callers_leave_webhooks_alone(desk: Desk) -> None:
    desk.announce("p7")
    event_id = desk.receive(capture("p7"))

    assert desk.perform(event_id) == "gone"

    assert desk.owed() == [event_id]


def test_an_answer_that_cannot_be_written_is_an_unknown_outcome(
    desk: Desk, provider: Provider
) -> None:
    """The call is ended all the same, and what became of it is asked for."""
    event_id = desk.ask_payment()
    provider.goes["initialize"] = [lambda: desk.break_for("p1", "RAISE EXCEPTION 'broken'")]

    assert desk.perform(event_id) == "retry"
    assert desk.calls() == [(1, "initialize", "unknown")]

    desk.mend()
    desk.perform(event_id)
    assert provider.made("initialize") == ["p1"]
    assert desk.calls()[-1] == (2, "verify", "answered")
