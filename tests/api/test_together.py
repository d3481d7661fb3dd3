"""Payments that are asked for at the same moment are made together, and none feels the others."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from domain import api_keys
from ingress.api import direct
from ingress.api.callers import Proof
from ingress.api.creation_batch import BATCH, Item
from ingress.api.cursor import Cursors
from ingress.api.idempotency import Slot
from ingress.api.intent import Intent
from ingress.api.operation import Call, Client
from ingress.api.payments import OPERATIONS
from ingress.api.together import written
from ingress.api.transactions import Doing
from tests.api.rivals import at_once
from tests.api.serving import PEPPER, Service, new_client, payment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ingress.api.answer import Answer
    from ingress.wire import Wire
    from tests.ingress.serving import Door

CALLERS = 60
[CREATE] = [each for each in OPERATIONS if each.name == "createPayment"]


@pytest.fixture
def asking(database_url: str) -> Callable[[str], Item]:
    """Return what makes a request of a client of this database, by its reference."""
    key = new_client(database_url, "shop")
    prefix = api_keys.prefix_of(key)
    assert prefix is not None
    proof = Proof(prefix, api_keys.key_hash(PEPPER.encode(), key))
    return functools.partial(item, proof)


def item(proof: Proof, reference: str) -> Item:
    intent = Intent.model_validate(payment(reference=reference))
    client = Client("shop", "shop", frozenset({"payments:write"}))
    key = uuid.uuid4()
    call = Call(
        client, {}, None, intent, key, proof, "request-1", None, Cursors(b"").within("shop")
    )
    slot = Slot("shop", "POST", "/v1/payments", key, bytes(32))
    made = BATCH.item(Doing(CREATE, call, 0.0, slot))
    assert made is not None
    return made


def over_a_wire(database_url: str, work: Callable[[Wire], Awaitable[Any]]) -> Any:
    async def story() -> Any:
        wire = await direct.connect(database_url, allow_unsafe=True, lock_ms_max=50)
        try:
            return await work(wire)
        finally:
            await wire.close()

    return asyncio.run(story())


def write(database_url: str, items: Sequence[Item]) -> list[Answer | None]:
    answers: Sequence[Answer | None] = over_a_wire(
        database_url, lambda wire: written(wire, BATCH, items)
    )
    return list(answers)


def count(database_url: str, table: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    number: int = row[0]
    return number


def whole(database_url: str, number: int) -> bool:
    """Say whether there are so many payments, each with all that belongs to it."""
    tables = ("payment_logs", "idempotency_keys", "inbound_work", "inbound_events", "inbound_dedup")
    return {count(database_url, table) for table in tables} == {number}


def test_requests_at_the_same_moment_share_commits_and_each_has_its_own_answer(
    door: Door, shop: Service
) -> None:
    keys = [str(uuid.uuid4()) for _ in range(CALLERS)]
    answers = at_once(
        lambda number: shop.create(key=keys[number], reference=f"order-{number}"), CALLERS
    )
    assert {each.status for each in answers} == {202}
    told = [each.json["reference"] for each in answers]
    assert told == [f"order-{number}" for number in range(CALLERS)]
    [[commits]] = door.rows("SELECT count(DISTINCT xmin::text) FROM payment_logs")
    assert commits < CALLERS
    assert whole(door.database_url, CALLERS)
    kept = dict(door.rows("SELECT key::text, body FROM idempotency_keys"))
    assert kept == {key: each.body for key, each in zip(keys, answers, strict=True)}


def test_what_is_answered_is_what_is_shown_later(shop: Service) -> None:
    for metadata in (
        None,
        {},
        {"order": 1, "ä": "ö\u2028", "a": [1.5, {"zz": None, "b": True}], "zzz": 10**19},
        {"share": 1e-7, "large": 1e18, "whole": 1.0},
    ):
        made = shop.create(metadata=metadata)
        assert made.status == 202
        assert shop.show(made.json["reference"]).body == made.body


def test_a_reference_that_is_taken_fails_nobody_beside_it(
    door: Door, shop: Service, other: Service
) -> None:
    assert other.create(reference="order-7").status == 202
    answers = at_once(lambda number: shop.create(reference=f"order-{number}"), 20)
    assert [each.status for each in answers] == [202] * 7 + [409] + [202] * 12
    assert door.count("payment_logs") == 20


def test_a_reference_that_is_asked_for_twice_at_once_makes_one_payment(
    door: Door, shop: Service
) -> None:
    answers = at_once(lambda number: shop.create(reference=f"order-{number % 10}"), CALLERS)
    assert sorted(each.status for each in answers) == [200] * 50 + [202] * 10
    assert door.count("payment_logs") == door.count("inbound_work") == 10


def test_a_row_that_postgres_refuses_is_left_out_and_all_others_are_made(
    database_url: str, asking: Callable[[str], Item]
) -> None:
    items = [asking(f"order-{number}") for number in range(9)]
    items[3].asked.columns["currency"] = "no currency"
    items[5].asked.columns["customer_id"] = "\ud800"
    found = write(database_url, items)
    assert [number for number, each in enumerate(found) if each is None] == [3, 5]
    assert whole(database_url, 7)


def test_what_is_known_already_is_left_to_those_who_know_what_to_answer(
    database_url: str, asking: Callable[[str], Item]
) -> None:
    first, second = asking("first"), asking("second")
    assert None not in write(database_url, [first])
    assert write(database_url, [first, second])[0] is None
    assert whole(database_url, 2)


def test_a_batch_never_passes_over_what_another_brings_meanwhile(
    database_url: str, asking: Callable[[str], Item]
) -> None:
    items = [asking(f"order-{number}") for number in range(4)]
    with psycopg.connect(database_url) as holder:
        holder.execute(
            "INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, expires_at)"
            " VALUES ('shop', 'POST', '/v1/payments', %s, sha256(''), now() + interval '1 day')",
            [items[2].doing.call.key],
        )
        assert write(database_url, items) == [None] * 4
        holder.rollback()
    assert whole(database_url, 0)
    assert None not in write(database_url, items)
    assert whole(database_url, 4)


def test_whoever_waits_for_a_reference_that_is_held_keeps_nobody_waiting(
    door: Door, shop: Service
) -> None:
    with psycopg.connect(door.database_url) as holder, ThreadPoolExecutor(1) as thread:
        holder.execute(
            "INSERT INTO payment_logs (reference, client_id, customer_id, provider, account,"
            " amount_minor, currency, announced_by, head_hash) VALUES"
            " ('held', 'shop', 'c', 'paystack', 'default', 1, 'NGN', 'test', sha256(''))"
        )
        held = thread.submit(shop.create, reference="held")
        began_s = time.monotonic()
        answers = at_once(lambda number: shop.create(reference=f"order-{number}"), 10)
        took_s = time.monotonic() - began_s
        assert {each.status for each in answers} == {202}
        still_held = not held.done()
        holder.rollback()
        assert held.result().status in (202, 503)
    assert still_held or took_s > 1


def test_of_a_connection_that_ended_nobody_says_that_nothing_was_done(
    database_url: str, asking: Callable[[str], Item]
) -> None:
    items = [asking("order-1"), asking("order-2")]

    async def story(wire: Wire) -> None:
        with psycopg.connect(database_url) as connection:
            pid = wire.connection.info.backend_pid
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with pytest.raises(psycopg.Error):
            await written(wire, BATCH, items)

    over_a_wire(database_url, story)
    assert whole(database_url, 0)


def test_connections_that_end_again_and_again_leave_nothing_half_done(
    door: Door, shop: Service
) -> None:
    over = threading.Event()

    def end_them() -> None:
        with psycopg.connect(door.database_url, autocommit=True) as connection:
            while not over.wait(0.02):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'payratchet-api' AND datname = current_database()"
                )

    ender = threading.Thread(target=end_them)
    ender.start()
    keys = [str(uuid.uuid4()) for _ in range(CALLERS)]
    try:
        answers = at_once(lambda number: shop.create(key=keys[number]), CALLERS)
    finally:
        over.set()
        ender.join()
    assert {each.status for each in answers} <= {202, 409, 503}
    bodies = {}
    for key in keys:
        while (answer := shop.create(key=key)).status != 202:
            assert answer.status in (409, 503)
        bodies[key] = answer.body
    assert whole(door.database_url, CALLERS)
    assert dict(door.rows("SELECT key::text, body FROM idempotency_keys")) == bodies
    assert len({json.loads(body)["reference"] for body in bodies.values()}) == CALLERS
