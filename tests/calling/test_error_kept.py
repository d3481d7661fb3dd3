"""Stripe keeps a 500 under its key for a day, whether it had an effect or not, as it documents.

The same key then gets the same error, and no other key may be tried: it might be a second payment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from domain.commands import CommandKind
from tests.calling.street import street
from workers.clients.registry import Clients
from workers.settings import CallSettings

if TYPE_CHECKING:
    from tests.calling.desk import Desk
    from tests.calling.street import Street

KEPT, KEPT_IN_VAIN = "error_kept", "error_kept_before_effect"
HOUR_S = 3_600
TRIES = 4
"""The first call, two repeats under its key, and a look-up."""


def go_on(here: Street, event_id: int, tries: int = TRIES) -> list[str]:
    """Try a command some times more; return what became of it each time."""
    return [anew(here, event_id) for _ in range(tries)]


def anew(here: Street, event_id: int) -> str:
    """Try a command once more, so much later that the account is not left alone any more."""
    key = SecretStr("sk_test_x")
    settings = CallSettings(
        stripe_api_url=here.there.url_stripe, accounts={("stripe", "default"): key}
    )
    with Clients(settings) as clients:
        here.desk.over_http = clients
        return here.desk.perform(event_id)


def pass_time(here: Street, hours: int) -> None:
    """Let hours go by, for us as well as there."""
    here.there.advance(hours * HOUR_S)
    here.desk.age_calls(hours * HOUR_S)
    here.desk.execute("UPDATE inbound_work SET since = since - make_interval(hours => %s)", [hours])


def keys_of(here: Street, operation: str) -> set[str]:
    return {call.key for call in here.there.journal.of(operation)}


def sessions(here: Street) -> int:
    return len(here.there.checkouts("stripe"))


@pytest.mark.parametrize(("behaviour", "made"), [(KEPT, 1), (KEPT_IN_VAIN, 0)])
def test_a_payment_is_tried_for_a_day_under_one_key_then_a_person_is_told_and_it_never_fails(
    desk: Desk, behaviour: str, made: int
) -> None:
    """That no intent is found proves nothing: a session has none before somebody pays."""
    with street(desk, "stripe", f"initialize:{behaviour}:@1") as here:
        desk.make_known("p1", provider="stripe")
        here.order(CommandKind.INITIALIZE, "p1")
        [event_id] = desk.owed()
        for tries in (TRIES, 2, 2):
            assert set(go_on(here, event_id, tries)) == {"retry"}
            assert (desk.state("p1"), sessions(here)) == ("processing", made)
            pass_time(here, 8)
        pass_time(here, 1)

        assert go_on(here, event_id, 1) == ["dead"]
        assert keys_of(here, "initialize") == {"payratchet:p1:initialize"}
        assert sessions(here) == made

    assert desk.letters() == [(event_id, "expired", "open")]
    assert desk.state("p1") == "processing"
    assert desk.problems() == []


def test_it_is_paid_all_the_same_if_somebody_has_the_page(desk: Desk) -> None:
    with street(desk, "stripe", f"initialize:{KEPT}:@1") as here:
        desk.make_known("p1", provider="stripe")
        here.order(CommandKind.INITIALIZE, "p1")
        [event_id] = desk.owed()
        go_on(here, event_id)

        here.there.pay("p1", provider="stripe")
        became = go_on(here, event_id, 2)

        assert became[-1] == "applied"
        assert sessions(here) == 1
    assert (desk.state("p1"), desk.credit(), desk.letters()) == ("completed", 1_000, [])


def test_a_refund_that_was_made_is_found_in_the_list_and_not_made_again(desk: Desk) -> None:
    with street(desk, "stripe") as here:
        refundable(here)
        here.there.set_faults(f"refund:{KEPT}:@1")
        event_id = desk.ask_refund("rf1", 400, provider="stripe")
        became = go_on(here, event_id)

        assert became == ["retry", "retry", "retry", "applied"]
        assert len(here.there.books.captures[0].refunds) == 1

    assert desk.value("SELECT provider_refund_id FROM refunds") is not None
    assert desk.owed() == []


def test_a_refund_that_was_not_made_is_made_once_when_its_key_is_forgotten(desk: Desk) -> None:
    with street(desk, "stripe") as here:
        refundable(here)
        here.there.set_faults(f"refund:{KEPT_IN_VAIN}:@1")
        event_id = desk.ask_refund("rf1", 400, provider="stripe")
        for tries in (TRIES, 2, 2):
            assert set(go_on(here, event_id, tries)) == {"retry"}
            assert here.there.books.captures[0].refunds == []
            assert (desk.refund_status("rf1"), desk.held()) == ("sent", 400)
            pass_time(here, 8)
        became = go_on(here, event_id, 2)

        assert became[-1] == "gone"
        assert len(here.there.books.captures[0].refunds) == 1
        assert keys_of(here, "refund") == {"payratchet:rf1"}

    assert desk.letters() == []
    assert desk.value("SELECT provider_refund_id FROM refunds") is not None
    assert desk.problems() == []


def refundable(here: Street) -> None:
    """Have a payment that is paid."""
    here.desk.make_known("p1", provider="stripe")
    here.order(CommandKind.INITIALIZE, "p1")
    here.settle()
    here.pay("p1")
