"""Requests that are counted together in Redis are counted one by one."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import redis

from ingress.api.limits import KEY_PREFIX
from tests.api.rivals import at_once
from tests.api.serving import Service, api_serving, new_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.ingress.serving import Door
    from tests.local.stores import Stores


@pytest.fixture
def counted(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def lengths(client: redis.Redis) -> list[int]:
    """Return how many requests each window remembers."""
    return [int(client.llen(name)) for name in client.scan_iter(f"{KEY_PREFIX}*")]


def test_of_many_at_once_exactly_as_many_as_may_are_let_through(
    door: Door, counted: redis.Redis
) -> None:
    client = Service(door, "c", new_client(door.database_url, "c", initialize="7/hour"))
    answers = at_once(lambda _: client.create(), 40)
    assert Counter(each.status for each in answers) == {202: 7, 429: 33}
    left = {each.headers["ratelimit"].split(";")[1] for each in answers if each.status == 202}
    assert left == {f"r={number}" for number in range(7)}
    assert lengths(counted) == [7]


def test_what_has_left_the_window_is_remembered_no_more(door: Door, counted: redis.Redis) -> None:
    client = Service(door, "c", new_client(door.database_url, "c", initialize="20/second"))
    assert {client.create().status for _ in range(5)} == {202}
    time.sleep(1.05)
    assert client.create().headers["ratelimit"].split(";")[1] == "r=19"
    assert lengths(counted) == [1]


def test_a_redis_that_forgot_the_script_or_ended_the_connection_goes_on_counting(
    database_url: str, stores_factory: Callable[[], Stores]
) -> None:
    stores = stores_factory()
    key = new_client(database_url, "c", initialize="10/hour")
    with (
        api_serving(database_url, stores.redis_url) as door,
        redis.Redis.from_url(stores.redis_url) as counted,
    ):
        client = Service(door, "c", key)
        assert client.create().status == 202
        counted.script_flush()
        assert client.create().status == 202
        counted.client_kill_filter(_type="normal", skipme=True)
        assert client.create().status == 202
        assert lengths(counted) == [3]
