"""Whoever waits for a Redis that answers like no Redis is told so, and waits for nobody else."""

from __future__ import annotations

import asyncio
import socket
import time

from redis.asyncio import ConnectionPool
from redis.exceptions import ConnectionError as ConnectionLost

from domain.rates import Rate
from ingress.api.shared_windows import SharedWindows
from ingress.api.windows import Window

PATIENCE_S = 5.0


def test_an_odd_answer_fails_those_who_were_asked_about_and_those_who_came_meanwhile() -> None:
    async def story() -> list[object]:
        heard, go_on, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65_536):
                if b"EVALSHA" not in data:
                    writer.write(b"+OK\r\n" * data.count(b"*"))
                    continue
                heard.set()
                await go_on.wait()
                writer.write(b":1\r\n")
            writer.close()
            over.set()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        pool = ConnectionPool.from_url(f"redis://127.0.0.1:{port}/0")
        windows = SharedWindows(pool, key_prefix="test", trip_s_max=PATIENCE_S)
        first, second = (Window("test", Rate(1, 60), who) for who in ("first", "second"))
        one = asyncio.ensure_future(windows.hit(first))
        await asyncio.wait_for(heard.wait(), PATIENCE_S)
        two = asyncio.ensure_future(windows.hit(second))
        await asyncio.sleep(0)
        go_on.set()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return list(await asyncio.gather(one, two, return_exceptions=True))
        finally:
            await windows.close()
            await asyncio.wait_for(over.wait(), PATIENCE_S)
            server.close()

    assert [type(each) for each in asyncio.run(story())] == [ConnectionLost] * 2


def test_of_a_redis_that_says_nothing_all_are_told_at_once_and_not_one_after_the_other() -> None:
    trip_s_max, who_give_back = 0.2, 20

    async def story(port: int) -> list[object]:
        pool = ConnectionPool.from_url(f"redis://127.0.0.1:{port}/0")
        windows = SharedWindows(pool, key_prefix="test", trip_s_max=trip_s_max)
        window = Window("test", Rate(1, 60), "somebody")
        given_back = [windows.give_back(window, 1.0) for _ in range(who_give_back)]
        try:
            return list(
                await asyncio.gather(*given_back, windows.hit(window), return_exceptions=True)
            )
        finally:
            await windows.close()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        began_s = time.monotonic()
        ends = asyncio.run(story(silent.getsockname()[1]))
        took_s = time.monotonic() - began_s
    assert [type(each) for each in ends] == [TimeoutError] * (who_give_back + 1)
    assert took_s < trip_s_max * who_give_back / 2
