"""Requests that wait: answered when the payment changes, and in time when it does not."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.api.serving import Service, api_serving, execute, new_client
from tests.api.watching import ask_and_wait, listening, tell
from tests.ingress.serving import until
from tests.workers.scene import capture

if TYPE_CHECKING:
    import pytest

    from tests.api.books import Books
    from tests.ingress.serving import Answer

LOOKED_SINCE = """
    SELECT count(*) > 0 FROM pg_stat_activity
    WHERE application_name = 'payratchet-api' AND state = 'idle' AND state_change > %s
"""
"""Whether the API got an answer of the store since."""


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
        changed_at = books.value("SELECT clock_timestamp()")
        tell(redis_url, "p1")
        until(lambda: books.value(LOOKED_SINCE, [changed_at]))
        assert not asked.done()
        execute(shop.door, f"{move} authorization_url = 'https://pay.example/1'")
        tell(redis_url, "p1")
        took_s, answer = asked.result()
    assert answer.json["authorization_url"] == "https://pay.example/1"
    assert took_s < 5


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
            ask_and_wait(client, shop, reference)
        show(shop, "p0", 0.1)  # asked after all of them: by its answer they wait
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
        ask_and_wait(client, shop, "p1")
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
