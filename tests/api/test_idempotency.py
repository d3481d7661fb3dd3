"""A key makes a request that is sent again the same request."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from ingress.api.answer import Answer as KeptAnswer
from ingress.api.errors import IdempotencyKeyInUse
from ingress.api.idempotency import Claim, Slot, keep
from tests.api.serving import Service, execute, new_client, payment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingress.serving import Answer, Door

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
CALLERS = 100


def at_once(ask: Callable[[int], Answer], callers: int) -> list[Answer]:
    """Have so many callers ask at the same time."""
    barrier = threading.Barrier(callers)

    def wait_and_ask(number: int) -> Answer:
        barrier.wait()
        return ask(number)

    with ThreadPoolExecutor(callers) as threads:
        return list(threads.map(wait_and_ask, range(callers)))


def test_a_hundred_equal_requests_at_once_make_one_payment_and_get_one_answer(
    door: Door, shop: Service
) -> None:
    def insist(_: int) -> Answer:
        while (answer := shop.create(key=KEY)).status == 409:
            assert answer.json["code"] == "idempotency_key_in_use"
        return answer

    answers = at_once(insist, CALLERS)
    assert {(each.status, each.body, each.headers["location"]) for each in answers} == {
        (202, answers[0].body, answers[0].headers["location"])
    }
    assert door.count("payment_logs") == 1
    assert door.count("inbound_work") == 1
    fresh = [each for each in answers if "idempotent-replayed" not in each.headers]
    assert len(fresh) == 1


def test_a_repeated_request_is_answered_byte_for_byte_as_the_first_was(shop: Service) -> None:
    first, second = shop.create(key=KEY), shop.create(key=KEY)
    assert (first.status, first.body) == (second.status, second.body)
    assert first.headers["location"] == second.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


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


def test_verified_again_under_the_same_key_the_provider_is_asked_once(
    door: Door, shop: Service
) -> None:
    reference = shop.create().json["reference"]
    path = f"/v1/payments/{reference}/verify"
    answers = at_once(lambda _: shop.ask("POST", path, key=KEY), 10)
    assert {each.body for each in answers} == {answers[0].body}
    assert door.rows("SELECT count(*) FROM inbound_events WHERE event_key LIKE 'verify:%'") == [
        (1,)
    ]


def test_a_key_that_is_in_use_is_waited_for_a_second_and_then_refused_for_now(
    door: Door, shop: Service
) -> None:
    with psycopg.connect(door.database_url) as holder:
        holder.execute(
            "INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, expires_at)"
            " VALUES ('shop', 'POST', '/v1/payments', %s, sha256(''), now() + interval '1 day')",
            [KEY],
        )
        answer = shop.create(key=KEY)
        holder.rollback()
    assert (answer.status, answer.json["code"]) == (409, "idempotency_key_in_use")
    assert (answer.headers["retry-after"], answer.json["retryable"]) == ("1", True)
    assert shop.create(key=KEY).status == 202


def test_all_with_a_key_that_is_in_use_are_told_so_after_a_second(
    door: Door, shop: Service
) -> None:
    shop.create(reference="held")
    with psycopg.connect(door.database_url) as holder:
        holder.execute("SELECT FROM payment_logs WHERE reference = 'held' FOR UPDATE")
        begun_s = time.monotonic()
        path = "/v1/payments/held/refunds"
        answers = at_once(lambda _: shop.ask("POST", path, {"amount_minor": 1}, key=KEY), 10)
        took_s = time.monotonic() - begun_s
    codes = Counter(each.json["code"] for each in answers)
    assert set(codes) <= {"idempotency_key_in_use", "store_unavailable"}
    assert codes["idempotency_key_in_use"] >= 8
    assert took_s < 4


def test_a_key_that_is_forgotten_while_it_is_asked_for_is_never_worked_without(door: Door) -> None:
    slot = Slot("shop", "POST", "/v1/payments", UUID(KEY), bytes(32))
    new_client(door.database_url, "shop")
    with psycopg.connect(door.database_url) as holder:
        holder.execute(
            "INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, expires_at,"
            " status, headers, body) VALUES ('shop', 'POST', '/v1/payments', %s, sha256(''),"
            " now() + interval '1 day', 202, '{}', '')",
            [KEY],
        )

    async def story() -> None:
        async with await psycopg.AsyncConnection.connect(
            door.database_url, row_factory=dict_row
        ) as connection:
            claim = Claim(connection, slot)
            await claim.send()
            await connection.execute("DELETE FROM idempotency_keys")
            with pytest.raises(IdempotencyKeyInUse):
                await claim.kept()
            with pytest.raises(psycopg.errors.DivisionByZero):
                await keep(connection, slot, KeptAnswer(202, b"{}"))

    asyncio.run(story())


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
