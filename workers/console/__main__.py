"""The console process: `python -m workers.console`."""

from __future__ import annotations

import sys

import uvicorn

from workers import logging
from workers.console.app import make_app
from workers.console.protocol import HEAD_BYTES_MAX, Protocol
from workers.database import Database
from workers.settings import ConsoleSettings, load
from workers.starting import require_fit

NAME = "payratchet console"
STOP_WITHIN_S = 5
KEEP_ALIVE_S = 10


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    logging.configure("console")
    settings = load(ConsoleSettings)
    database = Database(settings.database_url, name=NAME)
    require_fit(database, settings)
    uvicorn.run(
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
