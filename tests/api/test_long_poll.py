"""Readers that wait: woken by what workers say, by a look once a second, and by nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from psycopg.rows import dict_row

from domain.wakeup import CHANGES_CHANNEL
from ingress.api import changes, places
from ingress.api.changes import Changes
from tests.api.books import opened
from tests.api.serving import Service, api_serving, execute, new_client
from tests.ingress.serving import until
from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from ingress.api.places import Seen
    from tests.api.books import Books
    from tests.ingress.serving import Answer
    from tests.local.stores import Stores

UNSEEN: Seen = (0, None)
NOBODY = "unix:///nowhere/at-all.sock"


class Eye:
    """Looks at the real store over a connection of its own, and keeps every question."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self.asked: list[tuple[str, ...]] = []
        self.is_shut = False

    async def __call__(self, references: Sequence[str]) -> Mapping[str, Seen]:
        self.asked.append(tuple(references))
        if self.is_shut:
            raise OSError
        async with await psycopg.AsyncConnection.connect(
            self._database_url, row_factory=dict_row
        ) as connection:
            return await changes.look(connection, references)


@contextlib.asynccontextmanager
async def started(redis_url: str, eye: Eye) -> AsyncIterator[Changes]:
    made = Changes(redis_url, eye)
    made.start()
    try:
        yield made
    finally:
        await made.close()


async def waited(made: Changes, reference: str, *, seen: Seen = UNSEEN, at_most_s: float) -> float:
    """Wait once; return for how many seconds."""
    begun_s = time.monotonic()
    with made.watch(reference, "shop") as watch:
        assert watch is not None
        await watch.wait(seen, until_s=asyncio.get_running_loop().time() + at_most_s)
    return time.monotonic() - begun_s


def listening(url: str) -> Callable[[], bool]:
    """Return what says whether somebody listens."""

    def is_heard() -> bool:
        with redis.Redis.from_url(url) as client:
            return bool(client.pubsub_numsub(CHANGES_CHANNEL)[0][1])

    return is_heard


def tell(url: str, *references: str) -> None:
    """Say what a worker says after its commit."""
    with redis.Redis.from_url(url) as client:
        client.publish(CHANGES_CHANNEL, " ".join(references))


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    with opened(database_url) as found:
        yield found


@pytest.fixture
def eye(database_url: str) -> Eye:
    return Eye(database_url)


async def until_true(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, condition)


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


def test_whoever_comes_when_all_places_are_taken_does_not_wait(redis_url: str, eye: Eye) -> None:
    async def story() -> tuple[bool, bool]:
        async with started(redis_url, eye) as made:
            with contextlib.ExitStack() as taken:
                for number in range(places.WATCHES_MAX):
                    assert (
                        taken.enter_context(made.watch(f"p{number}", f"client-{number % 4}"))
                        is not None
                    )
                with made.watch("p1", "shop") as watch:
                    had_place = watch is not None
            with made.watch("p1", "shop") as watch:
                return had_place, watch is not None

    assert asyncio.run(story()) == (False, True)


def test_a_reader_that_is_cancelled_leaves_its_place(redis_url: str, eye: Eye) -> None:
    async def story() -> tuple[int, int]:
        async with started(redis_url, eye) as made:
            mine = asyncio.create_task(waited(made, "p1", at_most_s=9))
            await asyncio.sleep(0.05)
            during = made.waiting
            mine.cancel()
            await asyncio.gather(mine, return_exceptions=True)
            return during, made.waiting

    assert asyncio.run(story()) == (1, 0)


def test_everybody_is_answered_when_the_process_stops(redis_url: str, eye: Eye) -> None:
    async def story() -> tuple[float, bool]:
        async with started(redis_url, eye) as made:
            mine = asyncio.create_task(waited(made, "p1", at_most_s=9))
            await asyncio.sleep(0.05)
            made.release()
            took_s = await mine
            with made.watch("p1", "shop") as watch:
                return took_s, watch is None

    took_s, is_refused = asyncio.run(story())

    assert took_s < 0.2
    assert is_refused


def show(by: Service, reference: str, wait_s: float) -> tuple[float, Answer]:
    begun_s = time.monotonic()
    answer = by.show(reference, f"?wait={wait_s}")
    return time.monotonic() - begun_s, answer


