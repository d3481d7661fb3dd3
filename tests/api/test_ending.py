from __future__ import annotations

import asyncio

from ingress.api.ending import ended


def test_a_task_that_mistakes_its_end_for_something_else_is_told_again() -> None:
    async def story() -> tuple[int, bool]:
        heard = 0

        async def deaf() -> None:
            nonlocal heard
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    heard += 1
                    if heard > 2:
                        raise

        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await ended([task])
        return heard, task.cancelled()

    assert asyncio.run(story()) == (3, True)
