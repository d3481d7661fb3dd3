"""Commands: what a worker is told to do at a provider, in the transaction that decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.commands import Command
from domain.sql import KEEP_COMMANDS

if TYPE_CHECKING:
    from domain.commands import CommandKind
    from ingress.api.operation import Call, Connection, Row


def command(kind: CommandKind, call: Call, payment: Row, **more: Any) -> Command:
    """Return what the client has done about the payment."""
    return Command(
        kind=kind,
        provider=payment["provider"],
        account=payment["account"],
        reference=payment["reference"],
        actor=call.client.actor,
        **more,
    )


async def keep(connection: Connection, call: Call, made: Command) -> tuple[int, ...]:
    """Keep the command and its work; return its event's id, or nothing if it was there already."""
    kept = await connection.execute(
        KEEP_COMMANDS,
        {
            "keys": [made.key],
            "references": [made.reference],
            "bodies": [made.body()],
            "request_id": call.request_id,
            "traceparent": call.traceparent,
        },
    )
    return tuple([row["event_id"] for row in await kept.fetchall()])
