"""Together: what is asked for as it mostly is, is done with its neighbours in one statement.

The statement does all of a request, its key and its answer included, or nothing of it. What it
finds known already it leaves out, and what goes wrong undoes it as a whole; either is then done
the general way, one request at a time (`ingress.api.transactions`). So no request is ever answered
differently for having gone together with others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import psycopg
import structlog

from ingress.api.gathering import Gathering

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence

    from domain.arrays import Packed
    from ingress.api.answer import Answer
    from ingress.api.operation import Operation
    from ingress.api.pulse import Pulse
    from ingress.api.transactions import Doing
    from ingress.wire import Row, Statement, Wire

Item = TypeVar("Item")

LOCK_MS_MAX = 50
"""Milliseconds that a batch waits for a lock: whoever else is in it waits as long for nothing."""

BAD_ROW = (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError)
"""What one request can do to a whole statement."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Generic[Item]):
    """How requests of one operation are done together.

    `item`       what a request comes to; None: it is not as it mostly is.
    `name`       no two of a batch may have the same.
    `statement`  returns a row for each that was done, its number (bigint, from 1) first.
    `columns`    its parameters.
    `answer`     what a row says.
    """

    item: Callable[[Doing], Item | None]
    name: Callable[[Item], Hashable]
    statement: Statement
    columns: Callable[[Sequence[Item]], Sequence[Packed]]
    answer: Callable[[Item, Row], Answer]


class Together:
    """Does requests of the operations that have a `Batch`; each of these has a connection."""

    def __init__(
        self,
        operations: Iterable[Operation],
        connect: Callable[[], Awaitable[Wire]],
        pulse: Pulse,
    ) -> None:
        self._gatherings: Mapping[str, Gathering[Any, Answer | None]] = {
            operation.name: Gathering(connect, _asking(operation.batch), pulse)
            for operation in operations
            if operation.batch is not None
        }

    def start(self) -> None:
        """Begin to connect."""
        for gathering in self._gatherings.values():
            gathering.start()

    async def stop(self) -> None:
        """Let go of the connections."""
        for gathering in self._gatherings.values():
            await gathering.stop()

    async def do(self, doing: Doing) -> Answer | None:
        """Return the answer, committed; None, with nothing changed, where it takes another way.

        Raises StoreUnavailable as `Gathering.find` does.
        """
        batch = doing.operation.batch
        item = None if batch is None else batch.item(doing)
        if item is None:
            return None
        return await self._gatherings[doing.operation.name].find(item, until_s=doing.until_s)


def _asking(
    batch: Batch[Item],
) -> Callable[[Wire, Sequence[Item]], Awaitable[Sequence[Answer | None]]]:
    async def ask(wire: Wire, items: Sequence[Item]) -> Sequence[Answer | None]:
        first = {batch.name(each): number for number, each in reversed(list(enumerate(items)))}
        numbers = sorted(first.values())
        done = await written(wire, batch, [items[number] for number in numbers])
        found: list[Answer | None] = [None] * len(items)
        for number, answer in zip(numbers, done, strict=True):
            found[number] = answer
        return found

    return ask


async def written(wire: Wire, batch: Batch[Item], items: Sequence[Item]) -> Sequence[Answer | None]:
    """Return the answers, None for each request that was not done.

    One that Postgres refuses is found by halving, so that it keeps nobody else back. Raises
    psycopg.Error when nobody knows what was done: only a server that is ready for another
    statement has said that it undid this one. What it says as it ends a connection may come
    after the commit.
    """
    try:
        return await _rows(wire, batch, items)
    except (psycopg.Error, UnicodeEncodeError) as error:
        if not wire.is_idle:
            raise
        log.info("api.batch_undone", error_class=type(error).__name__, count=len(items))
        if len(items) == 1 or not isinstance(error, BAD_ROW):
            return [None] * len(items)
    half = len(items) // 2
    return [
        *await written(wire, batch, items[:half]),
        *await written(wire, batch, items[half:]),
    ]


async def _rows(wire: Wire, batch: Batch[Item], items: Sequence[Item]) -> Sequence[Answer | None]:
    found: list[Answer | None] = [None] * len(items)
    for row in await wire.rows(batch.statement, batch.columns(items)):
        number = int.from_bytes(row[0]) - 1
        found[number] = batch.answer(items[number], row)
    return found
