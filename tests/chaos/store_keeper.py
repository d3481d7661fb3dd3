"""The stores of the stage: killed, frozen and started again, by threads that live as long.

The kernel ends a store with the thread that started it (see `tests.local.privileges`), so whoever
wants one started asks a thread that stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.chaos.freezing import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tests.local.server import Server
    from tests.local.stores import Stores

PROCESSES = Path("/proc")


class StoreKeeper:
    """Both stores, started on entering and stopped on leaving; may be used from any thread.

    What concerns one store happens in order; the other need not wait. Raises StoreFailed where a
    store does not start.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._threads = {
            name: ThreadPoolExecutor(1, thread_name_prefix=name) for name in ("postgres", "valkey")
        }
        self._frozen: dict[str, Frozen] = {}

    def __enter__(self) -> Self:
        try:
            self._postgres(self._stores.start)
        except BaseException:
            # Interrupted, it may be starting still, and ends that before it stops.
            self._postgres(self._stores.stop)
            self._end_threads()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.thaw_postgres()
            self.thaw_valkey()
            self._postgres(self._stores.stop)
        finally:
            self._end_threads()

    @property
    def stores(self) -> Stores:
        """Where they are."""
        return self._stores

    @property
    def is_postgres_up(self) -> bool:
        """Whether its main process lives, frozen or not."""
        return self._stores.postgres.is_running

    @property
    def is_valkey_up(self) -> bool:
        """Whether it lives, frozen or not."""
        return self._stores.valkey.is_running

    @property
    def valkey_pid(self) -> int | None:
        """Its process, None while it is down."""
        return self._stores.valkey_pid if self.is_valkey_up else None

    def postgres_pids(self) -> list[int]:
        """Return every process of the cluster, the main one first; none while it is down."""
        if not self.is_postgres_up:
            return []
        main = self._stores.postgres_pid
        return [main, *_children(main)]

    def kill_postgres(self) -> None:
        """End all of its processes with SIGKILL, as a loss of power would (but for the disk)."""
        self._postgres(self._kill_postgres)

    def start_postgres(self) -> None:
        """Start it on its data, and return once it answers; nothing happens when it is up."""
        self._postgres(self._stores.postgres.start)

    def freeze_postgres(self) -> None:
        """Let all of its processes stand still until it is thawed or killed."""
        self._postgres(lambda: self._freeze("postgres", self.postgres_pids))

    def thaw_postgres(self) -> None:
        """Let them go on; nothing happens when none stands still."""
        self._postgres(lambda: self._thaw("postgres"))

    def kill_valkey(self) -> None:
        """End it with SIGKILL; what it had not written to its file is lost."""
        self._valkey(lambda: self._kill("valkey", self._stores.valkey))

    def start_valkey(self, *, wipe: bool = False) -> None:
        """Start it and return once it answers; `wipe` lets it begin with nothing.

        Nothing happens when it is up.
        """
        self._valkey(lambda: self._start_valkey(wipe=wipe))

    def freeze_valkey(self) -> None:
        """Let it stand still until it is thawed or killed."""
        self._valkey(lambda: self._freeze("valkey", self._valkey_pids))

    def thaw_valkey(self) -> None:
        """Let it go on; nothing happens when it does not stand still."""
        self._valkey(lambda: self._thaw("valkey"))

    def heal(self) -> None:
        """Have both up and going on."""
        self.thaw_postgres()
        self.thaw_valkey()
        self.start_postgres()
        self.start_valkey()

    def _kill_postgres(self) -> None:
        others = self.postgres_pids()[1:]
        self._kill("postgres", self._stores.postgres)
        for pid in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _kill(self, name: str, server: Server) -> None:
        server.kill()
        if name in self._frozen:
            self._frozen.pop(name).dismiss()

    def _start_valkey(self, *, wipe: bool) -> None:
        valkey = self._stores.valkey
        if wipe and not valkey.is_running:
            for kept in valkey.data.iterdir():
                shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
        valkey.start()

    def _freeze(self, name: str, pids: Callable[[], list[int]]) -> None:
        if name not in self._frozen:
            self._frozen[name] = Frozen(pids)

    def _thaw(self, name: str) -> None:
        if name in self._frozen:
            self._frozen.pop(name).thaw()

    def _valkey_pids(self) -> list[int]:
        pid = self.valkey_pid
        return [] if pid is None else [pid]

    def _postgres(self, work: Callable[[], None]) -> None:
        self._threads["postgres"].submit(work).result()

    def _valkey(self, work: Callable[[], None]) -> None:
        self._threads["valkey"].submit(work).result()

    def _end_threads(self) -> None:
        for thread in self._threads.values():
            thread.shutdown()


def _children(parent: int) -> list[int]:
    """Return the processes whose parent this is."""
    found = []
    for folder in PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
    return found
