from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, TypeVar

import psycopg

from domain.delivery import KeyedEvent
from domain.providers import PROVIDERS
from ingress import store
from ingress.doorbell import Doorbell
from ingress.entry import Arrival, entries
from ingress.group_commit import GroupCommit, Writer
from ingress.record import Recorder
from tests.ingress.serving import charge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ingress.entry import Entry, Kept

T = TypeVar("T")


def test_deliveries_of_one_key_in_one_batch_are_told_apart_by_their_bytes(
    database_url: str, redis_url: str
) -> None:
    """All wait before the first writer starts, so that one statement has to hold them all."""

    async def story(commit: GroupCommit) -> list[Kept]:
        bodies = [charge(), charge(), charge(note="later"), charge(amount=1)]
        callers = [asyncio.create_task(commit.keep(_entries(body))) for body in bodies]
        await asyncio.sleep(0)
        commit.start()
        return await asyncio.gather(*callers)

    first, copy, harmless, other = asyncio.run(_with_commit(database_url, redis_url, story))

    assert [kept.fresh for kept in (first, copy, harmless, other)] == [True, False, False, True]
    assert first.event_id == copy.event_id == harmless.event_id != other.event_id
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT body FROM inbound_variants").fetchall() == [
            (charge(note="later"),)
        ]
        kept = connection.execute("SELECT id, body FROM inbound_events ORDER BY id").fetchall()
    assert kept == [(first.event_id, charge()), (other.event_id, charge(amount=1))]


def test_the_event_of_a_cancelled_request_is_kept(database_url: str, redis_url: str) -> None:
    async def story(commit: GroupCommit) -> Kept:
        caller = asyncio.create_task(commit.keep(_entries(charge())))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        commit.start()
        return await commit.keep(_entries(charge()))

    kept = asyncio.run(_with_commit(database_url, redis_url, story))

    assert kept.fresh is False


async def _with_commit(
    database_url: str, redis_url: str, story: Callable[[GroupCommit], Awaitable[T]]
) -> T:
    bell = Doorbell(redis_url)
    open_ = functools.partial(store.connect, database_url, allow_unsafe=True)
    commit = GroupCommit(open_, Recorder(PROVIDERS, bell), writer_type=Writer)
    try:
        return await story(commit)
    finally:
        await commit.stop()
        bell.close()


def _entries(body: bytes) -> tuple[Entry, ...]:
    arrival = Arrival(
        source="paystack",
        account="default",
        mode=None,
        body=body,
        headers=b"{}",
        key_id="k",
        request_id="r",
        traceparent=None,
    )
    return entries(arrival, (KeyedEvent("one-key", None),))
