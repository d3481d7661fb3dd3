"""What asks for no payment is refused, and the fields that are wrong are named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from domain.money import AMOUNT_MINOR_MAX
from tests.api.payments_seen import pointers
from tests.api.serving import Service, payment

if TYPE_CHECKING:
    from tests.ingress.serving import Door

WRONG: list[tuple[str, Any]] = [
    ("amount_minor", 0),
    ("amount_minor", -1),
    ("amount_minor", True),
    ("amount_minor", 1.0),
    ("amount_minor", 50.5),
    ("amount_minor", "5000"),
    ("amount_minor", AMOUNT_MINOR_MAX + 1),
    ("amount_minor", None),
    ("currency", "ngn"),
    ("currency", "XXX"),
    ("currency", "BTC"),
    ("currency", "USD\n"),
    ("currency", "KWD"),  # Paystack does not write it
    ("provider", "Paystack"),
    ("provider", "standard-webhooks"),
    ("provider", 1),
    ("customer_id", ""),
    ("customer_id", "a b"),
    ("customer_id", "c\n"),
    ("customer_id", "c" * 101),
    ("reference", "a/b"),
    ("reference", ""),
    ("reference", "r" * 101),
    ("reference", "r\n"),
    ("email", "nobody"),
    ("email", "a b@c"),
    ("callback_url", "javascript:alert(1)"),
    ("callback_url", "ftp://x/y"),
    ("callback_url", "https://"),
    ("callback_url", "https://user:pw@host/"),
    ("callback_url", "https://host:99999/"),
    ("callback_url", "https://" + "h" * 2_000),
    ("metadata", []),
    ("metadata", "text"),
    ("metadata", {"a": "x" * 8_192}),
    ("metadata", {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}),
    ("state", "completed"),
]


def test_a_field_that_means_nothing_is_named(door: Door, shop: Service) -> None:
    for field, value in WRONG:
        assert f"/{field}" in pointers(shop.create(**{field: value})), (field, value)
    assert door.count("payment_logs") == 0


def test_a_currency_is_refused_where_its_provider_cannot_write_the_amount(shop: Service) -> None:
    fine = {"provider": "stripe", "currency": "MGA"}
    assert pointers(shop.create(amount_minor=150, **fine)) == {"/currency"}
    assert shop.create(amount_minor=1_500 * 100, **fine).status == 202


def test_every_field_that_is_wrong_is_told_at_once(shop: Service) -> None:
    answer = shop.ask("POST", "/v1/payments", {"provider": "x", "amount_minor": 0, "more": 1})
    expected = {"/provider", "/amount_minor", "/currency", "/customer_id", "/more"}
    assert pointers(answer) == expected


NO_JSON = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    b"\xef\xbb\xbf{}",
    b'{"amount_minor":1,"amount_minor":2}',
    b'{"amount_minor":NaN}',
    b'{"amount_minor":Infinity}',
    b'{"amount_minor":-0}',
    b'{"amount_minor":123456789012345678901}',
    b'{"metadata":{"a":"\\u0000"}}',
    b'{"metadata":{"a":"\\ud800"}}',
    b'{"metadata":' + b'{"a":' * 70 + b"1" + b"}" * 71,
    b"provider=paystack",
]


def test_a_body_that_is_no_strict_json_is_malformed(door: Door, shop: Service) -> None:
    for body in NO_JSON:
        answer = shop.ask("POST", "/v1/payments", body)
        assert (answer.status, answer.json["code"]) == (400, "request_malformed"), body
    assert door.count("payment_logs") == 0


def test_a_number_beyond_a_double_is_not_taken_into_metadata(shop: Service) -> None:
    body = json.dumps(payment(metadata={"a": 0})).replace('"a": 0', '"a": 1e999').encode()
    assert pointers(shop.ask("POST", "/v1/payments", body)) == {"/metadata"}


def test_a_body_of_another_type_is_told_what_is_taken(shop: Service) -> None:
    for kind in ("multipart/form-data", "text/plain", "application/json; charset=x"):
        headers = [("Content-Type", kind)]
        answer = shop.ask("POST", "/v1/payments", payment(), headers=headers)
        assert (answer.status, answer.json["code"]) == (415, "content_type_unsupported")
    for kind in ("application/json", "Application/JSON; charset=UTF-8"):
        headers = [("Content-Type", kind)]
        assert shop.ask("POST", "/v1/payments", payment(), headers=headers).status == 202


def test_a_number_that_would_not_be_given_back_as_it_was_sent_is_not_taken(shop: Service) -> None:
    body = json.dumps(payment(metadata={"a": 0}))
    for number in ("9007199254740993.0", "-0.0", "1e20", "1e-400", "0.10000000000000000001"):
        sent = body.replace('"a": 0', f'"a": {number}').encode()
        assert pointers(shop.ask("POST", "/v1/payments", sent)) == {"/metadata"}, number


def test_a_body_that_is_too_large_is_refused(shop: Service) -> None:
    answer = shop.ask("POST", "/v1/payments", b" " * 70_000)
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")
