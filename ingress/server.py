"""The server: uvicorn with uvloop and httptools, told to say nothing about itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import psycopg
import uvicorn

from domain.schema import mismatch
from ingress import settings, store
from ingress.errors import StartRefused
from ingress.protocol import Protocol

if TYPE_CHECKING:
    from ingress.settings import Settings

APPLICATION = "ingress.app:from_environment"

KEEP_ALIVE_S = 30
"""Seconds that a connection may stay open between two requests."""

STOP_S_MAX = 5
"""Seconds for requests in progress when told to stop; with what follows, a stop is done in 10."""

BACKLOG = 2_048
"""Connections that the kernel holds for us while we are busy."""

EXIT_REFUSED = 2
"""Exit code when the configuration or the store is not fit to start."""


def main(application: str = APPLICATION) -> int:
    """Serve until SIGTERM or SIGINT; return 0 then, `EXIT_REFUSED` when it must not start."""
    for told_to_stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told_to_stop, _stop)
    try:
        told = settings.load()
        _require_safe_store(told)
    except StartRefused as error:
        print(f"The ingress does not start: {error}", file=sys.stderr)  # noqa: T201 - before any log
        return EXIT_REFUSED
    _raise_descriptor_limit()
    uvicorn.run(
        application,
        factory=True,
        host=told.host,
        port=told.port,
        workers=told.web_concurrency,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S_MAX,
    )
    return 0


def _stop(number: int, frame: object) -> NoReturn:
    """End the process with 0: while it starts, when nothing is begun, and once it has served.

    In between uvicorn listens itself; when it has stopped it raises the signal again. At once: an
    exception could come up anywhere, in the making of an event loop as well.
    """
    del number, frame
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(RuntimeError, ValueError, OSError):
            stream.flush()
    os._exit(0)


def _require_safe_store(told: Settings) -> None:
    """Raise StartRefused for a store that loses commits, or whose schema is not ours.

    One that is away is waited for later.
    """
    with contextlib.suppress(psycopg.Error, OSError):
        asyncio.run(_look_at_store(told))


async def _look_at_store(told: Settings) -> None:
    connection = await store.connect(
        told.database_url, allow_unsafe=told.payratchet_allow_unsafe_store
    )
    try:
        problem = mismatch(await store.schema_revision(connection))
    finally:
        await store.close(connection)
    if problem is not None:
        raise StartRefused(problem)


def _raise_descriptor_limit() -> None:
    """Allow as many open sockets as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
