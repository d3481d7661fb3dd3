"""The user of Redis that docs/deploy.md makes can do all that the processes do, and no more."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import redis

from domain.rates import Rate
from domain.wakeup import CHANGES_CHANNEL, Lane
from ingress.api.limits import Limits
from ingress.api.operation import Client
from tests.docs.pages import DEPLOY
from tests.local import throw_away
from tests.local.stores import Stores
from workers.broker import connect, make_broker, probe, ring, waiting_messages
from workers.lock import Locks

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "change-me-5"
SHOP = Client("cl_1", "shop", frozenset(), None, None)


@pytest.fixture
def user_url(database_url: str) -> Iterator[str]:
    """Make the page's user in a store of the test's own; give the URL by which it reaches it."""
    found = re.search(r"^ACL SETUSER (.+)$", DEPLOY.read_text(), re.MULTILINE)
    assert found is not None
    with (
        throw_away.folder() as folder,
        Stores(folder, throw_away=True, database_url=database_url) as stores,
    ):
        with redis.Redis.from_url(stores.redis_url) as administrator:
            administrator.execute_command("ACL", "SETUSER", *found[1].split())
        parts = urlsplit(stores.redis_url)
        yield f"{parts.scheme}://payratchet:{PASSWORD}@{parts.path}?{parts.query}"


def test_the_user_rings_locks_publishes_and_counts(user_url: str) -> None:
    client = connect(user_url)
    probe(client)
    broker = make_broker(user_url)
    ring(broker, Lane.CALLS, [1])
    assert waiting_messages(broker, Lane.CALLS) == 1
    with Locks(client).hold("paystack:default:p1") as held:
        assert held.is_real
    listener = client.pubsub()  # type: ignore[no-untyped-call]
    listener.subscribe(CHANGES_CHANNEL)
    client.publish(CHANGES_CHANNEL, "p1")
    listener.close()


def test_the_user_counts_what_clients_ask(user_url: str) -> None:
    async def counted() -> bool:
        limits = Limits(user_url, {"initialize": Rate(5, 60)})
        limits.start()
        await limits.take("initialize", SHOP)
        await limits.stop()
        return not limits.is_degraded

    assert asyncio.run(counted())


def test_the_user_does_nothing_else(user_url: str) -> None:
    client = connect(user_url)
    for words in (
        ["SET", "other", "1"],
        ["FLUSHALL"],
        ["CONFIG", "GET", "*"],
        ["PUBLISH", "x", "1"],
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*words)
