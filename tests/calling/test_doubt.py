"""A payment in doubt is never started blindly, never taken for failed, and at last a person's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.money import Money
from tests.calling.provider import (
    LOST_AFTER,
    LOST_BEFORE,
    REFUSED,
    Provider,
    There,
)

if TYPE_CHECKING:
    from tests.calling.desk import Desk

INITIALIZE = CommandKind.INITIALIZE


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


def test_a_refusal_after_a_lost_initialize_leaves_the_payment_under_way(
    desk: Desk,
) -> None:
    event_id = desk.given_initialize(LOST_BEFORE, REFUSED)

    assert desk.perform(event_id) == "dead"

    assert desk.letters() == [(event_id, "provider_refused", "open")]
    assert desk.state("p1") == "processing"
    assert desk.value("SELECT count(*) FROM verifications") == 1


def test_an_error_that_is_kept_under_the_key_is_looked_up_and_not_repeated_all_day(
    desk: Desk,
) -> None:
    keyed = desk.provider = Provider(keys_live_s=80_000)
    event_id = desk.ask_payment()
    keyed.goes["initialize"] = [LOST_AFTER] * 20

    for _ in range(10):
        desk.perform(event_id)

    assert len(keyed.made("initialize")) == 3
    assert keyed.made("look_up") == ["p1"]
    assert desk.state("p1") == "processing"
    assert desk.owed() == []


def test_where_looking_up_tells_nothing_the_key_has_its_turn_again(desk: Desk) -> None:
    keyed = desk.provider = Provider(keys_live_s=80_000)
    event_id = desk.ask_payment()
    keyed.goes["initialize"] = [LOST_BEFORE] * 4
    keyed.goes["look_up"] = [LOST_BEFORE] * 4

    for _ in range(7):
        desk.perform(event_id)

    kinds = [kind for kind, _ in keyed.calls]
    assert kinds == [*["initialize"] * 3, "look_up", "initialize", "look_up", "initialize"]
    assert desk.url_of() == "https://pay.example/p1"
