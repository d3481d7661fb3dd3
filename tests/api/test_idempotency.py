"""A key makes a request that is sent again the same request, at once or later."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from ingress.api.answer import Answer as KeptAnswer
from ingress.api.errors import IdempotencyKeyInUse
from ingress.api.idempotency import Claim, Slot, keep
from tests.api.rivals import at_once
from tests.api.serving import KEY, Service, new_client

if TYPE_CHECKING:
    from tests.ingress.serving import Answer, Door

CALLERS = 100


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
