"""A payment is asked for: what is kept, what is answered, and that a worker is told."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.money import AMOUNT_MINOR_MAX
from domain.payment import REFERENCE
from tests.api.payments_seen import commands
from tests.api.serving import Service, payment

if TYPE_CHECKING:
    from tests.ingress.serving import Door

FIELDS = [
    *("reference", "provider", "provider_reference", "state", "amount_minor", "currency"),
    *("customer_id", "authorization_url", "captured_minor", "refunded_minor", "version"),
    *("created_at", "updated_at", "metadata"),
]

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_payment_is_asked_for_and_a_worker_is_told(door: Door, shop: Service) -> None:
    answer = shop.create(
        reference="order.1=a-b_c",
        callback_url="https://shop.example/thanks?order=1",
        metadata={"order": 1, "share": 0.25},
    )
    assert (answer.status, answer.headers["location"]) == (202, "/v1/payments/order.1=a-b_c")
    assert list(answer.json) == FIELDS
    assert (answer.json["state"], answer.json["version"]) == ("pending", 0)
    assert answer.json["metadata"] == {"order": 1, "share": 0.25}
    assert INSTANT.fullmatch(answer.json["created_at"])
    [command] = commands(door)
    assert (command.kind, command.actor) == (CommandKind.INITIALIZE, "client:shop")
    assert command.email == "someone@example.com"
    assert command.callback_url == "https://shop.example/thanks?order=1"
    assert door.rows("SELECT lane FROM inbound_work") == [("calls",)]
    assert shop.show("order.1=a-b_c").body == answer.body


def test_without_a_reference_one_is_made_that_every_provider_takes(shop: Service) -> None:
    references = {shop.create().json["reference"] for _ in range(5)}
    assert len(references) == 5
    assert all(REFERENCE.fullmatch(each) and "_" not in each for each in references)


def test_no_email_or_address_to_return_to_is_kept_with_the_payment(
    door: Door, shop: Service
) -> None:
    shop.create(callback_url="https://shop.example/x")
    [row] = door.rows("SELECT payment_logs::text FROM payment_logs")
    assert "example" not in row[0]


def test_the_greatest_amount_is_taken_and_given_back_exactly(shop: Service) -> None:
    answer = shop.create(amount_minor=AMOUNT_MINOR_MAX, reference="much")
    assert answer.status == 202
    assert shop.show("much").json["amount_minor"] == AMOUNT_MINOR_MAX


def test_a_body_sent_by_curl_without_a_type_is_taken_for_json(shop: Service) -> None:
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    assert shop.ask("POST", "/v1/payments", payment(reference="r"), headers=headers).status == 202
    for body, kind in ((b"", headers), (b"{}", headers), (b"", [("Content-Type", "text/plain")])):
        assert shop.ask("POST", "/v1/payments/r/verify", body, headers=kind).status == 202


def test_metadata_is_answered_as_it_is_kept(shop: Service) -> None:
    sent = b'{"zebra":1.50,"ab":1e5,"c":0.1,"d":123456789012345678,"e":null,"f":2e-7}'
    body = json.dumps(payment(reference="r", metadata={})).encode()
    body = body.replace(b'"metadata": {}', b'"metadata": ' + sent)
    answer = shop.ask("POST", "/v1/payments", body)
    assert answer.status == 202
    assert shop.show("r").body == answer.body
    assert answer.json["metadata"] == json.loads(sent)


def test_no_metadata_may_be_said_as_null(shop: Service) -> None:
    answer = shop.ask("POST", "/v1/payments", {**payment(), "metadata": None})
    assert (answer.status, answer.json["metadata"]) == (202, {})
