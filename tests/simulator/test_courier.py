"""The courier delivers at least once, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.simulator.courier import Answer, Courier, DeliveryFailed, Parcel
from tests.simulator.forgery import Forgery
from tests.simulator.notice import Notice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRETS = {"paystack": "sk_test_0123456789abcdef0123456789abcdef"}
NOTICE = Notice("paystack", "charge.success", "", b'{"event":"charge.success"}', b'{"again":1}')
ACCEPTED = b'{"status":"accepted","event_id":"7"}'
LIMITED = b'{"code":"rate_limited"}'


class Receiver:
    """Answers by a script: a status and a body each, or None to hang up without an answer."""

    def __init__(self, script: list[tuple[int, bytes] | None]) -> None:
        self.bodies: list[bytes] = []
        self._script = script

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                told = self._script.pop(0)
                if told is None:
                    break
                status, body = told
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)))
                writer.write(body)
        writer.close()


def delivered(receiver: Receiver, *parcels: Parcel, give_up_s: float = 5.0) -> list[Answer]:
    async def deliver() -> list[Answer]:
        async with receiver.serving() as url:
            courier = Courier(url, SECRETS, seed=1, give_up_s=give_up_s)
            await courier.deliver(parcels)
            return courier.answers

    return asyncio.run(deliver())


def test_what_was_not_answered_is_sent_again_as_it_was() -> None:
    receiver = Receiver([None, (503, b"{}"), (200, ACCEPTED)])

    (answer,) = delivered(receiver, Parcel(NOTICE, 0.0))

    assert receiver.bodies == [NOTICE.body] * 3
    assert (answer.status, answer.word, answer.event_id) == (200, "accepted", 7)
    assert len(set(answer.request_ids)) == answer.tries == 3


def test_a_provider_comes_back_after_it_was_asked_to_wait() -> None:
    receiver = Receiver([(429, LIMITED), (200, ACCEPTED)])

    (answer,) = delivered(receiver, Parcel(NOTICE, 0.0))

    assert answer.is_kept


def test_a_forger_does_not() -> None:
    receiver = Receiver([(429, LIMITED)])

    (answer,) = delivered(receiver, Parcel(NOTICE, 0.0, forgery=Forgery.WRONG_KEY))

    assert (answer.status, answer.word, answer.tries) == (429, "rate_limited", 1)


def test_a_later_delivery_may_differ_in_what_does_not_matter() -> None:
    receiver = Receiver([(200, ACCEPTED)])

    delivered(receiver, Parcel(NOTICE, 0.0, is_repeat=True))

    assert receiver.bodies == [NOTICE.body_again]


def test_deliveries_are_made_in_the_order_of_the_morning() -> None:
    receiver = Receiver([(200, ACCEPTED)] * 3)
    later = [Parcel(Notice("paystack", "any", "", b"%d" % n), n / 10) for n in (3, 1, 2)]

    async def deliver() -> None:
        async with receiver.serving() as url:
            await Courier(url, SECRETS, seed=1).deliver(later, within_s=1.0)

    asyncio.run(deliver())

    assert receiver.bodies == [b"1", b"2", b"3"]


def test_it_does_not_try_for_ever() -> None:
    receiver = Receiver([(503, b"{}")] * 50)

    with pytest.raises(ExceptionGroup) as failed:
        delivered(receiver, Parcel(NOTICE, 0.0), give_up_s=0.1)

    assert failed.group_contains(DeliveryFailed)
