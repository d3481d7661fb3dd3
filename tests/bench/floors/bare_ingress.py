"""The ingress with the store taken out: HTTP, signature, key and answer, and nothing is kept.

`python -m tests.bench.floors.bare_ingress` is `python -m ingress` but for its writers, who answer
whatever waits at once. Server, protocol, edge, verification, waiting room and journal are the real
ones, so what the real ingress spends beyond this is what durability costs. Nobody is rung for.
"""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

from ingress import app, record, server
from ingress.group_commit import Writer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.applications import Starlette

    from ingress.record import Recorder
    from ingress.store import Connection
    from ingress.waiting_room import WaitingRoom

EVENT_IDS = itertools.count(1)
"""What events are called that are nowhere."""

APPLICATION = f"{__spec__.name}:from_environment"


class BareWriter(Writer):
    """Takes batches as a writer does, and says that every event in them is new."""

    def __init__(
        self, open_: Callable[[], Awaitable[Connection]], recorder: Recorder, room: WaitingRoom
    ) -> None:
        super().__init__(open_, recorder, room)
        self._waiting_room = room

    @property
    def is_connected(self) -> bool:
        """Whether it can answer, which it always can."""
        return True

    async def run(self) -> None:
        """Answer for ever."""
        while True:
            batch = await self._waiting_room.take()
            for group in batch:
                for entry in group.entries:
                    entry.kept(next(EVENT_IDS), fresh=True)
            record.settle(batch)
            self._waiting_room.finished(comes_back=True)


def from_environment() -> Starlette:
    """Return the application; what uvicorn calls."""
    return app.from_environment(writer_type=BareWriter)


if __name__ == "__main__":
    sys.exit(server.main(APPLICATION))
