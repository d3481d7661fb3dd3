"""What an event claims and cannot prove changes nothing; nor is it ever lost for that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.commands import CommandKind
from domain.sql_timeline import TIMELINE
from domain.timeline import ROWS_MAX, Row, tell
from tests.calling.schedule import LAST_S, STEPS_S, sweep
from tests.calling.test_refetched import (
    FLUTTERWAVE,
    MOLLIE,
    SLUGS,
    announced,
    asked,
    asking,
    hear,
    hear_claim,
)
from tests.simulator.api.lookups.serving import LookUps, simulated_lookups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling.desk import Desk

PLAID = "plaid"
NUDGE = b'{"webhook_type":"TRANSFER","webhook_code":"TRANSFER_EVENTS_UPDATE"}'


@pytest.fixture
def there() -> Iterator[LookUps]:
    with simulated_lookups() as running:
        yield running


@pytest.fixture
def open_desk(desk: Desk, there: LookUps) -> Iterator[Desk]:
    """Return a service that can ask all of them."""
    with asking(desk, there, *SLUGS, PLAID):
        yield desk


def hear_of(desk: Desk, reference: str, **more: str) -> int:
    """Receive what names a payment and no object of Flutterwave's."""
    body = json.dumps({"event": "charge.completed", "data": {"tx_ref": reference, **more}}).encode()
    event_id = desk.receive(body, source=FLUTTERWAVE, reference=reference)
    desk.apply(event_id)
    return event_id


def nudge(desk: Desk) -> int:
    event_id = desk.receive(NUDGE, source=PLAID)
    desk.apply(event_id)
    return event_id


def history(desk: Desk, reference: str) -> list[tuple[str, int | None]]:
    """Return what a person is told of a payment: (kind, event) of each entry."""
    with psycopg.connect(desk.url) as connection:
        asked_for = {"reference": reference, "limit": ROWS_MAX}
        rows = connection.execute(TIMELINE, asked_for).fetchall()
    return [(each.kind, each.event_id) for each in tell([Row(*row) for row in rows]).entries]


def test_a_forged_claim_leaves_its_payment_as_it_is_for_ever(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)
    other = there.pay(FLUTTERWAVE, "ORD-2", 1_000)

    for object_id in ("123456", other.object_id):
        hear_claim(open_desk, object_id, "ORD-1")
        asked(open_desk)
    for step_s in (0, *STEPS_S, LAST_S):
        assert sweep(open_desk, step_s) == []

    assert (open_desk.state("ORD-1"), open_desk.steps("ORD-1")) == ("pending", [])
    assert len(there.asked(FLUTTERWAVE)) == 3  # both objects, and the refunds of the real one
    assert open_desk.problems() == []


def test_an_event_about_a_payment_that_its_provider_does_not_know_yet_is_shown_to_a_person(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)
    event_id = hear_of(open_desk, "ORD-1")

    assert asked(open_desk) == "no_change"
    assert open_desk.letters() == [(event_id, "refetch_required", "open")]

    there.pay(FLUTTERWAVE, "ORD-1", 1_000)
    open_desk.replay(event_id)
    assert asked(open_desk) == "applied"
    assert open_desk.letters() == [(event_id, "refetch_required", "resolved")]
    assert (open_desk.credit(), open_desk.state("ORD-1")) == (1_000, "completed")


def test_of_a_payment_under_way_nobody_need_see_it_for_it_is_asked_about_again(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)
    there.open(FLUTTERWAVE, "ORD-1", 1_000)
    hear_of(open_desk, "ORD-1")
    assert asked(open_desk) == "applied"
    there.desks[FLUTTERWAVE].book.sales.clear()

    hear_of(open_desk, "ORD-1", status="later")
    assert asked(open_desk) == "no_change"

    assert (open_desk.state("ORD-1"), open_desk.letters()) == ("processing", [])


def test_an_event_of_the_other_world_has_nobody_asked(open_desk: Desk, there: LookUps) -> None:
    announced(open_desk, "ORD-1", PLAID, currency="USD")
    open_desk.execute("INSERT INTO source_modes VALUES ('plaid', 'default', 'live', 1)")
    claim = {"environment": "sandbox", "original_reference": "ORD-1"}
    bodies = [json.dumps(json.loads(NUDGE) | more).encode() for more in (claim, claim | {"n": 1})]
    bodies[1] = bodies[1].replace(b"original_reference", b"no_reference")

    event_ids = [open_desk.receive(body, source=PLAID) for body in bodies]
    open_desk.apply(*event_ids)

    assert open_desk.letters() == [(each, "mode_mismatch", "open") for each in event_ids]
    assert (open_desk.owed(), there.heard) == ([], [])


