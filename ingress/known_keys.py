"""Known keys: says once in the record by which secrets this process knows providers, by name only.

Operators see then which secrets are live, used or not, and nobody has to show one to a command. The
process that started last is believed; what it says never keeps it from serving.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from domain.providers.canary import CANARY
from ingress import statements, store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from ingress.accounts import Account
    from ingress.store import Connection

TRY_EVERY_S = 5.0
"""Seconds between two tries while the store is away, or its schema is older."""

SAY_S_MAX = 2.0
"""Seconds for one try."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class KnownKeys:
    """Says the names of the accounts' secrets, in the background, until it is kept."""

    def __init__(
        self, open_: Callable[[], Awaitable[Connection]], accounts: Iterable[Account]
    ) -> None:
        self._open = open_
        self._rows = sorted(
            (account.provider.name, account.name, secret.key_id, place, account.mode)
            for account in accounts
            if account.provider.name != CANARY
            for place, secret in enumerate(account.secrets)
        )
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to say them."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, whether they were said or not."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            if await self._say():
                return
            await asyncio.sleep(TRY_EVERY_S)

    async def _say(self) -> bool:
        """Say them all; return whether that is kept."""
        connection = None
        try:
            connection = await self._open()
            await store.within(connection, self._write(connection), limit_s=SAY_S_MAX)
        except store.AWAY as error:
            log.info("keys.unsaid", error_class=type(error).__name__)
            return False
        finally:
            if connection is not None:
                await store.close(connection)
        return True

    async def _write(self, connection: Connection) -> None:
        columns = [list(column) for column in zip(*self._rows, strict=True)] or [[]] * 5
        await connection.execute(statements.KEEP_KEYS, columns)
