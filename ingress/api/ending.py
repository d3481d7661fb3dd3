"""Ending tasks that run for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

AGAIN_S = 0.1
"""Seconds after which a task that goes on is told again. A library may mistake the first time for
the end of a wait of its own."""


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks, and return when all of them have ended, however they did."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=AGAIN_S)
        for task in done:
            if not task.cancelled():
                task.exception()