def test_an_event_about_nobody_has_every_open_payment_of_the_account_asked_about(
    open_desk: Desk, there: LookUps
) -> None:
    for reference in ("ORD-1", "ORD-2", "ORD-4"):
        announced(open_desk, reference, PLAID, currency="USD")
    announced(open_desk, "ORD-3", currency="EUR")
    there.open(PLAID, "ORD-4", 1_000)
    nudge(open_desk)
    for command in open_desk.owed():
        open_desk.perform(command)
    there.pay(PLAID, "ORD-2", 1_000)

    nudge(open_desk)
    became = sorted(open_desk.perform(command) for command in open_desk.owed())

    assert became == ["applied", "no_change", "no_change"]
    assert [open_desk.state(f"ORD-{number}") for number in (1, 2, 3, 4)] == [
        *("pending", "completed", "pending", "processing")
    ]
    assert open_desk.letters() == []


def test_many_such_events_owe_one_question_a_payment(open_desk: Desk, there: LookUps) -> None:
    announced(open_desk, "ORD-1", PLAID, currency="USD")
    for _ in range(3):
        nudge(open_desk)
    [command] = open_desk.owed()

    assert open_desk.perform(command) == "no_change"
    there.pay(PLAID, "ORD-1", 1_000)
    nudge(open_desk)
    assert asked(open_desk) == "applied"
    assert open_desk.state("ORD-1") == "completed"


def test_a_question_that_is_being_asked_may_be_too_early_so_another_is_owed(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", PLAID, currency="USD")
    nudge(open_desk)
    [command] = open_desk.owed()
    there.faults[PLAID] = ["500"] * 9
    open_desk.perform(command)
    open_desk.execute("SET session_replication_role = replica")
    open_desk.execute("UPDATE provider_calls SET ended_at = NULL, outcome = NULL")
    open_desk.execute("SET session_replication_role = origin")

    nudge(open_desk)

    assert len(open_desk.owed()) == 2


def test_a_payment_of_which_its_provider_knows_nothing_can_be_cancelled(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1")
    announced(open_desk, "ORD-2", FLUTTERWAVE)
    there.open(FLUTTERWAVE, "ORD-2", 1_000)
    open_desk.do(CommandKind.VERIFY, "ORD-2", number="1", provider=FLUTTERWAVE)
    assert open_desk.state("ORD-2") == "processing"
    there.desks[FLUTTERWAVE].book.sales.clear()

    assert open_desk.do(CommandKind.CANCEL, "ORD-1", provider=MOLLIE) == "applied"
    assert open_desk.do(CommandKind.CANCEL, "ORD-2", provider=FLUTTERWAVE) == "applied"

    assert [open_desk.state(each) for each in ("ORD-1", "ORD-2")] == ["cancelled"] * 2
    assert open_desk.problems() == []


def test_a_payment_that_nobody_can_be_asked_about_can_be_cancelled(
    desk: Desk, there: LookUps
) -> None:
    announced(desk, "ORD-1", "interswitch", currency="USD")

    with asking(desk, there, "interswitch"):
        assert desk.do(CommandKind.CANCEL, "ORD-1", provider="interswitch") == "applied"

    assert (desk.state("ORD-1"), there.heard) == ("cancelled", [])


def test_a_payment_that_was_begun_elsewhere_is_asked_about_before_it_is_cancelled(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)
    there.pay(FLUTTERWAVE, "ORD-1", 1_000)

    assert open_desk.do(CommandKind.CANCEL, "ORD-1", provider=FLUTTERWAVE) == "applied"

    assert (open_desk.state("ORD-1"), open_desk.credit()) == ("completed", 1_000)


def test_the_history_of_a_payment_shows_the_event_the_question_and_the_answer(
    open_desk: Desk, there: LookUps
) -> None:
    """Though neither the event nor the question could name the payment."""
    announced(open_desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    event_id = hear(open_desk, sale.object_id)
    [command] = open_desk.owed()
    open_desk.perform(command)

    assert history(open_desk, "ORD-1") == [
        ("announced", None),
        ("event", event_id),
        ("event", command),
        ("attempt", event_id),
        ("call", command),
        ("transition", command),
        ("movement", command),
    ]


def hear_signed(desk: Desk, reference: str) -> None:
    """Receive what Interswitch has signed, and what must be asked about all the same."""
    data = {"merchantReference": reference, "paymentReference": "ISW-1", "responseCode": "00"}
    body = json.dumps({"event": "TRANSACTION.COMPLETED", "uuid": reference, "data": data}).encode()
    desk.apply(desk.receive(body, source="interswitch", reference=reference))


def test_a_payment_of_which_the_provider_itself_has_spoken_is_under_way(desk: Desk) -> None:
    announced(desk, "ORD-1", "interswitch", currency="NGN")

    hear_signed(desk, "ORD-1")

    assert (desk.credit(), desk.state("ORD-1")) == (0, "processing")
    assert desk.owed()
