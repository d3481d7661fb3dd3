"""How often a client may ask."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import TYPE_CHECKING

import psycopg
import redis

from ingress.api.limits import KEY_PREFIX
from tests.api.rivals import at_once
from tests.api.serving import KEY, Service, api_serving, new_client, payment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingress.serving import Door
    from tests.local.stores import Stores


def test_the_sixth_initialize_in_a_minute_is_too_much_and_no_other_client_feels_it(
    door: Door, other: Service
) -> None:
    third = Service(door, "third", new_client(door.database_url, "third"))
    answers = [other.create() for _ in range(6)]
    assert [each.status for each in answers] == [202] * 5 + [429]
    assert answers[-1].json["code"] == "rate_limited"
    assert answers[-1].json["retryable"] is True
    assert 55 <= int(answers[-1].headers["retry-after"]) <= 60
    assert third.create().status == 202
    assert door.count("payment_logs") == 6


def test_the_eleventh_verify_in_a_minute_is_too_much(other: Service) -> None:
    reference = other.create().json["reference"]
    path = f"/v1/payments/{reference}/verify"
    assert [other.ask("POST", path).status for _ in range(11)] == [202] * 10 + [429]
    assert other.create().status == 202


def test_every_answer_says_how_the_client_stands(other: Service) -> None:
    headers = [other.create().headers for _ in range(6)]
    assert {each["ratelimit-policy"] for each in headers} == {'"initialize";q=5;w=60'}
    assert [each["ratelimit"].split(";")[1] for each in headers] == [
        *("r=4", "r=3", "r=2", "r=1", "r=0", "r=0")
    ]


def test_the_window_slides(database_url: str, redis_url: str) -> None:
    with api_serving(database_url, redis_url) as door:
        key = new_client(database_url, "brisk", initialize="2/second")
        brisk = Service(door, "brisk", key)
        assert [brisk.create().status for _ in range(3)] == [202, 202, 429]
        time.sleep(1.05)
        assert [brisk.create().status for _ in range(3)] == [202, 202, 429]


def test_a_clients_own_limit_replaces_the_default(door: Door) -> None:
    slow = Service(door, "slow", new_client(door.database_url, "slow", initialize="1/hour"))
    assert [slow.create().status for _ in range(2)] == [202, 429]


def test_a_limit_that_cannot_be_read_is_the_default(door: Door) -> None:
    odd = Service(door, "odd", new_client(door.database_url, "odd", initialize="often"))
    assert [odd.create().status for _ in range(6)] == [202] * 5 + [429]


def test_the_defaults_are_settings(database_url: str, redis_url: str) -> None:
    with api_serving(database_url, redis_url, rate_limit_initialize="1/minute") as door:
        client = Service(door, "c", new_client(database_url, "c"))
        assert [client.create().status for _ in range(2)] == [202, 429]


def test_an_answer_that_is_given_again_costs_nothing(other: Service) -> None:
    first = other.create(key=KEY)
    for _ in range(20):
        assert other.create(key=KEY).body == first.body
    assert [other.create().status for _ in range(5)] == [202] * 4 + [429]
    assert other.create(key=KEY).body == first.body


def test_a_request_that_is_one_too_many_gets_what_an_equal_one_was_answered_meanwhile(
    door: Door,
) -> None:
    one = Service(door, "one", new_client(door.database_url, "one", initialize="1/hour"))
    body = json.dumps(payment()).encode()
    head = (
        f"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {one.key}\r\n"
        f"Idempotency-Key: {KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with door.connected() as slow:
        slow.sendall(head.encode())
        # The body is asked for when it is known who asks and that the key has no answer yet.
        assert slow.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        first = one.create(key=KEY)
        slow.sendall(body)
        answer = b"".join(iter(lambda: slow.recv(65_536), b""))
    assert first.status == 202
    assert answer.split()[1] == b"202"
    assert b"idempotent-replayed: true" in answer
    assert answer.endswith(b"\r\n\r\n" + first.body)
    assert one.create(key=str(uuid.uuid4())).status == 429


def test_equal_requests_in_flight_cost_one_together(door: Door, other: Service) -> None:
    with psycopg.connect(door.database_url) as holder:
        holder.execute("LOCK TABLE payment_logs IN ACCESS EXCLUSIVE MODE")
        timer = threading.Timer(0.5, holder.rollback)
        timer.start()
        answers = at_once(lambda _: other.create(key=KEY), 12)
        timer.join()
    assert {each.status for each in answers} == {202}
    assert len({each.body for each in answers}) == 1
    assert [other.create().status for _ in range(5)] == [202] * 4 + [429]


def test_what_another_process_has_answered_meanwhile_costs_nothing(
    database_url: str, redis_url: str
) -> None:
    key = new_client(database_url, "wide")
    with (
        api_serving(database_url, redis_url) as one,
        api_serving(database_url, redis_url) as two,
        psycopg.connect(database_url) as holder,
    ):
        doors = [Service(door, "wide", key) for door in (one, two)]
        holder.execute("LOCK TABLE payment_logs IN ACCESS EXCLUSIVE MODE")
        timer = threading.Timer(0.5, holder.rollback)
        timer.start()
        answers = at_once(lambda number: doors[number].create(key=KEY), 2)
        timer.join()
        assert {each.status for each in answers} == {202}
        assert [doors[0].create().status for _ in range(5)] == [202] * 4 + [429]


def test_looking_is_not_limited(other: Service) -> None:
    assert {other.ask("GET", "/v1/payments").status for _ in range(30)} == {200}


def test_two_processes_count_together(database_url: str, redis_url: str) -> None:
    key = new_client(database_url, "wide")
    with (
        api_serving(database_url, redis_url) as one,
        api_serving(database_url, redis_url) as two,
    ):
        doors = [Service(door, "wide", key) for door in (one, two)]
        assert [doors[number % 2].create().status for number in range(6)] == [202] * 5 + [429]


def test_no_key_of_a_limit_is_among_the_brokers(other: Service, redis_url: str) -> None:
    other.create()
    with redis.Redis.from_url(redis_url) as client:
        names = {name.decode() for name in client.scan_iter(f"{KEY_PREFIX}*")}
        assert len(names) == 1
        assert 0 < client.ttl(names.pop()) <= 60


def test_with_redis_away_each_process_counts_for_itself_without_delay(
    database_url: str, stores_factory: Callable[[], Stores]
) -> None:
    stores = stores_factory()
    with api_serving(database_url, stores.redis_url) as door:
        client = Service(door, "c", new_client(database_url, "c"))
        assert client.create().status == 202
        stores.valkey.kill()
        began_s = time.monotonic()
        # What was counted before counts on.
        assert [client.create().status for _ in range(5)] == [202] * 4 + [429]
        assert time.monotonic() - began_s < 2
        free = Service(door, "f", new_client(database_url, "f", initialize="1000/second"))
        assert {free.create().status for _ in range(20)} == {202}
