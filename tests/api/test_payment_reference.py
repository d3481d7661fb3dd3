"""A reference is one payment's: an equal request gets that payment, any other is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.api.payments_seen import move
from tests.api.rivals import at_once

if TYPE_CHECKING:
    from tests.api.serving import Service
    from tests.ingress.serving import Door


def test_an_equal_request_without_a_key_gets_the_first_ones_payment(
    door: Door, shop: Service
) -> None:
    first = shop.create(reference="order-1", metadata={"a": 1})
    move(door, "order-1", "processing")
    second = shop.create(reference="order-1", metadata={"a": 1})
    assert (first.status, second.status) == (202, 200)
    assert second.json["state"] == "processing"
    assert second.headers["location"] == first.headers["location"]
    assert (door.count("payment_logs"), door.count("inbound_work")) == (1, 1)


def test_equal_requests_without_a_key_at_once_make_one_payment(door: Door, shop: Service) -> None:
    answers = at_once(lambda _: shop.create(reference="order-1"), 30)
    assert sorted(each.status for each in answers) == [200] * 29 + [202]
    assert (door.count("payment_logs"), door.count("inbound_work")) == (1, 1)


OTHERWISE: list[dict[str, Any]] = [
    {"amount_minor": 1},
    {"currency": "GHS"},
    {"provider": "stripe"},
    {"customer_id": "else"},
    {"metadata": {"a": 1}},
    {"email": "else@example.com"},
    {"email": None},
    {"callback_url": "https://shop.example/"},
]


def test_any_other_request_with_the_reference_is_a_conflict(door: Door, shop: Service) -> None:
    assert shop.create(reference="order-1").status == 202
    for change in OTHERWISE:
        answer = shop.create(reference="order-1", **change)
        assert (answer.status, answer.json["code"]) == (409, "reference_in_use"), change
    assert door.count("payment_logs") == 1


def test_a_reference_of_another_client_is_in_use_and_that_is_all_that_is_told(
    shop: Service, other: Service
) -> None:
    assert other.create(reference="order-1").status == 202
    equal, different = (shop.create(reference="order-1", amount_minor=n) for n in (5_000, 1))
    shop.create(reference="mine")
    own = shop.create(reference="mine", amount_minor=1)
    told = [{**each.json, "request_id": ""} for each in (equal, different, own)]
    assert told[0] == told[1] == told[2]
    assert told[0]["code"] == "reference_in_use"
