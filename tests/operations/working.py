"""A worker for the commands that wait for one: it performs what they ask for."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workers.reconciling import Runs


@contextlib.contextmanager
def working(runs: Runs) -> Iterator[None]:
    """Perform commands as a worker does, in a thread, until the block ends."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.05):
            runs.answer_questions()
            for event_id in runs.commands():
                runs.step(event_id, runs.provider)
        runs.scene.database.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
