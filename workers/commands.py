"""Enqueue commands: what we ask of ourselves waits in the inbox, like what providers tell us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.commands import Command
    from workers.database import Transaction

REQUEST_ID_LENGTH_MAX = 200
"""Characters of a request id that are kept with a command."""


def enqueue(
    tx: Transaction,
    commands: Sequence[Command],
    *,
    request_id: str,
    traceparent: str | None = None,
) -> list[int]:
    """Keep commands and the work they owe, in the caller's transaction; return their event ids.

    A command that was kept before, under the same key, is not kept again and has no id here. The
    relay rings for what nobody else rings for.
    """
    if not commands:
        return []
    values = {
        "keys": [command.key for command in commands],
        "references": [command.reference for command in commands],
        "bodies": [command.body() for command in commands],
        "request_id": request_id[:REQUEST_ID_LENGTH_MAX],
        "traceparent": traceparent,
    }
    rows = tx.execute(sql.KEEP_COMMANDS, values).fetchall()
    return [event_id for _, event_id in sorted(rows)]
