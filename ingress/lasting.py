"""Lasting: tasks that run for as long as the process does. One that ends by itself has failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Coroutine

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

fallen: list[str] = []
"""The names of those that have ended by themselves; the watchdog looks."""


def start(coroutine: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
    """Begin a task that is to run until it is cancelled."""
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    task.add_done_callback(_note)
    return task


def _note(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    fallen.append(task.get_name())
    log.critical("task.fell", reason=task.get_name(), error_class=type(error).__name__)
