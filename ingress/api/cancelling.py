"""Cancelling: one command, however often it is asked, until it has ended without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import INTERNAL, CommandKind
from domain.transitions import State
from ingress import gate
from ingress.api import commanding
from ingress.api.errors import TransitionIllegal

if TYPE_CHECKING:
    from domain.commands import Command
    from ingress.api.operation import Call, Connection, Row

CANCELLABLE = frozenset({State.PENDING, State.PROCESSING})

NUMBERED_MAX = 20
"""Commands about one version of a payment that have a number; any more are each one of its own."""

_TRIED = f"""
    SELECT d.event_key, EXISTS (SELECT FROM inbound_work w WHERE w.event_id = d.event_id) AS is_live
    FROM inbound_dedup d
    WHERE (d.source, d.account) = ('{INTERNAL}', 'default') AND d.event_key = ANY(%(keys)s)
"""


async def cancel(connection: Connection, call: Call, payment: Row) -> tuple[int, ...]:
    """Command the cancel; return the command's event, or nothing if one is under way.

    One that ended and left the payment as it was (a person set it aside) is followed by another.
    """
    if payment["state"] not in CANCELLABLE:
        raise TransitionIllegal(f"a payment that is {payment['state']} cannot be cancelled")
    first = f"v{payment['version']}"
    numbers = [first, *(f"{first}.{again}" for again in range(2, NUMBERED_MAX + 1))]
    commands = [_command(call, payment, number) for number in numbers]
    keys = [command.key for command in commands]
    tried = await (await connection.execute(_TRIED, {"keys": keys})).fetchall()
    if any(row["is_live"] for row in tried):
        return ()
    known = {row["event_key"] for row in tried}
    fresh = [command for command in commands if command.key not in known]
    command = fresh[0] if fresh else _command(call, payment, gate.new_request_id())
    return await commanding.keep(connection, call, command)


def _command(call: Call, payment: Row, number: str) -> Command:
    return commanding.command(CommandKind.CANCEL, call, payment, number=number)
