"""An event that proves nothing has its provider asked, and only the answer moves money."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from domain.announcement import Announcement
from domain.commands import CommandKind
from domain.money import Money
from tests.simulator.api.lookups.serving import LookUps, simulated_lookups
from workers import look_up_accounts
from workers.announce import announce
from workers.clients.registry import Clients
from workers.settings import CallSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling.desk import Desk

MOLLIE, FLUTTERWAVE, MPESA = "mollie-classic", "flutterwave-v3", "mpesa-daraja"
SLUGS = (MOLLIE, FLUTTERWAVE, MPESA)


@pytest.fixture
def there() -> Iterator[LookUps]:
    with simulated_lookups() as running:
        yield running


@contextlib.contextmanager
def asking(desk: Desk, there: LookUps, *slugs: str) -> Iterator[None]:
    """Have the keys of these providers set until the block ends, and of no others."""
    environment: dict[str, str] = {}
    for slug in slugs:
        environment |= there.environment(slug)
    look_ups = look_up_accounts.read(environment, lambda url: url)
    with Clients(CallSettings(accounts={}, look_ups=look_ups)) as clients:
        desk.over_http = clients
        yield
    desk.over_http = None


@pytest.fixture
def open_desk(desk: Desk, there: LookUps) -> Iterator[Desk]:
    """Return a service that can ask all of them."""
    with asking(desk, there, *SLUGS):
        yield desk


def announced(
    desk: Desk, reference: str, slug: str = MOLLIE, *, amount_minor: int = 1_000, currency: str = ""
) -> None:
    currency = currency or {MOLLIE: "EUR", FLUTTERWAVE: "NGN", MPESA: "KES"}[slug]
    money = Money(currency, amount_minor)
    announce(desk.database, [Announcement(reference, slug, money, "ada")], actor="operator:test")


def hear(desk: Desk, object_id: str) -> int:
    """Receive a call of Mollie's, and take it up; return the event."""
    event_id = desk.receive(f"id={object_id}".encode(), source=MOLLIE)
    desk.apply(event_id)
    return event_id


def hear_claim(desk: Desk, object_id: str, reference: str, amount: int = 10) -> int:
    """Receive what claims that a transaction of Flutterwave's has paid for a reference."""
    data = {
        "id": int(object_id),
        "tx_ref": reference,
        "amount": amount,
        "currency": "NGN",
        "status": "successful",
    }
    body = json.dumps({"event": "charge.completed", "data": data}).encode()
    event_id = desk.receive(body, source=FLUTTERWAVE, reference=reference)
    desk.apply(event_id)
    return event_id


def hear_push(desk: Desk, object_id: str) -> None:
    """Receive what claims that a push of M-Pesa's was paid, with ten times the money."""
    items = [{"Name": "Amount", "Value": 100}, {"Name": "MpesaReceiptNumber", "Value": "T1"}]
    callback = {
        "CheckoutRequestID": object_id,
        "ResultCode": 0,
        "CallbackMetadata": {"Item": items},
    }
    body = json.dumps({"Body": {"stkCallback": callback}}).encode()
    desk.apply(desk.receive(body, source=MPESA))


def asked(desk: Desk) -> str:
    """Perform the one question that is owed; return what became of it."""
    [command] = desk.owed()
    return desk.perform(command)


def test_an_event_has_the_provider_asked_and_the_answer_is_credited_once(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)

    hear(open_desk, sale.object_id)
    assert (open_desk.credit(), open_desk.state("ORD-1")) == (0, "pending")
    assert asked(open_desk) == "applied"

    assert (open_desk.credit(), open_desk.state("ORD-1")) == (1_000, "completed")
    assert (open_desk.letters(), open_desk.problems()) == ([], [])


