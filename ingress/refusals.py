"""Refusals: who was sent away and why, for operators. Bounded in memory, rows and log lines.

A flood of forgeries costs a fixed amount of everything: what does not fit is counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from ingress import lasting, statements, store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ingress.store import Connection

FLUSH_S = 1.0
"""Seconds between two flushes."""

WAITING_MAX = 500
"""Refusals kept of one flush, in memory and then in one INSERT."""

LINES_PER_FLUSH_MAX = 100
"""Log lines of one flush."""

ROWS_MAX = 10_000
"""Rows kept in `refused_requests`, the newest."""

ROWS_BETWEEN_TRIMS = 1_000
"""Rows written by this process between two trims; so many more than `ROWS_MAX` may be there."""

WRITE_S_MAX = 2.0
"""Seconds for one flush."""

DIAGNOSIS_LENGTH_MAX = 500

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One request that was sent away. Holds no byte of its body."""

    source: str
    account: str
    address: str
    code: str
    diagnosis: str
    request_id: str
    body_bytes: int


class Refusals:
    """Collects refusals and writes them once a second. `dropped` counts those without a row."""

    def __init__(self, open_: Callable[[], Awaitable[Connection]]) -> None:
        self._open = open_
        self._connection: Connection | None = None
        self._waiting: deque[Refusal] = deque()
        self._lines_left = LINES_PER_FLUSH_MAX
        self._silenced = 0
        self._since_trim = ROWS_BETWEEN_TRIMS
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def __len__(self) -> int:
        """Return how many wait to be written."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to write."""
        self._task = lasting.start(self._run(), name="refusals")

    def note(self, refusal: Refusal) -> None:
        """Take a refusal for the table, and say it in the log."""
        if len(self._waiting) >= WAITING_MAX:
            self.dropped += 1
        else:
            self._waiting.append(refusal)
        self.say(
            code=refusal.code,
            provider=refusal.source,
            account=refusal.account,
            request_id=refusal.request_id,
            reason=refusal.diagnosis,
        )

    def say(self, **fields: object) -> None:
        """Log one refusal, or count it when there were enough lines this second."""
        if self._lines_left <= 0:
            self._silenced += 1
            return
        self._lines_left -= 1
        log.info("delivery.refused", **fields)

    async def stop(self) -> None:
        """Write what waits and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._flush()
        if self._connection is not None:
            await store.close(self._connection)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            await self._flush()

    async def _flush(self) -> None:
        self._renew_lines()
        batch = list(self._waiting)
        if not batch:
            return
        self._waiting.clear()
        try:
            self._connection = self._connection or await self._open()
            await store.within(self._connection, self._write(batch), limit_s=WRITE_S_MAX)
        except store.AWAY as error:
            self.dropped += len(batch)
            log.warning("refusals.unwritten", error_class=type(error).__name__, count=len(batch))
            await self._disconnect()

    async def _write(self, batch: list[Refusal]) -> None:
        connection = self._connection
        if connection is None:
            return
        await connection.execute(statements.KEEP_REFUSED, _columns(batch))
        self._since_trim += len(batch)
        if self._since_trim >= ROWS_BETWEEN_TRIMS:
            self._since_trim = 0
            await connection.execute(statements.TRIM_REFUSED, (ROWS_MAX,))

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await store.close(connection)

    def _renew_lines(self) -> None:
        if self._silenced:
            log.warning("delivery.refused", reason="more were refused", count=self._silenced)
        self._lines_left = LINES_PER_FLUSH_MAX
        self._silenced = 0


def _columns(batch: list[Refusal]) -> tuple[list[object], ...]:
    return (
        [refusal.source for refusal in batch],
        [refusal.account for refusal in batch],
        [refusal.address for refusal in batch],
        [refusal.code for refusal in batch],
        [_storable(refusal.diagnosis) for refusal in batch],
        [refusal.request_id for refusal in batch],
        [refusal.body_bytes for refusal in batch],
    )


def _storable(text: str) -> str:
    """Return the text as Postgres can hold it."""
    return text.replace("\0", "")[:DIAGNOSIS_LENGTH_MAX].encode(errors="replace").decode()
