"""Checking passwords: in threads of its own, few at a time, and as long for whoever is unknown."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from workers.console.reading import Busy
from workers.operations import passwords

AT_ONCE = 2
"""Passwords that are checked at a time: each takes 64 MiB, and a core for some 50 ms."""

WAITING_MAX = 8
"""Sign-ins that wait for their turn; one more is told to come again."""


class Checker:
    """Holds passwords against what is kept of them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="password")
        self._waiting = 0

    async def is_right(self, kept: str | None, password: str) -> bool:
        """Return whether it is the password of which `kept` is kept; None: there is no such person.

        Whether there is one cannot be told from how long it takes. Raises Busy.
        """
        if self._waiting >= WAITING_MAX:
            raise Busy("too many sign in at once; try again")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _check, kept, password)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def _check(kept: str | None, password: str) -> bool:
    is_right = passwords.is_right(kept or _nobodys(), password)
    return is_right and kept is not None


@cache
def _nobodys() -> str:
    """Return the hash of a password that nobody has: like all others, and made once."""
    return passwords.hashed(passwords.make())
