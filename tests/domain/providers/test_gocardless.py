from __future__ import annotations

import hashlib
from typing import Any

import pytest

from domain.delivery import Hearsay, Hint, KeyedEvent, ProviderEvent
from domain.errors import PayloadInvalid
from domain.providers.many_events import EVENTS_PER_BODY_MAX
from tests.conformance.sender import dumped
from tests.conformance.senders.gocardless import SENDER


def event(number: int, kind: str = "payments/confirmed", **changes: Any) -> dict[str, Any]:
    resource, action = kind.split("/")
    named = {"id": f"EV{number}", "resource_type": resource, "action": action}
    return named | {"links": {"payment": f"PM{number}"}} | changes


def batch(*events: Any) -> bytes:
    return dumped({"events": list(events), "meta": {"webhook_id": "WB1"}})


def keyed(body: bytes) -> tuple[KeyedEvent, ...]:
    return SENDER.verify(SENDER.request(body)).events


def by_hash(body: bytes) -> str:
    return "body:" + hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("count", [1, 2, 250, EVENTS_PER_BODY_MAX])
def test_every_event_of_a_delivery_has_its_own_key_and_is_found_by_it(count: int) -> None:
    body = batch(*(event(n, resource_metadata={"reference": f"ORD-{n}"}) for n in range(count)))

    found = [(event.key, event.reference, event.readable) for event in keyed(body)]

    assert found == [(f"EV{n}", f"ORD-{n}", True) for n in range(count)]
    assert SENDER.provider.parse(body, f"EV{count - 1}") == Hearsay(
        "payments/confirmed", Hint(f"ORD-{count - 1}"), Hint(f"PM{count - 1}")
    )


@pytest.mark.parametrize(
    "events",
    [
        [],
        [event(n) for n in range(EVENTS_PER_BODY_MAX + 1)],
        [event(1), event(2, id=None)],
        [event(1), event(2, id="")],
        [event(1), event(2, id={})],
        [event(1), "EV2"],
    ],
    ids=["none", "too many", "no id", "an empty id", "no text", "no object"],
)
def test_one_event_that_cannot_be_named_makes_the_whole_body_unreadable(events: list[Any]) -> None:
    body = batch(*events)

    assert keyed(body) == (KeyedEvent(by_hash(body), None, readable=False),)
    with pytest.raises(PayloadInvalid):
        SENDER.provider.parse(body, by_hash(body))


@pytest.mark.parametrize("tree", [{}, {"events": None}, {"events": {"id": "EV1"}}], ids=str)
def test_a_body_without_a_list_is_unreadable(tree: dict[str, Any]) -> None:
    assert keyed(dumped(tree)) == (KeyedEvent(by_hash(dumped(tree)), None, readable=False),)


def test_an_event_that_is_there_twice_is_one_and_two_of_one_id_are_refused() -> None:
    twice, torn = batch(event(1), event(1)), batch(event(1), event(1, "payments/failed"))

    assert keyed(twice) == keyed(torn) == (KeyedEvent("EV1", None),)
    assert SENDER.provider.parse(twice, "EV1") == SENDER.provider.parse(batch(event(1)), "EV1")
    with pytest.raises(PayloadInvalid):
        SENDER.provider.parse(torn, "EV1")


def test_an_event_is_found_under_the_key_of_a_body_that_contradicts_an_earlier_one() -> None:
    body = batch(event(1), event(2))
    own_key = f"EV2#{hashlib.sha256(body).hexdigest()}"

    assert SENDER.provider.parse(body, own_key) == SENDER.provider.parse(body, "EV2")
    for other in ("EV3", f"EV2#{'0' * 64}", "EV"):
        with pytest.raises(PayloadInvalid):
            SENDER.provider.parse(body, other)


@pytest.mark.parametrize(
    "kind",
    [
        *("payments/confirmed", "payments/paid_out", "payments/failed", "payments/charged_back"),
        *("payments/late_failure_settled", "refunds/created", "refunds/failed"),
    ],
)
def test_what_happens_to_payments_and_refunds_is_asked_about(kind: str) -> None:
    assert SENDER.provider.parse(batch(event(1, kind)), "EV1") == Hearsay(kind, None, Hint("PM1"))


def test_a_refund_that_names_no_payment_is_asked_about_by_its_own_name() -> None:
    said = SENDER.provider.parse(batch(event(1, "refunds/paid", links={"refund": "RF1"})), "EV1")

    assert said == Hearsay("refunds/paid", None, Hint("RF1"))


@pytest.mark.parametrize("kind", ["mandates/created", "payouts/paid", "subscriptions/cancelled"])
def test_mandates_and_payouts_are_ignored(kind: str) -> None:
    assert SENDER.provider.parse(batch(event(1, kind)), "EV1") == ProviderEvent(kind, None)


def test_an_event_without_an_action_is_refused() -> None:
    with pytest.raises(PayloadInvalid):
        SENDER.provider.parse(batch(event(1, action=None)), "EV1")
