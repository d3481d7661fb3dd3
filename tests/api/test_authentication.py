"""Who may ask: keys that are ours, live, and have the scope."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain import api_keys
from ingress.api.limits import UNAUTHENTICATED
from tests.api.serving import Service, api_serving, execute, insert_key, new_client
from tests.ingress.serving import until

if TYPE_CHECKING:
    from tests.ingress.serving import Door


def new_key() -> str:
    return api_keys.written(os.urandom(api_keys.PREFIX_BYTES), os.urandom(api_keys.SECRET_BYTES))


def test_a_request_without_exactly_one_bearer_key_is_told_to_send_one(door: Door) -> None:
    no_keys: list[list[str]] = [
        [],
        [""],
        ["Bearer"],
        ["Basic cHJrOg=="],
        ["prk_x"],
        ["Bearer a"] * 2,
    ]
    for values in no_keys:
        headers = [("Authorization", each) for each in values]
        answer = door.ask("GET", "/v1/payments", headers=headers)
        assert (answer.status, answer.json["code"]) == (401, "key_missing"), values
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_that_is_none_of_ours_is_invalid_whatever_is_wrong_with_it(
    door: Door, shop: Service
) -> None:
    one_letter_off = shop.key[:-1] + ("a" if shop.key[-1] != "a" else "b")
    for key in (one_letter_off, new_key(), "prk_x_y", "sk_live_1", shop.key.upper(), "a" * 5_000):
        answer = door.ask("GET", "/v1/payments", headers=[("Authorization", f"Bearer {key}")])
        assert (answer.status, answer.json["code"]) == (401, "key_invalid")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert key not in answer.body.decode()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_keys SET revoked_at = now()",
        "UPDATE api_keys SET expires_at = now()",
        "UPDATE api_clients SET revoked_at = now()",
    ],
)
def test_a_key_that_was_revoked_is_refused_at_once(door: Door, shop: Service, change: str) -> None:
    assert shop.ask("GET", "/v1/payments").status == 200
    execute(door, change)
    assert shop.ask("GET", "/v1/payments").json["code"] == "key_invalid"


def test_two_keys_of_one_client_are_both_good_while_it_changes_over(
    door: Door, shop: Service
) -> None:
    second = new_key()
    with psycopg.connect(door.database_url) as connection:
        insert_key(connection, "shop", second)
    created = shop.create(reference="seen-by-both")
    assert created.status == 202
    assert Service(door, "shop", second).show("seen-by-both").body == created.body


def test_the_scheme_is_read_in_any_case(door: Door, shop: Service) -> None:
    headers = [("Authorization", f"bEARER  {shop.key}")]
    assert door.ask("GET", "/v1/payments", headers=headers).status == 200


def test_a_client_may_do_what_its_scopes_say_and_to_write_implies_to_read(door: Door) -> None:
    reader = Service(door, "r", new_client(door.database_url, "r", scopes=["payments:read"]))
    writer = Service(door, "w", new_client(door.database_url, "w", scopes=["payments:write"]))
    stranger = Service(door, "c", new_client(door.database_url, "c", scopes=["credit:write"]))
    assert [each.create().status for each in (reader, writer, stranger)] == [403, 202, 403]
    found = [each.ask("GET", "/v1/payments").status for each in (reader, writer, stranger)]
    assert found == [200, 200, 403]
    assert reader.create().json["code"] == "scope_missing"


def test_when_a_key_was_last_used_is_written_once_a_minute(
    database_url: str, redis_url: str
) -> None:
    """A process that stops writes what it has not written yet: what it writes then is all."""
    query = "SELECT last_used_at FROM api_keys"
    key = new_client(database_url, "shop")
    with api_serving(database_url, redis_url) as door:
        assert Service(door, "shop", key).ask("GET", "/v1/payments").status == 200
        until(lambda: door.rows(query)[0][0] is not None)
        [[first]] = door.rows(query)
        assert Service(door, "shop", key).ask("GET", "/v1/payments").status == 200
    assert door.rows(query) == [(first,)]
    with api_serving(database_url, redis_url) as another:
        assert Service(another, "shop", key).ask("GET", "/v1/payments").status == 200
    assert door.rows(query) == [(first,)], "nor by another process"
    aged = "UPDATE api_keys SET last_used_at = last_used_at - interval '61 s'"
    assert execute(door, aged) == 1
    with api_serving(database_url, redis_url) as another:
        assert Service(another, "shop", key).ask("GET", "/v1/payments").status == 200
    [[later]] = door.rows(query)
    assert later > first


def test_an_address_without_a_valid_key_is_told_to_stay_away_and_a_valid_key_is_not(
    door: Door, shop: Service
) -> None:
    answers = [door.ask("GET", "/v1/payments") for _ in range(UNAUTHENTICATED.requests + 1)]
    assert [each.status for each in answers] == [401] * UNAUTHENTICATED.requests + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= UNAUTHENTICATED.period_s
    assert answers[-1].json["code"] == "rate_limited"
    assert shop.ask("GET", "/v1/payments").status == 200


def test_who_writes_an_address_into_x_forwarded_for_is_still_counted_as_who_it_is(
    door: Door,
) -> None:
    spoofed = [
        door.ask("GET", "/v1/payments", headers=[("X-Forwarded-For", f"203.0.113.{number}")])
        for number in range(UNAUTHENTICATED.requests + 1)
    ]
    assert spoofed[-1].status == 429


def test_behind_a_trusted_proxy_every_address_has_a_bucket_of_its_own(
    database_url: str, redis_url: str
) -> None:
    with api_serving(database_url, redis_url, trusted_proxies="127.0.0.0/8") as door:

        def ask(address: str) -> int:
            headers = [("X-Forwarded-For", address)]
            return door.ask("GET", "/v1/payments", headers=headers).status

        first = [ask("203.0.113.1") for _ in range(UNAUTHENTICATED.requests + 1)]
        assert (first[-1], ask("203.0.113.2"), ask("203.0.113.1")) == (429, 401, 429)


def test_without_a_pepper_there_is_no_api_and_webhooks_are_still_described(
    database_url: str, redis_url: str
) -> None:
    with api_serving(database_url, redis_url, api_key_pepper=None) as door:
        for path in ("/v1/payments", "/v1/payments/x"):
            assert door.ask("GET", path).json["code"] == "not_found"
        answer = door.ask("GET", "/openapi.json")
        assert (answer.status, "/webhooks/{provider}" in answer.json["paths"]) == (200, True)


def test_what_cannot_be_a_key_of_ours_is_refused_without_the_store(door: Door) -> None:
    with psycopg.connect(door.database_url) as holder:
        holder.execute("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE")
        begun_s = time.monotonic()
        answer = door.ask("GET", "/v1/payments", headers=[("Authorization", "Bearer nonsense")])
        took_s = time.monotonic() - begun_s
    assert (answer.status, answer.json["code"]) == (401, "key_invalid")
    assert took_s < 0.9


def test_keys_of_an_address_that_is_over_its_limit_are_hardly_looked_up(
    door: Door, shop: Service
) -> None:
    assert shop.ask("GET", "/v1/payments").status == 200
    for _ in range(UNAUTHENTICATED.requests + 1):
        door.ask("GET", "/v1/payments")
    headers = [("Authorization", f"Bearer {new_key()}")]
    door.ask("GET", "/v1/payments", headers=headers)  # one is let through now and then
    with psycopg.connect(door.database_url) as holder:
        holder.execute("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE")
        begun_s = time.monotonic()
        answers = [door.ask("GET", "/v1/payments", headers=headers).status for _ in range(3)]
        took_s = time.monotonic() - begun_s
    assert answers == [429] * 3
    assert took_s < 0.9
    assert shop.ask("GET", "/v1/payments").status == 200


def test_no_refusal_is_kept_by_anybody_on_the_way(door: Door, shop: Service) -> None:
    for answer in (door.ask("GET", "/v1/payments"), shop.show("nowhere"), shop.show("a%2Fb")):
        assert answer.headers["cache-control"] == "no-store"
