"""The Postgres of one run, on a unix socket only; it loses nothing unless it is throw-away."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.local import privileges
from tests.local.errors import StoreFailed
from tests.local.server import LOG_TAIL_BYTES, QUIT_WAIT_S, STOP_WAIT_S, Server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.local.find import Postgres as Binaries
    from tests.local.privileges import Account

DATABASE = "payratchet"
SUPERUSER = "postgres"
PORT = 5432
INIT_WAIT_S = 60.0
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# A throw-away store may lose its data with the machine, but not with a killed process: without
# synchronous_commit the last commits are only in the memory of the process.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
}
# After a SIGKILL its backends end a moment later; until then Postgres refuses to start on the same
# data.
STILL_ENDING = ("is still in use", "lock file")
READY_LINE = 7


class Postgres(Server):
    """One cluster with the database DATABASE, in its own folder."""

    name = "Postgres"
    stop_signals = ((signal.SIGINT, STOP_WAIT_S), (signal.SIGQUIT, QUIT_WAIT_S))

    def __init__(
        self,
        binaries: Binaries,
        *,
        data: Path,
        sockets: Path,
        log: Path,
        account: Account,
        throw_away: bool,
        tuning: Mapping[str, str],
    ) -> None:
        super().__init__(data=data, log=log, account=account)
        self.binaries = binaries
        self.sockets = sockets
        self.throw_away = throw_away
        self.tuning = tuning

    @property
    def url(self) -> str:
        """Return the libpq URL of DATABASE."""
        host = quote(str(self.sockets), safe="/")
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={host}&port={PORT}"

    def prepare(self) -> None:
        """Make the cluster and its database if the folder has none.

        A half-made one from before is thrown away. Raises StoreFailed when it cannot be made.
        """
        if self.data.exists():
            return
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        privileges.give(unfinished, self.account)
        self._init(unfinished)
        self._create_database(unfinished)
        unfinished.rename(self.data)

    def _init(self, data: Path) -> None:
        options = [
            "--no-locale",
            "--encoding=UTF8",
            "--auth=trust",
            "--data-checksums",
            f"--username={SUPERUSER}",
        ]
        if self.throw_away:
            options.append("--no-sync")
        self._run([self.binaries.folder / "initdb", *options, "-D", data])

    def _create_database(self, data: Path) -> None:
        """Create it in single-user mode: a cluster without it never gets the final name."""
        words: list[str | Path] = [
            self.binaries.folder / "postgres",
            "--single",
            "-D",
            data,
            *_options(THROW_AWAY),
            SUPERUSER,
        ]
        self._run(words, statement=f"CREATE DATABASE {DATABASE};\n")

    def _run(self, command: list[str | Path], *, statement: str = "") -> None:
        process = privileges.start(
            command, self.account, output=subprocess.PIPE, reads=bool(statement)
        )
        try:
            said, _ = process.communicate(statement.encode() or None, timeout=INIT_WAIT_S)
        except subprocess.TimeoutExpired as error:
            raise StoreFailed(f"{command[0]} did not end within {INIT_WAIT_S:.0f} s.") from error
        finally:
            process.kill()
        if process.returncode != 0:
            raise StoreFailed(
                f"{command[0]} failed:\n{said.decode(errors='replace')[-LOG_TAIL_BYTES:].strip()}"
            )

    def _command(self) -> list[str | Path]:
        durability = THROW_AWAY if self.throw_away else DURABLE
        settings = {**SETTINGS, **self.tuning, **durability}
        settings["unix_socket_directories"] = str(self.sockets)
        return [self.binaries.folder / "postgres", "-D", self.data, *_options(settings)]

    def _is_ready(self) -> bool:
        """Read what Postgres writes itself: line 1 is its pid, line 8 its state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            len(lines) > READY_LINE
            and lines[0] == str(self.pid)
            and lines[READY_LINE].strip() == "ready"
        )

    def _may_try_again(self, said: str) -> bool:
        return any(words in said for words in STILL_ENDING)


def _options(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
