"""The watcher: connections of its own, past every proxy, that look until the run is over."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Self

import psycopg

from tests.chaos.watching import looks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from tests.chaos.watching.looks import Look

LOOK_EVERY_S = 0.25
"""How finely ages and recoveries are known."""

SNAPSHOT_EVERY_S = 0.5
SNAPSHOT_SHARE_MAX = 0.03
"""Share of a core that snapshots may take: the larger the books, the rarer they are."""

ON_ONE_CORE = "-c max_parallel_workers_per_gather=0"
"""Of Postgres, for whoever looks at all books: by default one look would take every core."""

CONNECT_S_MAX = 2
STOP_S_MAX = 10.0


class Watcher:
    """Looks in two threads: often at what is owed, and as often as is cheap at the whole books.

    What cannot be seen because the store is away leaves a gap, and no complaint. Calls are counted
    from when `kept_errors` is set, the provider's keys that answer with an error: that takes long.
    """

    def __init__(self, database_url: str) -> None:
        self.looks: list[Look] = []
        self.snapshots = 0
        self.problems: list[str] = []
        self.kept_errors: Sequence[str] | None = None
        self._url = database_url
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._look, name="looks", daemon=True),
            threading.Thread(target=self._check, name="snapshots", daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_S_MAX)

    @property
    def last(self) -> Look | None:
        """The newest look, if there was any."""
        return self.looks[-1] if self.looks else None

    def _look(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(psycopg.Error), self._connected() as connection:
                while not self._stopping.wait(LOOK_EVERY_S):
                    now_s, kept = time.monotonic(), self.kept_errors
                    self.looks.append(looks.look(connection, now_s, kept_errors=kept))
            self._stopping.wait(LOOK_EVERY_S)

    def _check(self) -> None:
        pause_s = SNAPSHOT_EVERY_S
        while not self._stopping.is_set():
            with contextlib.suppress(psycopg.Error), self._connected() as connection:
                while not self._stopping.wait(pause_s):
                    began_s = time.monotonic()
                    found = looks.broken(connection)
                    took_s = time.monotonic() - began_s
                    self.snapshots += 1
                    self.problems += [f"snapshot {self.snapshots}: {each}" for each in found]
                    pause_s = max(SNAPSHOT_EVERY_S, took_s / SNAPSHOT_SHARE_MAX)
            self._stopping.wait(SNAPSHOT_EVERY_S)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_S_MAX,
            application_name="chaos watcher",
            options=ON_ONE_CORE,
        )
        with contextlib.closing(connection):
            yield connection
