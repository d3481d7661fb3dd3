"""What a key is: how it is written, whose it is, and of which request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.serving import KEY, Service, payment

if TYPE_CHECKING:
    from tests.ingress.serving import Door


def test_a_key_is_the_same_in_any_case_bare_or_quoted(door: Door, shop: Service) -> None:
    first = shop.create(key=KEY)
    for written in (KEY.upper(), f'"{KEY}"', f'"{KEY.upper()}"', f" {KEY}\t "):
        assert shop.create(key=written).body == first.body
    assert door.count("payment_logs") == 1


def test_a_uuid_of_any_version_is_a_key(shop: Service) -> None:
    for version in (1, 3, 4, 5, 7):
        assert shop.create(key=f"{KEY[:14]}{version}{KEY[15:]}").status == 202


NO_KEY: list[list[str]] = [
    ["not-a-uuid"],
    [""],
    ['""'],
    [KEY.replace("-", "")],
    [f"{{{KEY}}}"],
    [f"urn:uuid:{KEY}"],
    [f'"{KEY}'],
    [f"'{KEY}'"],
    [f"{KEY}, {KEY}"],
    [f'"{KEY}";a=1'],
    ["x" * 256],
    [KEY[:-1] + "ï"],
    [KEY, KEY],
]


def test_whatever_is_no_single_uuid_is_refused(door: Door, shop: Service) -> None:
    for keys in NO_KEY:
        headers = [("Idempotency-Key", key.encode().decode("latin-1")) for key in keys]
        answer = shop.ask("POST", "/v1/payments", payment(), headers=headers)
        assert (answer.status, answer.json["code"]) == (400, "idempotency_key_invalid"), keys
    assert door.count("payment_logs") == 0


def test_without_a_key_every_request_is_one_of_its_own(door: Door, shop: Service) -> None:
    assert shop.create().body != shop.create().body
    assert door.count("payment_logs") == 2


def test_the_same_key_with_another_request_is_refused_and_tells_nothing_of_the_first(
    door: Door, shop: Service
) -> None:
    first = shop.create(key=KEY, reference="first")
    for changes in ({"amount_minor": 5_001}, {"customer_id": "else"}, {"metadata": {"a": 1}}):
        answer = shop.create(key=KEY, reference="first", **changes)
        assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
        assert b"5000" not in answer.body
    assert door.count("payment_logs") == 1
    assert shop.create(key=KEY, reference="first").body == first.body


def test_order_and_space_make_no_other_request_and_a_digit_does(shop: Service) -> None:
    one = (
        b'{"provider":"paystack","amount_minor":5000,"currency":"NGN",'
        b'"customer_id":"c","metadata":{"a":1.5,"b":2}}'
    )
    same = (
        b' {"customer_id": "c", "metadata":{"b":2 ,"a":1.5}, '
        b'"provider":"p\\u0061ystack", "currency":"NGN", "amount_minor":5000}\n'
    )
    first = shop.ask("POST", "/v1/payments", one, key=KEY)
    assert first.status == 202
    assert shop.ask("POST", "/v1/payments", same, key=KEY).body == first.body
    digit = one.replace(b"1.5", b"1.50000000000000000000001")
    assert shop.ask("POST", "/v1/payments", digit, key=KEY).status == 422


def test_another_clients_key_is_another_key(door: Door, shop: Service, other: Service) -> None:
    mine, theirs = shop.create(key=KEY), other.create(key=KEY, amount_minor=1)
    assert (mine.status, theirs.status) == (202, 202)
    assert mine.json["reference"] != theirs.json["reference"]
    assert "idempotent-replayed" not in theirs.headers
    assert door.count("payment_logs") == 2


def test_the_same_key_for_another_kind_of_request_is_another_key(door: Door, shop: Service) -> None:
    reference = shop.create(key=KEY).json["reference"]
    verified = shop.ask("POST", f"/v1/payments/{reference}/verify", key=KEY)
    assert verified.status == 202
    assert "idempotent-replayed" not in verified.headers
    assert door.count("inbound_work") == 2


def test_the_same_key_for_the_same_request_about_another_payment_is_refused(
    shop: Service,
) -> None:
    one, two = (shop.create().json["reference"] for _ in range(2))
    assert shop.ask("POST", f"/v1/payments/{one}/verify", key=KEY).status == 202
    assert shop.ask("POST", f"/v1/payments/{two}/verify", key=KEY).status == 422
