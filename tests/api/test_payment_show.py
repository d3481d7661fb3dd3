"""A payment is looked at by its own client, and by the path that is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.payments_seen import pointers
from tests.api.serving import Service, execute

if TYPE_CHECKING:
    from tests.ingress.serving import Door


def test_what_need_not_be_escaped_in_a_path_may_be_and_nothing_else(
    door: Door, shop: Service
) -> None:
    shop.create(reference="a=b", customer_id="ada@example.com")
    assert shop.ask("GET", "/v1/customers/ada%40example.com/balance").status == 200
    assert shop.show("a%3Db").status == 200
    for path in ("/v1/payments/a%2Fb", "/v1/payments/a%25", "/v1/payments/a%253Db"):
        answer = shop.ask("GET", path)
        assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert door.ask("POST", "/webhooks/pay%73tack").status == 404


def test_another_clients_payment_is_not_there(shop: Service, other: Service) -> None:
    shop.create(reference="mine")
    paths = [("GET", ""), ("GET", "?wait=1"), ("POST", "/verify"), ("POST", "/cancel")]
    for method, path in paths:
        theirs = other.ask(method, f"/v1/payments/mine{path}")
        nowhere = other.ask(method, f"/v1/payments/nowhere{path}")
        assert (theirs.status, theirs.json["code"]) == (404, "payment_unknown")
        assert {**theirs.json, "request_id": ""} == {**nowhere.json, "request_id": ""}
    assert other.ask("GET", "/v1/payments").json["items"] == []


def test_a_wait_that_is_none_is_refused(shop: Service) -> None:
    shop.create(reference="r")
    for wait in ("31", "-1", "x", "", "nan", "inf", "1e9", "30.1"):
        assert pointers(shop.show("r", f"?wait={wait}")) == {"?wait"}, wait


def test_what_is_not_there_and_what_cannot_be_done_is_told_apart(shop: Service) -> None:
    shop.create(reference="r")
    assert shop.ask("GET", "/v1/else").json["code"] == "not_found"
    assert shop.ask("GET", "/v1/payments/r/").json["code"] == "not_found"
    assert shop.ask("GET", "/v1/payments/a%2Fb").json["code"] == "not_found"
    for method, path, allow in (
        ("PUT", "/v1/payments", "GET, POST"),
        ("DELETE", "/v1/payments/r", "GET"),
        ("GET", "/v1/payments/r/verify", "POST"),
    ):
        answer = shop.ask(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_payments_of_the_command_line_are_no_services(door: Door, shop: Service) -> None:
    execute(
        door,
        "INSERT INTO payment_logs (reference, client_id, customer_id, provider, account,"
        " amount_minor, currency, announced_by, head_hash) VALUES ('o', 'operator', 'c',"
        " 'paystack', 'default', 1, 'NGN', 'operator:x', sha256(''))",
    )
    assert shop.show("o").status == 404
