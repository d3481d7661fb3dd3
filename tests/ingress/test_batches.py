from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from domain.delivery import KeyedEvent
from ingress import waiting_room
from ingress.entry import Arrival, entries
from ingress.errors import StoreUnavailable
from ingress.waiting_room import WaitingRoom
from tests.ingress import odd_provider
from tests.ingress.serving import charge, serving, signature, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingress.entry import Entry
    from tests.ingress.serving import Answer, Door


@pytest.fixture
def odd(database_url: str, redis_url: str) -> Iterator[Door]:
    with serving(
        database_url,
        redis_url,
        environment=odd_provider.ENVIRONMENT,
        providers=odd_provider.PROVIDERS,
    ) as door:
        yield door


def send(door: Door, *keys: str) -> Answer:
    return door.post(json.dumps(keys).encode(), path="/webhooks/odd", headers=odd_provider.HEADERS)


def test_a_row_that_postgres_refuses_does_not_fail_its_neighbours(odd: Door) -> None:
    keys = [f"key-{number}" for number in range(100)]
    bad = ["nul \0 inside", "half \ud800 a pair", "long " * 200]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda key: send(odd, key), [*keys[:50], *bad, *keys[50:]]))

    assert [answer.status for answer in answers] == [200] * 103
    found = odd.rows("SELECT event_key, reference FROM inbound_events")
    by_hash = [reference for key, reference in found if key.startswith("body:")]
    assert by_hash == [None, None, None]
    assert {key for key, _ in found if not key.startswith("body:")} == set(keys)
    assert odd.count("inbound_work") == 103


def test_a_delivery_with_several_events_has_one_answer_and_a_row_for_each(odd: Door) -> None:
    first = send(odd, "a", "b", "c")
    second = send(odd, "a", "b", "c")

    assert first.json["status"] == "accepted"
    assert second.json == {"status": "duplicate", "event_id": first.json["event_id"]}
    assert odd.rows("SELECT event_key FROM inbound_events ORDER BY event_key") == [
        ("a",),
        ("b",),
        ("c",),
    ]


def test_of_a_delivery_with_one_impossible_event_none_is_kept_by_half(odd: Door) -> None:
    answer = send(odd, "good", "nul \0 inside")

    assert answer.status == 200
    [(key,)] = odd.rows("SELECT event_key FROM inbound_events")
    assert key.startswith("body:")


def test_an_adapter_that_fails_in_an_unforeseen_way_is_no_500(odd: Door) -> None:
    answer = odd.post(b"not json", path="/webhooks/odd", headers=odd_provider.HEADERS)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")


def test_the_event_of_a_client_that_went_away_is_kept(door: Door) -> None:
    body = charge()
    with door.connected() as connection:
        reset_on_close = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_on_close)
        connection.sendall(
            b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
            b"X-Paystack-Signature: %s\r\n\r\n%s" % (len(body), signature(body).encode(), body)
        )

    until(lambda: door.count("inbound_events") == 1)


def test_half_a_request_leaves_nothing(door: Door) -> None:
    body = charge()
    with door.connected() as connection:
        connection.sendall(
            b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
            b"X-Paystack-Signature: %s\r\n\r\n%s" % (len(body), signature(body).encode(), body[:-1])
        )

    assert door.post(charge(2)).status == 200
    assert door.count("inbound_events") == 1


def test_a_cancelled_request_stays_in_the_batch() -> None:
    async def story() -> list[bytes]:
        room = WaitingRoom()
        caller = asyncio.create_task(room.keep(_entries(b"1")))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        return [group.entries[0].body for group in await room.take()]

    assert asyncio.run(story()) == [b"1"]


def test_a_full_waiting_room_refuses_at_once_and_the_rest_in_time() -> None:
    async def story() -> tuple[int, float]:
        room = WaitingRoom()
        watch = asyncio.create_task(room.watch())
        began_s = time.monotonic()
        callers = [
            asyncio.create_task(room.keep(_entries(b"1"))) for _ in range(waiting_room.WAITING_MAX)
        ]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="too many"):
            await room.keep(_entries(b"1"))
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        watch.cancel()
        refused = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailable)]
        return len(refused), time.monotonic() - began_s

    refused, took_s = asyncio.run(story())

    assert refused == waiting_room.WAITING_MAX
    # Not the promised 2 s: thousands of tasks take their time where other tests run beside them.
    assert took_s < 2 * waiting_room.DEADLINE_S


def test_few_requests_share_a_writer_but_do_not_wait_for_one_that_is_stuck() -> None:
    async def story() -> tuple[list[int], float]:
        room = WaitingRoom()
        watch = asyncio.create_task(room.watch())
        stuck = asyncio.create_task(room.take())
        other = asyncio.create_task(room.take())
        await asyncio.sleep(0)
        callers = [asyncio.create_task(room.keep(_entries(b"first")))]
        taken = [len(await stuck)]
        callers += [asyncio.create_task(room.keep(_entries(b"next"))) for _ in range(2)]
        began_s = time.monotonic()
        await asyncio.sleep(0)
        assert not other.done()
        taken.append(len(await other))
        took_s = time.monotonic() - began_s
        for task in (watch, *callers):
            task.cancel()
        return taken, took_s

    taken, took_s = asyncio.run(story())

    assert taken == [1, 2]
    assert waiting_room.SWEEP_S <= took_s < waiting_room.DEADLINE_S


def test_many_requests_call_a_second_writer_at_once() -> None:
    async def story() -> list[int]:
        room = WaitingRoom()
        takers = [asyncio.create_task(room.take()) for _ in range(2)]
        await asyncio.sleep(0)
        callers = [asyncio.create_task(room.keep(_entries(b"1")))]
        first = len(await takers[0])
        count = waiting_room.HELP_AT
        callers += [asyncio.create_task(room.keep(_entries(b"1"))) for _ in range(count)]
        second = len(await takers[1])
        for caller in callers:
            caller.cancel()
        return [first, second]

    assert asyncio.run(story()) == [1, waiting_room.HELP_AT]


def test_what_waited_too_long_is_not_kept_any_more() -> None:
    async def story() -> list[bytes]:
        room = WaitingRoom()
        watch = asyncio.create_task(room.watch())
        with pytest.raises(StoreUnavailable):
            await room.keep(_entries(b"late"))
        watch.cancel()
        late = asyncio.create_task(room.keep(_entries(b"in time")))
        await asyncio.sleep(0)
        bodies = [group.entries[0].body for group in await room.take()]
        late.cancel()
        return bodies

    assert asyncio.run(story()) == [b"in time"]


def _entries(body: bytes) -> tuple[Entry, ...]:
    arrival = Arrival(
        source="odd",
        account="default",
        mode=None,
        body=body,
        headers=b"{}",
        key_id="k",
        request_id="r",
        traceparent=None,
    )
    return entries(arrival, (KeyedEvent(body.decode(), None),))