def test_a_second_event_and_a_question_of_our_own_move_nothing_more(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    hear(open_desk, sale.object_id)
    asked(open_desk)

    hear(open_desk, sale.object_id)
    assert asked(open_desk) == "no_change"
    again = open_desk.do(CommandKind.VERIFY, "ORD-1", number="1", provider=MOLLIE)

    assert again == "no_change"
    assert (open_desk.credit(), open_desk.top_ups()) == (1_000, 1)
    assert open_desk.problems() == []


def test_a_payment_that_is_not_paid_yet_is_under_way_until_the_answer_says_more(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1")
    sale = there.open(MOLLIE, "ORD-1", 1_000)
    hear(open_desk, sale.object_id)
    asked(open_desk)
    assert (open_desk.credit(), open_desk.state("ORD-1")) == (0, "processing")

    sale.status = "paid"
    open_desk.do(CommandKind.VERIFY, "ORD-1", number="1", provider=MOLLIE)

    assert (open_desk.credit(), open_desk.state("ORD-1")) == (1_000, "completed")


def test_a_refund_that_was_made_there_is_heard_of_by_a_call_that_is_like_all_others(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    hear(open_desk, sale.object_id)
    asked(open_desk)

    there.refund(sale, "re_1", 400)
    hear(open_desk, sale.object_id)
    asked(open_desk)

    assert (open_desk.credit(), open_desk.state("ORD-1")) == (600, "partially_refunded")
    assert open_desk.problems() == []


def test_money_is_the_payments_that_the_answer_names_whatever_the_event_claims(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)
    announced(open_desk, "ORD-2", FLUTTERWAVE)
    sale = there.pay(FLUTTERWAVE, "ORD-2", 1_000)

    hear_claim(open_desk, sale.object_id, "ORD-1")
    assert asked(open_desk) == "applied"

    assert open_desk.state("ORD-2") == "completed"
    assert open_desk.sums("ORD-1") == (0, 0, 0)
    assert open_desk.state("ORD-1") == "pending"
    assert (open_desk.credit(), open_desk.letters()) == (1_000, [])
    assert open_desk.problems() == []


def test_a_payment_that_the_answer_gives_to_nobody_is_not_the_claimed_ones(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)
    sale = there.pay(FLUTTERWAVE, None, 1_000)

    hear_claim(open_desk, sale.object_id, "ORD-1")
    asked(open_desk)

    assert open_desk.credit() == 0
    assert open_desk.account("suspense") == 1_000
    assert [reason for _, reason, _ in open_desk.letters()] == ["unknown_reference"]
    assert open_desk.problems() == []


def test_an_answer_without_a_reference_is_the_payments_whose_name_it_has(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    hear(open_desk, sale.object_id)
    asked(open_desk)

    sale.reference = None
    there.refund(sale, "re_1", 400)
    hear(open_desk, sale.object_id)
    asked(open_desk)

    assert (open_desk.credit(), open_desk.state("ORD-1")) == (600, "partially_refunded")
    assert open_desk.letters() == []


def test_an_amount_that_an_event_claims_has_no_effect(open_desk: Desk, there: LookUps) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)
    sale = there.pay(FLUTTERWAVE, "ORD-1", 1)

    event_id = hear_claim(open_desk, sale.object_id, "ORD-1", amount=10)
    asked(open_desk)

    assert open_desk.state("ORD-1") == "review"
    assert open_desk.credit() == 0
    assert open_desk.account("suspense") == 1
    assert event_id not in [letter for letter, *_ in open_desk.letters()]
    assert open_desk.problems() == []


def test_money_for_a_payment_that_nobody_announced_waits_for_it(
    open_desk: Desk, there: LookUps
) -> None:
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    hear(open_desk, sale.object_id)
    asked(open_desk)
    assert (open_desk.credit(), open_desk.account("suspense")) == (0, 1_000)

    announced(open_desk, "ORD-1")
    open_desk.heal()
    for command in open_desk.owed():
        open_desk.perform(command)

    assert (open_desk.credit(), open_desk.account("suspense")) == (1_000, 0)
    assert [status for *_, status in open_desk.letters()] == ["resolved"]
    assert open_desk.problems() == []


def test_a_name_that_the_provider_does_not_know_is_shown_to_a_person_and_moves_nothing(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1", FLUTTERWAVE)

    hear_claim(open_desk, "123456", "ORD-1")
    assert asked(open_desk) == "dead"

    assert [reason for _, reason, _ in open_desk.letters()] == ["provider_refused"]
    assert open_desk.state("ORD-1") == "pending"
    assert open_desk.credit() == 0
    assert there.asked(FLUTTERWAVE)


def test_without_a_key_the_event_waits_for_a_person_and_one_more_try_credits_it(
    desk: Desk, there: LookUps
) -> None:
    announced(desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    with asking(desk, there):
        event_id = hear(desk, sale.object_id)
        assert asked(desk) == "no_change"
    assert desk.letters() == [(event_id, "refetch_required", "open")]
    assert there.heard == []

    with asking(desk, there, MOLLIE):
        desk.replay(event_id)
        assert asked(desk) == "applied"

    assert desk.letters() == [(event_id, "refetch_required", "resolved")]
    assert (desk.credit(), desk.state("ORD-1")) == (1_000, "completed")
    assert desk.problems() == []


def test_tried_again_without_a_key_the_letter_is_open_again(desk: Desk, there: LookUps) -> None:
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    with asking(desk, there):
        event_id = hear(desk, sale.object_id)
        asked(desk)
        desk.replay(event_id)
        asked(desk)

    assert desk.letters() == [(event_id, "refetch_required", "open")]
    assert desk.actions(event_id)[-1] == "died_again"


def test_a_provider_that_is_away_is_asked_later(open_desk: Desk, there: LookUps) -> None:
    announced(open_desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    there.faults[MOLLIE] = ["429"]
    hear(open_desk, sale.object_id)

    assert asked(open_desk) == "retry"
    assert asked(open_desk) == "applied"
    assert open_desk.credit() == 1_000


def test_a_push_counts_for_the_payment_that_was_announced_by_its_name(
    open_desk: Desk, there: LookUps
) -> None:
    sale = there.pay(MPESA, None, 1_000)
    announced(open_desk, sale.object_id, MPESA)

    hear_push(open_desk, sale.object_id)
    assert asked(open_desk) == "applied"

    assert (open_desk.credit(), open_desk.state(sale.object_id)) == (1_000, "completed")
    assert open_desk.do(CommandKind.VERIFY, sale.object_id, number="1", provider=MPESA) == (
        "no_change"
    )


def test_a_callback_that_claims_a_sum_for_a_push_that_nobody_knows_moves_nothing(
    open_desk: Desk, there: LookUps
) -> None:
    sale = there.pay(MPESA, None, 1_000)

    hear_push(open_desk, sale.object_id)
    assert asked(open_desk) == "dead"

    assert open_desk.account("suspense") == 0
    assert [reason for _, reason, _ in open_desk.letters()] == ["provider_refused"]


@pytest.mark.parametrize("object_id", ["x" * 200, "../%2e%2e/?#", "object:object:" + "'" * 50])
def test_a_name_of_any_form_is_taken_up_and_ends_before_a_person(
    open_desk: Desk, there: LookUps, object_id: str
) -> None:
    body = json.dumps({"event": "charge.completed", "data": {"id": object_id}}).encode()

    event_id = open_desk.receive(body, source=FLUTTERWAVE)
    open_desk.apply(event_id)
    assert asked(open_desk) == "dead"

    assert there.heard == []
    assert [reason for _, reason, _ in open_desk.letters()] == ["provider_refused"]


def test_two_calls_that_come_together_are_answered_one_after_the_other_and_credited_once(
    open_desk: Desk, there: LookUps
) -> None:
    announced(open_desk, "ORD-1")
    sale = there.pay(MOLLIE, "ORD-1", 1_000)
    for _ in range(2):
        hear(open_desk, sale.object_id)
    commands = open_desk.owed()

    open_desk.at_once(2, lambda number: open_desk.ring(commands[number]))
    for command in open_desk.owed():
        open_desk.perform(command)

    assert (open_desk.credit(), open_desk.top_ups()) == (1_000, 1)
    assert open_desk.problems() == []
