"""Sessions: who is signed in, for how long, and what ends it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.operators import actor_of
from workers.console.page import Who
from workers.console.seals import new_token
from workers.store import console_sessions as rows
from workers.store import operators

if TYPE_CHECKING:
    from datetime import datetime

    from workers.console.seals import Seals
    from workers.database import Transaction

IDLE = timedelta(minutes=30)
"""A session that nobody uses for so long is over."""

ABSOLUTE = timedelta(hours=12)
"""A session is over after so long, however much it is used: a working day."""

TOUCH_AFTER = timedelta(seconds=30)
"""How much the time of the last use may lag behind: a write for each page would be too many."""


class Sessions:
    """The sessions of this console, by the tokens that browsers have."""

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    def begin(self, tx: Transaction, name: str, *, address: str, now: datetime) -> str:
        """Begin a session for somebody who has proved who they are; return its token.

        The token is always a new one: what the browser had before is worth nothing afterwards.
        """
        token = new_token()
        rows.begin(
            tx,
            self._seals.of_session(token),
            name,
            address=address,
            now=now,
            expires_at=now + ABSOLUTE,
        )
        return token

    def find(self, tx: Transaction, token: str, *, now: datetime, in_use: bool) -> Who | None:
        """Return who is signed in by this token, None where nobody is.

        `in_use` says that a person asks, and not a page that looks by itself.
        """
        token_hash = self._seals.of_session(token)
        live = rows.find(tx, token_hash, now=now, idle=IDLE)
        if live is None:
            return None
        if in_use and now - live.last_seen_at >= TOUCH_AFTER:
            rows.touch(tx, token_hash, now=now)
        return Who(live.operator, live.role, token_hash)

    def end(self, tx: Transaction, token: str, *, now: datetime, why: str) -> None:
        """End a session, and keep that it ended; harmless when it has ended already."""
        operator = rows.end(tx, self._seals.of_session(token), now=now)
        if operator is not None:
            actor = actor_of(operator)
            operators.note(tx, actor, "signed_out", actor, reason=why)
