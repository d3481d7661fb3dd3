"""A caller who asked a moment ago is known, and has no more rights than the store says now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.serving import Service, execute

if TYPE_CHECKING:
    from tests.ingress.serving import Door

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
NO_MORE = [
    ("UPDATE api_keys SET revoked_at = now()", 401, "key_invalid"),
    ("UPDATE api_keys SET expires_at = now()", 401, "key_invalid"),
    ("UPDATE api_keys SET key_hash = sha256('another')", 401, "key_invalid"),
    ("UPDATE api_clients SET revoked_at = now()", 401, "key_invalid"),
    ("UPDATE api_clients SET scopes = ARRAY['payments:read']", 403, "scope_missing"),
]


@pytest.mark.parametrize(("change", "status", "code"), NO_MORE)
def test_whoever_may_no_more_is_refused_at_once_whatever_they_ask(
    door: Door, shop: Service, change: str, status: int, code: str
) -> None:
    assert shop.create(key=KEY, reference="first").status == 202
    execute(door, change)
    # New; known by its key; known by its reference; not valid; under a key that is none.
    for answer in (
        shop.create(),
        shop.create(key=KEY, reference="first"),
        shop.create(reference="first"),
        shop.create(amount_minor=0),
        shop.create(key="none"),
    ):
        assert (answer.status, answer.json["code"]) == (status, code)
    assert door.count("payment_logs") == 1
    assert door.count("idempotency_keys") == 1


def test_each_request_of_a_remembered_caller_is_refused_alone(door: Door, shop: Service) -> None:
    assert shop.create().status == 202
    assert shop.create(amount_minor=0).json["code"] == "validation_failed"
    assert shop.create(key="none").json["code"] == "idempotency_key_invalid"
    assert shop.create().status == 202
    assert door.count("payment_logs") == 2


def test_another_key_of_the_same_prefix_is_not_the_remembered_one(shop: Service) -> None:
    assert shop.create().status == 202
    forged = shop.key[:-1] + ("a" if shop.key[-1] != "a" else "b")
    assert Service(shop.door, "shop", forged).create().json["code"] == "key_invalid"
