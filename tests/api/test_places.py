"""Places to wait in: bounded, a share for each client, and left by whoever goes."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from ingress.api import places
from tests.api.watching import Eye, started, waited


@pytest.fixture
def eye(database_url: str) -> Eye:
    return Eye(database_url)


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


def test_a_client_that_fills_its_places_leaves_those_of_others(redis_url: str, eye: Eye) -> None:
    async def story() -> tuple[bool, bool]:
        async with started(redis_url, eye) as made:
            with contextlib.ExitStack() as taken:
                for number in range(places.CLIENT_WATCHES_MAX):
                    taken.enter_context(made.watch(f"p{number}", "shop"))
                with made.watch("p1", "shop") as own, made.watch("p1", "other") as others:
                    return own is None, others is not None

    assert asyncio.run(story()) == (True, True)
