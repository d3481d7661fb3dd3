"""The schedule that asks about payments, and time that goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from workers.scheduling import GRACE_S, verify_due

if TYPE_CHECKING:
    from tests.calling.desk import Desk

DAY_S = 86_400
STEPS_S = (300, 3_600, *(day * DAY_S for day in range(1, 8)))
LAST_S = STEPS_S[-1] + GRACE_S

_SINCE = "SELECT coalesce((SELECT since FROM verifications), now())"
"""When the one payment there is began to be asked about, however long ago that was for us."""


def sweep(desk: Desk, after_s: float) -> list[str]:
    """Let so much time have gone by since the payment was handed over; return what came of it."""
    return [desk.perform(event_id) for event_id in order(desk, after_s)]


def order(desk: Desk, after_s: float) -> list[int]:
    """Let so much time have gone by; return the commands that nobody has performed yet."""
    now = desk.value(_SINCE) + timedelta(seconds=after_s + 1)
    return verify_due(desk.database, STEPS_S, now=now)
