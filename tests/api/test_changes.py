"""Whoever waits for a change is woken by what workers say and by a look once a second."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.api.watching import NOBODY, UNSEEN, Eye, listening, started, tell, until_true, waited
from tests.workers.scene import capture

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.local.stores import Stores


@pytest.fixture
def eye(database_url: str) -> Eye:
    return Eye(database_url)


def test_what_a_worker_says_wakes_whoever_waits_for_it_at_once(redis_url: str, eye: Eye) -> None:
    async def story() -> tuple[float, bool]:
        async with started(redis_url, eye) as made:
            mine = asyncio.create_task(waited(made, "p2", at_most_s=9))
            other = asyncio.create_task(waited(made, "p9", at_most_s=9))
            await until_true(listening(redis_url))
            said_s = time.monotonic()
            await asyncio.to_thread(tell, redis_url, "p1", "p2", "p3")
            await mine
            took_s = time.monotonic() - said_s
            return took_s, other.done() or other.cancel() is False

    took_s, is_other_woken = asyncio.run(story())

    assert took_s < 0.1
    assert not is_other_woken


def test_what_is_said_between_the_place_and_the_wait_is_not_missed(
    redis_url: str, eye: Eye
) -> None:
    async def story() -> float:
        async with started(redis_url, eye) as made:
            with made.watch("p1", "shop") as watch:
                assert watch is not None
                await until_true(listening(redis_url))
                await asyncio.to_thread(tell, redis_url, "p1")
                await asyncio.sleep(0.05)
                begun_s = time.monotonic()
                await watch.wait(UNSEEN, until_s=asyncio.get_running_loop().time() + 9)
                return time.monotonic() - begun_s

    assert asyncio.run(story()) < 0.05


def test_without_redis_a_change_is_seen_within_a_second_or_so(books: Books, eye: Eye) -> None:
    books.own("p1", "p2")

    async def story() -> tuple[float, bool]:
        async with started(NOBODY, eye) as made:
            other = asyncio.create_task(waited(made, "p2", at_most_s=9))
            mine = asyncio.create_task(waited(made, "p1", at_most_s=9))
            await asyncio.sleep(0.2)
            await asyncio.to_thread(books.at_once, 1, lambda _: books.hear(capture("p1")))
            changed_s = time.monotonic()
            await mine
            return time.monotonic() - changed_s, other.done() or other.cancel() is False

    took_s, is_other_woken = asyncio.run(story())

    assert took_s < 1.5
    assert not is_other_woken


def test_a_new_authorization_url_is_a_change(books: Books, eye: Eye) -> None:
    books.own("p1")
    books.execute("UPDATE payment_logs SET authorization_url = 'https://pay.example/1'")

    async def story() -> float:
        async with started(NOBODY, eye) as made:
            return await waited(made, "p1", at_most_s=9)

    assert asyncio.run(story()) < 1.5


def test_two_hundred_that_wait_use_no_thread_and_one_query_a_second(
    redis_url: str, books: Books, eye: Eye
) -> None:
    references = [f"p{number}" for number in range(200)]
    books.own(*references)

    async def story() -> tuple[int, int]:
        async with started(redis_url, eye) as made:
            before = threading.active_count()
            waiting = [
                asyncio.create_task(waited(made, each, at_most_s=3.5)) for each in references
            ]
            async with asyncio.timeout(3):
                while made.waiting < 200:  # noqa: ASYNC110 - it tells nobody when it has grown
                    await asyncio.sleep(0.01)
            during = threading.active_count()
            await asyncio.gather(*waiting)
            return before, during

    began_s = time.monotonic()
    before, during = asyncio.run(story())
    took_s = time.monotonic() - began_s

    assert during == before
    assert max(len(asked) for asked in eye.asked) == 200
    # One more than the seconds: the look that catches up with what was said before we listened.
    assert len(eye.asked) <= took_s + 1


def test_nobody_asks_the_store_while_nobody_waits(redis_url: str, books: Books, eye: Eye) -> None:
    books.own("p1")

    async def story() -> int:
        async with started(redis_url, eye) as made:
            await waited(made, "p1", at_most_s=0.2)
            eye.asked.clear()
            await asyncio.sleep(1.5)
            return made.waiting

    assert asyncio.run(story()) == 0
    assert eye.asked == []


def test_a_store_that_fails_once_is_asked_again(books: Books, eye: Eye) -> None:
    books.paid("p1")
    eye.is_shut = True

    async def story() -> float:
        async with started(NOBODY, eye) as made:
            mine = asyncio.create_task(waited(made, "p1", at_most_s=9))
            await until_true(lambda: bool(eye.asked))
            assert not mine.done()
            eye.is_shut = False
            return await mine

    assert asyncio.run(story()) < 3


def test_listening_begins_anew_when_redis_comes_back(own_stores: Stores, eye: Eye) -> None:
    async def story() -> float:
        async with started(own_stores.redis_url, eye) as made:
            mine = asyncio.create_task(waited(made, "p1", at_most_s=20))
            await until_true(listening(own_stores.redis_url))
            await asyncio.to_thread(own_stores.valkey.kill)
            await asyncio.to_thread(own_stores.valkey.start)
            await until_true(listening(own_stores.redis_url))
            said_s = time.monotonic()
            await asyncio.to_thread(tell, own_stores.redis_url, "p1")
            await mine
            return time.monotonic() - said_s

    assert asyncio.run(story()) < 0.1
