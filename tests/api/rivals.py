"""Callers that ask at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingress.serving import Answer


def at_once(ask: Callable[[int], Answer], callers: int) -> list[Answer]:
    """Have so many callers ask at the same time."""
    barrier = threading.Barrier(callers)

    def wait_and_ask(number: int) -> Answer:
        barrier.wait()
        return ask(number)

    with ThreadPoolExecutor(callers) as threads:
        return list(threads.map(wait_and_ask, range(callers)))
