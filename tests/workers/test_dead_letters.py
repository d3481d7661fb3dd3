"""Dead letters: how an event becomes one, and the ways out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.commands import Command, CommandKind
from tests.workers.replayed import Replayed, replay
from tests.workers.scene import PROVIDER, capture, refund
from workers import sweeps
from workers.commands import enqueue
from workers.replaying.reopening import reopen
from workers.store import dead_letters, inbox, letter_acts

if TYPE_CHECKING:
    from tests.workers.scene import Scene


def replay_all(scene: Scene) -> Replayed:
    ids = [row[0] for row in scene.rows("SELECT id FROM dead_letters ORDER BY id")]
    return replay(scene.database, ids, actor="operator:ada", reason="looks mended")


def die(scene: Scene) -> int:
    """Let the capture of p1 fail until it is exhausted, and mend what it failed of."""
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'broken'")
    [event_id] = scene.hear(capture("p1"))
    for _ in range(4):
        scene.apply(event_id)
    scene.mend()
    return event_id


def age_waiting(scene: Scene, hours: int) -> None:
    scene.execute("UPDATE waiting_captures SET since = now() - make_interval(hours => %s)", [hours])


def test_money_for_a_payment_nobody_announced_is_held_and_not_credited(scene: Scene) -> None:
    [event_id] = scene.hear(capture("p1"))

    assert scene.letters() == [(event_id, "unknown_reference", "open")]
    assert scene.account("suspense") == 1_000
    assert scene.value("SELECT count(*) FROM sms_transactions") == 0
    assert scene.owed() == []


@pytest.mark.parametrize("events_first", [1, 3])
def test_it_heals_by_itself_when_the_payment_is_announced(scene: Scene, events_first: int) -> None:
    events = scene.hear(*[capture("p1")] * events_first)
    untouched = sweeps.take_up_announced(scene.database)

    scene.announce("p1")
    scene.heal()

    assert untouched == 0
    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ("completed", 1_000, 0)
    assert scene.letters() == [(each, "unknown_reference", "resolved") for each in events]
    assert scene.actions(events[0]) == ["died", "replayed", "resolved"]
    assert sweeps.take_up_announced(scene.database) == 0


def test_an_early_refund_and_its_capture_both_heal(scene: Scene) -> None:
    scene.hear(refund("p1", 400))
    scene.hear(capture("p1"))

    scene.announce("p1")
    scene.heal()

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == (
        "partially_refunded",
        600,
        0,
    )
    assert {status for _, _, status in scene.letters()} == {"resolved"}


def test_money_told_again_after_the_announcement_is_still_released(scene: Scene) -> None:
    scene.hear(capture("p1"))
    scene.announce("p1")

    scene.hear(capture("p1"))
    between = (scene.credit(), scene.account("suspense"))
    scene.heal()

    assert between == (1_000, 1_000)
    assert (scene.credit(), scene.account("suspense")) == (1_000, 0)


def test_unannounced_money_of_the_wrong_amount_stays_in_suspense_once(scene: Scene) -> None:
    [event_id] = scene.hear(capture("p1", 999))

    scene.announce("p1")
    scene.heal()

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ("review", 0, 999)
    assert scene.letters() == [(event_id, "mismatch", "open")]
    assert sweeps.take_up_announced(scene.database) == 0


def test_an_event_without_a_reference_waits_for_a_person(scene: Scene) -> None:
    [event_id] = scene.hear(capture(None))

    assert scene.letters() == [(event_id, "unknown_reference", "open")]
    assert sweeps.take_up_announced(scene.database) == 0


def test_a_refund_whose_capture_does_not_come_for_a_day_is_shown_to_a_person(
    scene: Scene,
) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(refund("p1", 400))

    age_waiting(scene, 23)
    early = sweeps.bury_overdue(scene.database)
    age_waiting(scene, 25)
    late, again = sweeps.bury_overdue(scene.database), sweeps.bury_overdue(scene.database)

    assert (early, late, again) == (0, 1, 0)
    assert scene.letters() == [(event_id, "missing_capture", "open")]
    assert scene.state("p1") == "pending"


def test_the_letter_of_a_missing_capture_is_closed_when_it_comes(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(refund("p1", 400))
    age_waiting(scene, 25)
    sweeps.bury_overdue(scene.database)

    scene.hear(capture("p1"))

    assert scene.letters() == [(event_id, "missing_capture", "resolved")]
    assert scene.actions(event_id) == ["died", "resolved"]
    assert (scene.state("p1"), scene.credit()) == ("partially_refunded", 600)


def test_a_refund_that_was_unannounced_first_can_still_miss_its_capture(scene: Scene) -> None:
    [event_id] = scene.hear(refund("p1", 400))
    scene.announce("p1")
    scene.heal()
    assert scene.letters() == [(event_id, "unknown_reference", "resolved")]

    age_waiting(scene, 25)

    assert sweeps.bury_overdue(scene.database) == 1
    assert scene.letters() == [(event_id, "missing_capture", "open")]


def test_a_missing_capture_that_a_person_discarded_is_not_dug_up_again(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(refund("p1", 400))
    age_waiting(scene, 25)
    sweeps.bury_overdue(scene.database)

    with scene.database.transaction() as tx:
        letter_acts.discard(tx, [event_id], actor="operator:ada", reason="a test refund")

    assert sweeps.bury_overdue(scene.database) == 0


def test_a_replay_succeeds_when_the_cause_is_gone(scene: Scene) -> None:
    event_id = die(scene)

    replayed = replay_all(scene)

    assert (replayed.matched, replayed.replayed, replayed.succeeded, replayed.failed) == (
        1,
        1,
        1,
        0,
    )
    assert scene.letters() == [(event_id, "exhausted", "resolved")]
    assert scene.actions(event_id) == ["died", "replayed", "resolved"]
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)


def test_repeating_a_replay_does_nothing(scene: Scene) -> None:
    event_id = die(scene)

    first, second = replay_all(scene), replay_all(scene)

    assert (first.succeeded, second.matched, second.replayed) == (1, 1, 0)
    assert (scene.credit(), scene.top_ups(), scene.account("suspense")) == (1_000, 1, 0)
    assert scene.actions(event_id) == ["died", "replayed", "resolved"]


def test_replays_of_one_letter_at_once_apply_it_once(scene: Scene) -> None:
    event_id = die(scene)

    scene.at_once(8, lambda _: replay_all(scene))

    assert (scene.credit(), scene.top_ups(), scene.account("suspense")) == (1_000, 1, 0)
    assert scene.actions(event_id) == ["died", "replayed", "resolved"]


def test_a_replay_that_fails_again_opens_the_letter_again_with_its_history(scene: Scene) -> None:
    [event_id] = scene.hear(b"{}")

    replayed = replay_all(scene)

    assert (replayed.succeeded, replayed.failed) == (0, 1)
    assert scene.letters() == [(event_id, "schema", "open")]
    assert scene.actions(event_id) == ["died", "replayed", "died_again"]
    assert scene.rows("SELECT attempts FROM dead_letters") == [(2,)]
    assert scene.rows("SELECT replay_id FROM attempts ORDER BY id") == [
        (None,),
        (replayed.replay_id,),
    ]


def test_replaying_a_mismatch_changes_nothing_while_it_stands(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1", 999))

    replayed = replay_all(scene)

    assert (replayed.succeeded, replayed.failed) == (0, 1)
    assert scene.letters() == [(event_id, "mismatch", "open")]
    assert (scene.account("suspense"), scene.version("p1")) == (999, 1)


def test_a_mismatch_can_be_replayed_away_once_it_has_been_given_back(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 999))
    scene.hear(refund("p1", 999, payment_id="T1"))

    replayed = replay_all(scene)

    assert replayed.succeeded == 1
    assert (scene.state("p1"), scene.account("suspense")) == ("refunded", 0)


def test_a_reopened_event_that_nobody_applies_is_owed_again(scene: Scene) -> None:
    event_id = die(scene)
    letter_id = scene.letter_id(event_id)

    reopen(scene.database, [letter_id], actor="operator:ada", reason="why")

    assert scene.owed() == [event_id]
    assert scene.letters() == [(event_id, "exhausted", "replaying")]
    scene.drain()
    assert scene.letters() == [(event_id, "exhausted", "resolved")]
    assert scene.state("p1") == "completed"


def test_a_discarded_letter_is_closed_with_its_reason_and_not_replayed(scene: Scene) -> None:
    [event_id] = scene.hear(b"{}")

    with scene.database.transaction() as tx:
        count = letter_acts.discard(tx, [event_id], actor="operator:ada", reason="a probe")
        again = letter_acts.discard(tx, [event_id], actor="operator:ada", reason="a probe")

    assert (count, again, replay_all(scene).replayed) == (1, 0, 0)
    assert scene.letters() == [(event_id, "schema", "discarded")]
    assert scene.rows(
        "SELECT action, actor, reason FROM dead_letter_actions WHERE action = 'discarded'"
    ) == [("discarded", "operator:ada", "a probe")]


def test_an_event_with_the_providers_name_only_heals_when_that_name_is_told(scene: Scene) -> None:
    [event_id] = scene.hear(refund(None, 100, payment_id="T1"))
    scene.announce("p1")
    untouched = sweeps.take_up_announced(scene.database)

    scene.hear(capture("p1"))
    scene.heal()

    assert untouched == 0
    assert scene.letters() == [(event_id, "unknown_reference", "resolved")]
    assert (scene.state("p1"), scene.credit()) == ("partially_refunded", 900)


def test_a_question_to_another_account_is_not_taken_up_again_and_again(scene: Scene) -> None:
    """A provider may know a reference that was announced for another one."""
    questions = {
        ask_about_p1(scene, provider, account): (provider, account)
        for provider, account in (
            ("paystack", "default"),
            (PROVIDER, "other"),
            (PROVIDER, "default"),
        )
    }

    scene.announce("p1")
    at_once = scene.owed()
    for event_id in questions:
        bury_question(scene, event_id)
    later = sweeps.take_up_announced(scene.database)

    assert [questions[event_id] for event_id in at_once] == [(PROVIDER, "default")]
    assert later == 1
    assert [questions[event_id] for event_id in scene.owed()] == [(PROVIDER, "default")]


def ask_about_p1(scene: Scene, provider: str, account: str) -> int:
    """Have p1 asked about there, and nobody know it; return the event."""
    number = f"{provider} {account}"
    command = Command(CommandKind.VERIFY, provider, account, "p1", "client:shop", number)
    with scene.database.transaction() as tx:
        [event_id] = enqueue(tx, [command], request_id="r")
    bury_question(scene, event_id)
    return event_id


def bury_question(scene: Scene, event_id: int) -> None:
    """Set the question aside as one about a payment that nobody announced."""
    received_at = scene.value("SELECT received_at FROM inbound_events WHERE id = %s", [event_id])
    letter = dead_letters.Letter(
        event_id,
        received_at,
        "internal",
        "default",
        "verify",
        "p1",
        None,
        "unknown_reference",
        "UnknownReference",
        "f",
        "nobody announced this payment",
        None,
        None,
        1,
    )
    with scene.database.transaction() as tx:
        dead_letters.bury(tx, [letter])
        inbox.finish(tx, [event_id])
