"""The Valkey (or Redis) of one run, on a unix socket only, with an append-only file."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

from tests.local.server import STOP_WAIT_S, Server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.find import Valkey as Binary
    from tests.local.privileges import Account

DATABASES = 64
PING_WAIT_S = 1.0
PID_FILE = "valkey.pid"
SETTINGS = {
    "port": "0",
    "daemonize": "no",
    "databases": str(DATABASES),
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}


class Valkey(Server):
    """One server with DATABASES numbered databases, in its own folder."""

    name = "Valkey"
    stop_signals = ((signal.SIGTERM, STOP_WAIT_S),)

    def __init__(
        self, binary: Binary, *, data: Path, sockets: Path, log: Path, account: Account
    ) -> None:
        super().__init__(data=data, log=log, account=account)
        self.binary = binary
        self.socket = sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """Return the URL of database 0."""
        return f"unix://{self.socket}?db=0"

    def _command(self) -> list[str | Path]:
        places = {
            "dir": str(self.data),
            "unixsocket": str(self.socket),
            "pidfile": str(self.data / PID_FILE),
        }
        options = [
            word for name, value in {**SETTINGS, **places}.items() for word in (f"--{name}", value)
        ]
        return [self.binary.path, *options]

    def _is_ready(self) -> bool:
        """Ask it: while it reads its file it accepts connections and answers LOADING."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PING_WAIT_S)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False
