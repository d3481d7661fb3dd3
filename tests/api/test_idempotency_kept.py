"""Which answers are kept under a key, how long, and by whose guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.api.serving import KEY, Service, execute

if TYPE_CHECKING:
    from tests.ingress.serving import Door


def test_a_refusal_that_the_state_of_things_decided_is_kept(door: Door, shop: Service) -> None:
    missing = "/v1/payments/nowhere/verify"
    first = shop.ask("POST", missing, key=KEY)
    assert (first.status, first.json["code"]) == (404, "payment_unknown")
    assert shop.create(reference="nowhere").status == 202
    second = shop.ask("POST", missing, key=KEY)
    assert (second.status, second.body) == (404, first.body)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["content-type"] == "application/problem+json"
    assert shop.ask("POST", missing).status == 202
    assert door.count("idempotency_keys") == 1


def test_a_conflict_is_kept_and_leaves_nothing_else_behind(
    door: Door, shop: Service, other: Service
) -> None:
    assert other.create(reference="taken").status == 202
    first = shop.create(key=KEY, reference="taken")
    assert (first.status, first.json["code"]) == (409, "reference_in_use")
    again = shop.create(key=KEY, reference="taken")
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert door.count("payment_logs") == 1


def test_what_the_form_of_a_request_was_refused_for_is_not_kept(door: Door, shop: Service) -> None:
    assert shop.create(key=KEY, amount_minor=0).status == 422
    assert shop.ask("POST", "/v1/payments", b"{", key=KEY).status == 400
    assert door.count("idempotency_keys") == 0
    assert shop.create(key=KEY).status == 202


def test_a_request_that_came_too_often_is_not_kept(door: Door, other: Service) -> None:
    for _ in range(5):
        assert other.create().status == 202
    assert other.create(key=KEY).status == 429
    assert door.count("idempotency_keys") == 0


def test_the_database_keeps_no_key_without_its_answer(door: Door, shop: Service) -> None:
    claim = (
        "INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, expires_at)"
        " VALUES ('shop', 'POST', '/v1/payments', %s, sha256(''), now() + interval '1 day')"
    )
    answer = "UPDATE idempotency_keys SET status = 202, headers = '{}', body = ''"
    with psycopg.connect(door.database_url) as connection:
        connection.execute(claim, [KEY])
        with pytest.raises(psycopg.errors.IntegrityError, match="without its answer"):
            connection.commit()
    assert door.count("idempotency_keys") == 0
    assert shop.create(key=KEY).status == 202
    with psycopg.connect(door.database_url) as connection:
        connection.execute("DELETE FROM idempotency_keys")
        connection.execute(claim, [KEY])
        connection.execute(answer)
    assert door.count("idempotency_keys") == 1


def test_after_thirty_days_a_key_is_a_new_one(door: Door, shop: Service) -> None:
    first = shop.create(key=KEY)
    [[days]] = door.rows("SELECT extract(day FROM expires_at - created_at) FROM idempotency_keys")
    assert days == 30
    execute(door, "UPDATE idempotency_keys SET expires_at = now()")
    second = shop.create(key=KEY, amount_minor=7)
    assert (second.status, second.json["amount_minor"]) == (202, 7)
    assert second.json["reference"] != first.json["reference"]
    assert shop.create(key=KEY, amount_minor=7).body == second.body


def test_a_repeat_does_not_make_a_key_live_longer(door: Door, shop: Service) -> None:
    shop.create(key=KEY)
    before = door.rows("SELECT expires_at FROM idempotency_keys")
    shop.create(key=KEY)
    assert door.rows("SELECT expires_at FROM idempotency_keys") == before
