"""Threads that call, as a worker has them, for as long as a test needs them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from workers.broker import connect
from workers.direct import DirectClaimer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling.desk import Desk
    from tests.local.valkey import Valkey
    from workers.calling.pool import CallPool

JOIN_S = 20.0
"""Longer than any test may take; what still runs then has failed."""

SLOW, QUICK = ("paystack", "default"), ("stripe", "default")
"""An account whose provider hangs, and another."""


@contextlib.contextmanager
def running(pool: CallPool) -> Iterator[CallPool]:
    """Have the threads of a pool perform until the block ends."""
    pool.start()
    try:
        yield pool
    finally:
        pool.stop()
        pool.join(JOIN_S)


@contextlib.contextmanager
def claiming(desk: Desk, gone: Valkey, pool: CallPool) -> Iterator[None]:
    """Have what is owed taken from the database, without Redis, until the block ends."""
    claimer = DirectClaimer(connect(gone.url), desk.database, worker="claimer", call=pool.offer)
    claimer.start()
    try:
        yield
    finally:
        claimer.stop()
        claimer.join()
