"""Whatever an attempt to connect ends with, the next one is made."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ingress.api import direct
from ingress.api.gathering import Gathering
from ingress.api.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingress.wire import Wire


def test_an_error_that_nobody_has_thought_of_does_not_close_the_door_for_good(
    database_url: str,
) -> None:
    async def story() -> int:
        attempts = 0

        async def connect() -> Wire:
            nonlocal attempts
            attempts += 1
            if attempts == 1:
                raise RuntimeError("nobody has thought of this")
            return await direct.connect(database_url, allow_unsafe=True, lock_ms_max=50)

        async def ask(wire: Wire, asked: Sequence[int]) -> Sequence[int]:
            assert wire.is_idle
            return [each * 10 for each in asked]

        gathering = Gathering(connect, ask, Pulse())
        gathering.start()
        try:
            return await gathering.find(1, until_s=asyncio.get_running_loop().time() + 5)
        finally:
            await gathering.stop()

    assert asyncio.run(story()) == 10
