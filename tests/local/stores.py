"""Both stores of one run, in one folder that belongs to this run alone while it lasts."""

from __future__ import annotations

import contextlib
import fcntl
import os
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Self

from tests.local import find, orphans, privileges, signals, sockets
from tests.local.errors import AlreadyRunning, StoreFailed, StoreGiven
from tests.local.postgres import Postgres
from tests.local.valkey import PID_FILE, Valkey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType


class Stores:
    """Postgres and Valkey, started on entering and stopped on leaving.

    A store that is given by its URL is only passed on; `tuning` is for a Postgres of ours and
    cannot make it less durable, `injected` is added to the environment of its process. The folder
    keeps the data (`postgres-18`, `valkey-9`), the logs (`log/`) and the lock. Enter from a thread
    that lives as long as the run: the kernel stops both when that thread ends, even by SIGKILL.
    Raises AlreadyRunning, StoreMissing or StoreFailed on entering, and then nothing runs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        throw_away: bool = False,
        database_url: str | None = None,
        redis_url: str | None = None,
        tuning: Mapping[str, str] = MappingProxyType({}),
        injected: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder = folder.absolute()
        self.throw_away = throw_away
        self.tuning = tuning
        self.injected = injected
        self._database_url = database_url
        self._redis_url = redis_url
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        self._lock: IO[str] | None = None
        self._sockets: Path | None = None

    @classmethod
    def from_environment(cls, folder: Path, *, throw_away: bool = False) -> Self:
        """Take DATABASE_URL and REDIS_URL as given where they are set; start the rest."""
        return cls(
            folder,
            throw_away=throw_away,
            database_url=os.environ.get("DATABASE_URL") or None,
            redis_url=os.environ.get("REDIS_URL") or None,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start both; on any failure whatever started is stopped again."""
        try:
            self._hold_folder()
            if self._database_url is None:
                self._start_postgres()
            if self._redis_url is None:
                self._start_valkey()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both cleanly and give the folder back; may be called twice."""
        with signals.undisturbed(), contextlib.ExitStack() as last:
            last.callback(self._release_folder)
            if self._postgres is not None:
                last.callback(self._postgres.stop)
            if self._valkey is not None:
                last.callback(self._valkey.stop)

    @property
    def database_url(self) -> str:
        """The libpq URL of the database."""
        return self._database_url or self.postgres.url

    @property
    def redis_url(self) -> str:
        """The URL of database 0 of Valkey."""
        return self._redis_url or self.valkey.url

    @property
    def postgres(self) -> Postgres:
        """Our Postgres, to stop, kill and start; raises StoreGiven when it is not ours."""
        if self._postgres is None:
            raise StoreGiven("This run has no Postgres of its own.")
        return self._postgres

    @property
    def valkey(self) -> Valkey:
        """Our Valkey, to stop, kill and start; raises StoreGiven when it is not ours."""
        if self._valkey is None:
            raise StoreGiven("This run has no Valkey of its own.")
        return self._valkey

    @property
    def postgres_pid(self) -> int:
        """The postmaster."""
        return self.postgres.pid

    @property
    def valkey_pid(self) -> int:
        """The server process."""
        return self.valkey.pid

    def _start_postgres(self) -> None:
        binaries = find.postgres()
        data = self.folder / binaries.data_name
        account = privileges.account_for(data)
        orphans.stop(data / "postmaster.pid", data=data)
        self._postgres = Postgres(
            binaries,
            data=data,
            sockets=self._socket_folder(account),
            log=self.folder / "log" / "postgres.log",
            account=account,
            throw_away=self.throw_away,
            tuning=self.tuning,
        )
        self._postgres.environment.update(self.injected)
        self._postgres.prepare()
        self._postgres.start()

    def _start_valkey(self) -> None:
        binary = find.valkey()
        data = self.folder / binary.data_name
        account = privileges.account_for(data)
        orphans.stop(data / PID_FILE, data=data)
        data.mkdir(mode=0o700, exist_ok=True)
        privileges.give(data, account)
        self._valkey = Valkey(
            binary,
            data=data,
            sockets=self._socket_folder(account),
            log=self.folder / "log" / "valkey.log",
            account=account,
        )
        self._valkey.start()

    def _hold_folder(self) -> None:
        """Take the folder for this run; raises AlreadyRunning while another has it."""
        try:
            (self.folder / "log").mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a")
        except OSError as error:
            raise StoreFailed(
                f"{self.folder} cannot be used: {error.strerror}. Own it or delete it."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise AlreadyRunning(
                f"Already running: another run holds {self.folder}. Stop that one first."
            ) from error
        self._lock = lock
        sockets.clear(self.folder)

    def _release_folder(self) -> None:
        if self._lock is not None:
            sockets.clear(self.folder)
            self._lock.close()
            self._lock = None
        self._sockets = None

    def _socket_folder(self, account: privileges.Account) -> Path:
        if self._sockets is None:
            self._sockets = sockets.make(self.folder)
            privileges.give(self._sockets, account)
        return self._sockets
