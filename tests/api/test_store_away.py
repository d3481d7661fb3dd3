"""What is answered while Postgres is away, and how soon all is well again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from ingress.api import pool
from migrations.run import upgrade
from tests.api.serving import KEY, UNLIMITED, WAIT_FOR_LOCKS, Service, api_serving, new_client
from tests.ingress.serving import charge, until
from tests.ingress.test_store_away import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingress.serving import Answer
    from tests.local.stores import Stores


@pytest.fixture
def own_shop(own_stores: Stores) -> Iterator[Service]:
    upgrade(own_stores.database_url)
    key = new_client(own_stores.database_url, "shop", initialize=UNLIMITED)
    with api_serving(own_stores.database_url, own_stores.redis_url) as door:
        until(lambda: door.ask("GET", "/readyz").status == 200)
        yield Service(door, "shop", key)


def timed(shop: Service) -> tuple[Answer, float]:
    began_s = time.monotonic()
    return shop.create(), time.monotonic() - began_s


def test_a_frozen_postgres_is_a_quick_503_that_may_be_repeated_and_comes_back(
    own_shop: Service, own_stores: Stores
) -> None:
    assert own_shop.create(key=KEY).status == 202
    with frozen(own_stores.postgres_pid), ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: timed(own_shop), range(40)))
    for answer, elapsed_s in answers:
        assert (answer.status, answer.json["code"]) == (503, "store_unavailable")
        assert (answer.headers["retry-after"], answer.json["retryable"]) == ("1", True)
        assert elapsed_s < 3.5
    until(lambda: own_shop.create(key=KEY).status == 202, within_s=5)


def test_a_postgres_that_went_away_and_came_back_is_found_again(
    own_shop: Service, own_stores: Stores
) -> None:
    first = own_shop.create(key=KEY)
    own_stores.postgres.kill()
    # Its sessions outlive it by a moment, and may still commit: then 202 is right.
    until(lambda: own_shop.create().status != 202)
    answer, elapsed_s = timed(own_shop)
    assert (answer.status, answer.json["code"]) == (503, "store_unavailable")
    assert elapsed_s < 2
    own_stores.postgres.start()
    until(lambda: own_shop.create(key=KEY).status == 202, within_s=10)
    assert own_shop.create(key=KEY).body == first.body


def test_the_ingress_starts_and_takes_webhooks_up_before_the_api_has_a_store(
    own_stores: Stores,
) -> None:
    upgrade(own_stores.database_url)
    key = new_client(own_stores.database_url, "shop", initialize=UNLIMITED)
    own_stores.postgres.stop()
    with api_serving(own_stores.database_url, own_stores.redis_url) as door:
        shop = Service(door, "shop", key)
        assert door.ask("GET", "/openapi.json").status == 200
        assert (shop.create().status, door.post(charge()).status) == (503, 503)
        own_stores.postgres.start()
        until(lambda: door.post(charge()).status == 200)
        until(lambda: shop.create().status == 202)


def test_idle_connections_that_the_server_ended_are_not_lent(own_shop: Service) -> None:
    with ThreadPoolExecutor(20) as threads:
        assert {each.status for each in threads.map(lambda _: own_shop.create(), range(40))} == {
            202
        }
    with psycopg.connect(own_shop.door.database_url) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'payratchet-api'"
        ).fetchone()
        assert ended is not None
        assert ended[0] > 1
    time.sleep(0.1)
    assert {own_shop.create().status for _ in range(20)} == {202}


def test_requests_of_the_api_that_hang_do_not_hold_up_webhooks(own_shop: Service) -> None:
    door = own_shop.door
    with (
        psycopg.connect(door.database_url) as holder,
        ThreadPoolExecutor(pool.CONNECTIONS_MAX * 4) as threads,
    ):
        holder.execute("LOCK TABLE payment_logs IN ACCESS EXCLUSIVE MODE")
        asking = [threads.submit(own_shop.create) for _ in range(pool.CONNECTIONS_MAX * 4)]
        until(lambda: door.rows(WAIT_FOR_LOCKS)[0][0] >= 1)
        assert [door.post(charge(number)).status for number in range(20)] == [200] * 20
        assert not all(each.done() for each in asking), "they hang for seconds"
        assert {each.result().status for each in asking} == {503}
        holder.rollback()
    until(lambda: own_shop.create().status == 202)
    assert door.count("idempotency_keys") == 0
