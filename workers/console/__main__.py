"""The console process: `python -m workers.console`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import uvicorn

from workers import logging
from workers.console.app import make_app
from workers.console.protocol import HEAD_BYTES_MAX, Protocol
from workers.database import Database
from workers.settings import ConsoleSettings, load
from workers.starting import require_fit
from workers.watchdog import STOP_S_MAX, Watchdog, end_within

if TYPE_CHECKING:
    from types import FrameType

NAME = "payratchet console"
STOP_WITHIN_S = 5
KEEP_ALIVE_S = 10


class Server(uvicorn.Server):
    """Ends in time, whatever a page that is being made waits for."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; a second signal stops at once."""
        if not self.should_exit:
            end_within(STOP_S_MAX)
        super().handle_exit(sig, frame)


def main() -> int:
    """Serve until SIGTERM or SIGINT; return 0 then."""
    for told_to_stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told_to_stop, _stop)
    logging.configure("console")
    settings = load(ConsoleSettings)
    database = Database(settings.database_url, name=NAME)
    require_fit(database, settings)
    Watchdog().start()
    config = uvicorn.Config(
        make_app(database, settings),
        host=settings.console_host,
        port=settings.console_port,
        http=Protocol,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        ws="none",
        lifespan="on",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    Server(config).run()
    return 0


def _stop(number: int, frame: object) -> NoReturn:
    """End the process with 0: while it starts, and once it has served and is told again.

    uvicorn has handlers of its own while it serves, and then passes the signal on to these.
    """
    del number, frame
    with contextlib.suppress(RuntimeError, ValueError, OSError):
        sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
