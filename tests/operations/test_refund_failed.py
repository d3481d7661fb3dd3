"""A refund that nobody can prove is ended by a person, once, and while nobody has it in hand."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from domain.facts import FactStatus
from domain.operators import Role
from tests.calling.desk import Desk
from tests.calling.provider import LOST_AFTER, LOST_BEFORE, Provider
from tests.operations import people
from tests.operations.limits import set_limit
from workers import unproven
from workers.replaying.reopening import reopen
from workers.store import inbox, provider_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.operations.conftest import Said

    Run = Callable[..., Said]

WHY = "the bank's statement of May has no such transfer"
WAIT_S = 30.0


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def desk(database_url: str, redis_url: str, provider: Provider) -> Iterator[Desk]:
    made = Desk(database_url, redis_url, provider)
    yield made
    made.close()


def set_aside(desk: Desk, reference: str = "rf1", *, how: str = LOST_BEFORE) -> int:
    """Have a refund of 400 end as a dead letter, in doubt, its credit held."""
    if not desk.rows("SELECT 1 FROM payment_logs"):
        desk.pay()
    event_id = desk.ask_refund(reference, 400)
    desk.provider.goes["refund"] = [how]
    desk.perform(event_id)
    desk.execute(
        "UPDATE inbound_work SET since = now() - interval '25 hours' WHERE event_id = %s",
        [event_id],
    )
    desk.provider.goes["look_up"] = [LOST_BEFORE]
    assert desk.perform(event_id) == "dead"
    return event_id


def fail(desk: Desk, reference: str = "rf1", *, is_denied: bool = False) -> unproven.Done:
    return unproven.fail(
        desk.database, reference, actor="operator:eve", reason=WHY, is_denied=is_denied
    )


def test_its_credit_is_free_again_and_all_of_it_is_on_record(payratchet: Run, desk: Desk) -> None:
    event_id = set_aside(desk)
    assert (desk.credit(), desk.held()) == (600, 400)

    said = payratchet("payments", "refund-failed", "rf1", "--reason", WHY, "--yes", "--json")

    assert (said.code, json.loads(said.out)) == (
        0,
        {
            "refund": "rf1",
            "payment": "p1",
            "status": "failed",
            "released_minor": 400,
            "currency": "NGN",
        },
    )
    assert desk.refund_status("rf1") == "failed"
    assert (desk.credit(), desk.held()) == (1_000, 0)
    assert desk.letters() == [(event_id, "expired", "discarded")]
    assert desk.rows(
        "SELECT actor, reason FROM dead_letter_actions WHERE action = 'discarded'"
    ) == [("operator:tester", WHY)]
    assert desk.rows(
        "SELECT from_state, event, to_state, event_id, reason FROM payment_transitions"
        " WHERE actor = 'operator:tester'"
    ) == [
        (
            *("completed", "refund_failed", "completed", event_id),
            f"refund rf1 given up: {WHY}",
        )
    ]
    assert desk.rows(
        "SELECT action, subject, reason, details ->> 'refund' FROM operator_actions"
        " WHERE actor = 'operator:tester'"
    ) == [("refund_failed", "payment:p1", WHY, "rf1")]
    assert desk.problems() == []


def test_above_the_limit_a_second_person_must_agree(payratchet: Run, desk: Desk) -> None:
    set_aside(desk)
    ada = people.appoint(desk.url, "ada", Role.APPROVER)
    words = ("payments", "refund-failed", "rf1", "--reason", WHY, "--yes", "--json")
    set_limit(desk.url, "399")

    asked = payratchet(*words)
    approval_id = json.loads(asked.out)["approval_id"]
    assert (asked.code, asked.err.partition(":")[0]) == (1, "approval_needed")
    assert (desk.refund_status("rf1"), desk.held()) == ("sent", 400)

    agreed = payratchet(
        *("approvals", "approve", str(approval_id), "--reason", "seen", "--json"),
        PAYRATCHET_OPERATOR_TOKEN=ada,
    )

    assert agreed.code == 0, agreed.err
    assert (desk.refund_status("rf1"), desk.credit(), desk.held()) == ("failed", 1_000, 0)
    assert desk.rows(
        "SELECT actor, details ->> 'approved_by' FROM operator_actions"
        " WHERE action = 'refund_failed'"
    ) == [("operator:tester", "operator:ada")]
    assert desk.problems() == []


def test_a_viewer_may_not(payratchet: Run, desk: Desk) -> None:
    set_aside(desk)
    eve = people.appoint(desk.url, "eve", Role.VIEWER)

    said = payratchet(
        *("payments", "refund-failed", "rf1", "--reason", WHY, "--yes"),
        PAYRATCHET_OPERATOR_TOKEN=eve,
    )

    assert (said.code, said.err.partition(":")[0], desk.held()) == (1, "role_missing", 400)


def test_without_a_reason_or_a_yes_nothing_is_done(payratchet: Run, desk: Desk) -> None:
    set_aside(desk)

    unreasoned = payratchet("payments", "refund-failed", "rf1", "--yes")
    blank = payratchet("payments", "refund-failed", "rf1", "--yes", "--reason", " ")
    unasked = payratchet("payments", "refund-failed", "rf1", "--reason", WHY)
    unknown = payratchet("payments", "refund-failed", "rf9", "--reason", WHY, "--yes")

    assert (unreasoned.code, blank.code, unasked.code, unknown.code) == (2, 1, 1, 1)
    assert unknown.err.startswith("refund_unknown: ")
    assert desk.held() == 400


def test_what_a_worker_is_still_to_do_is_not_a_persons_to_end(desk: Desk) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    with pytest.raises(unproven.RefundInHand):
        fail(desk)
    desk.provider.goes["refund"] = [LOST_BEFORE]
    desk.perform(event_id)

    with pytest.raises(unproven.RefundInHand):
        fail(desk)

    assert (desk.refund_status("rf1"), desk.held(), desk.owed()) == ("sent", 400, [event_id])


def test_while_the_provider_is_being_asked_about_the_payment_it_is_refused(desk: Desk) -> None:
    event_id = set_aside(desk)
    seen: list[str] = []

    def meanwhile() -> None:
        with pytest.raises(unproven.RefundInHand) as refused:
            fail(desk)
        desk.database.close()
        seen.append(refused.value.code)

    def asked() -> None:
        thread = threading.Thread(target=meanwhile)
        thread.start()
        thread.join(WAIT_S)

    desk.provider.goes["look_up"] = [asked]
    desk.do(CommandKind.VERIFY, number="7")

    assert seen == ["refund_in_hand"]
    assert desk.letters() == [(event_id, "expired", "open")]
    assert desk.held() == 400


def test_what_the_provider_has_named_is_ended_only_on_its_own_word(desk: Desk) -> None:
    desk.pay()
    desk.perform(desk.ask_refund("rf1", 400))
    assert desk.value("SELECT provider_refund_id FROM refunds") is not None

    with pytest.raises(unproven.RefundInHand):
        fail(desk)
    assert desk.held() == 400

    fail(desk, is_denied=True)
    assert (desk.refund_status("rf1"), desk.credit(), desk.held()) == ("failed", 1_000, 0)
    assert desk.problems() == []


def test_it_is_ended_once_and_never_after_it_was_proven(desk: Desk, provider: Provider) -> None:
    set_aside(desk)
    fail(desk)
    with pytest.raises(unproven.RefundSettled):
        fail(desk)

    desk.perform(desk.ask_refund("rf2", 300))
    provider.end_refunds("p1")
    desk.do(CommandKind.VERIFY, number="2")
    with pytest.raises(unproven.RefundSettled):
        fail(desk, "rf2")

    assert (desk.credit(), desk.held()) == (700, 0)
    assert desk.problems() == []


def test_a_refund_that_was_made_after_all_is_taken_as_any_other(
    desk: Desk, provider: Provider
) -> None:
    """The customer may have spent the credit meanwhile: it shows as money at risk, never lost."""
    set_aside(desk, how=LOST_AFTER)
    fail(desk)
    provider.end_refunds("p1", FactStatus.SUCCEEDED)

    desk.do(CommandKind.VERIFY, number="2")

    assert desk.refund_status("rf1") == "failed"
    assert desk.sums("p1") == (1_000, 400, 0)
    assert (desk.credit(), desk.held()) == (600, 0)
    assert desk.problems() == []


def test_a_replay_and_an_end_at_the_same_moment_leave_one_of_the_two(desk: Desk) -> None:
    for number in range(6):
        reference = f"rf{number}"
        event_id = set_aside(desk, reference)
        letter_id = desk.letter_id(event_id)
        became: list[str] = []

        def end(reference: str = reference, became: list[str] = became) -> None:
            try:
                fail(desk, reference)
                became.append("failed")
            except unproven.RefundInHand:
                became.append("in hand")

        def again(letter_id: int = letter_id, became: list[str] = became) -> None:
            back = reopen(desk.database, [letter_id], actor="operator:eve", reason="again")
            became.append("replayed" if back.others else "closed")

        desk.at_once(2, lambda which, both=(end, again): both[which]())  # type: ignore[misc]

        assert sorted(became) in (["closed", "failed"], ["in hand", "replayed"])
        if "replayed" in became:
            with desk.database.transaction() as tx:
                inbox.finish(tx, [event_id])
            fail(desk, reference)
        assert (desk.refund_status(reference), desk.held()) == ("failed", 0)
        with desk.database.transaction() as tx:
            assert provider_calls.live(tx, "paystack:default:p1") is None
    assert desk.problems() == []