def test_a_request_that_waits_is_answered_when_the_payment_changes(
    shop: Service, books: Books, redis_url: str
) -> None:
    books.own("p1")

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(show, shop, "p1", 20)
        until(listening(redis_url))
        books.hear(capture("p1"))
        changed_s = time.monotonic()
        tell(redis_url, "p1")
        _, answer = asked.result()
        took_s = time.monotonic() - changed_s

    assert took_s < 0.2
    assert (answer.status, answer.json["state"]) == (200, "completed")


def test_a_first_wait_goes_on_over_the_hand_over_until_there_is_a_page_to_pay_at(
    shop: Service, books: Books, redis_url: str
) -> None:
    books.own("p1")
    move = "SET session_replication_role = replica; UPDATE payment_logs SET "
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(show, shop, "p1", 20)
        until(listening(redis_url))
        execute(shop.door, f"{move} state = 'processing', lock_version = 1")
        tell(redis_url, "p1")
        time.sleep(0.5)
        assert not asked.done()
        execute(shop.door, f"{move} authorization_url = 'https://pay.example/1'")
        tell(redis_url, "p1")
        took_s, answer = asked.result()
    assert answer.json["authorization_url"] == "https://pay.example/1"
    assert took_s < 5


def test_a_client_that_fills_its_places_leaves_those_of_others(redis_url: str, eye: Eye) -> None:
    async def story() -> tuple[bool, bool]:
        async with started(redis_url, eye) as made:
            with contextlib.ExitStack() as taken:
                for number in range(places.CLIENT_WATCHES_MAX):
                    taken.enter_context(made.watch(f"p{number}", "shop"))
                with made.watch("p1", "shop") as own, made.watch("p1", "other") as others:
                    return own is None, others is not None

    assert asyncio.run(story()) == (True, True)


def test_a_request_that_waits_for_nothing_is_answered_in_time(shop: Service, books: Books) -> None:
    books.own("p1")

    took_s, answer = show(shop, "p1", 1.2)

    assert 1.1 < took_s < 2
    assert (answer.status, answer.json["version"]) == (200, 0)


def test_a_word_about_a_payment_that_has_not_changed_ends_no_wait(
    shop: Service, books: Books, redis_url: str
) -> None:
    books.own("p1")

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(show, shop, "p1", 1.5)
        until(listening(redis_url))
        tell(redis_url, "p1")
        took_s, answer = asked.result()

    assert took_s > 1.4
    assert answer.json["version"] == 0


def test_two_hundred_requests_that_wait_use_no_thread(
    shop: Service, books: Books, redis_url: str
) -> None:
    references = [f"p{number}" for number in range(200)]
    books.own(*references)
    show(shop, "p0", 0.1)
    before = threading.active_count()
    with contextlib.ExitStack() as open_:
        clients = [open_.enter_context(shop.door.connected()) for _ in references]
        for client, reference in zip(clients, references, strict=True):
            client.sendall(
                f"GET /v1/payments/{reference}?wait=20 HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {shop.key}\r\n\r\n".encode()
            )
            time.sleep(0.005)
        time.sleep(1)
        assert threading.active_count() == before
        books.hear(*(capture(each) for each in references))
        tell(redis_url, *references)
        answers = [client.recv(65_536) for client in clients]

    assert Counter(answer.split()[1] for answer in answers) == {b"200": 200}
    assert all(b'"state":"completed"' in answer for answer in answers)


def test_a_client_that_hangs_up_is_forgotten(
    shop: Service, books: Books, redis_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    books.own("p1")
    with shop.door.connected() as client:
        client.sendall(
            f"GET /v1/payments/p1?wait=20 HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {shop.key}\r\n\r\n".encode()
        )
        until(listening(redis_url))
        capfd.readouterr()

    said: list[str] = []

    def is_forgotten() -> bool:
        said.append(capfd.readouterr().out)
        return "client_gone" in "".join(said)

    until(is_forgotten, within_s=2)


def test_a_stop_does_not_wait_for_those_who_wait(
    database_url: str, redis_url: str, books: Books
) -> None:
    books.own("p1")
    with ThreadPoolExecutor(1) as pool:
        with api_serving(database_url, redis_url) as door:
            shop = Service(door, "shop", new_client(database_url, "shop"))
            asked = pool.submit(show, shop, "p1", 30)
            until(listening(redis_url))
            begun_s = time.monotonic()
        took_s = time.monotonic() - begun_s
        _, answer = asked.result()

    assert answer.status == 200
    assert took_s < 2
