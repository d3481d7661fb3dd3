"""Sending: a call is made soon after it was begun or not at all, and its answer is kept trying.

Whoever is held up for long may have been taken over meanwhile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential
from tenacity.stop import stop_base

from domain.errors import ProviderAway
from domain.tries import LIVE_S_MAX, SEND_S_MAX, Asked
from workers.calling.kinds import KINDS

if TYPE_CHECKING:
    from workers.calling.beginning import Begun
    from workers.calling.closing import Answer

WRITE_WAIT_S_MAX = 2.0
WRITE_S_MAX = LIVE_S_MAX - WRITE_WAIT_S_MAX
"""Until how long after its call was begun an answer is tried to be written, and the longest pause
between two tries: an answer is costly to get a second time, and then without its URL. Who comes
later than that may be taken over, and what he writes is dropped then."""


def now_s() -> float:
    """Return the seconds since the machine was booted, those included in which it was suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def ask(begun: Begun, *, began_s: float) -> Answer:
    """Make the call. What it raises is an answer too: the call may have had its effect.

    Whoever was held up since the call was begun makes none: another may have taken over by the
    time at which it would end.
    """
    if now_s() - began_s > SEND_S_MAX:
        return ProviderAway(f"not sent: more than {SEND_S_MAX:g} s went by before it could be")
    try:
        if begun.asked is Asked.VERIFY:
            return begun.client.look_up(begun.case.asking())
        return KINDS[begun.case.command.kind].act(begun.client, begun.case)
    except Exception as error:  # noqa: BLE001 - it says what is known, and what is not
        return error


def writing(began_s: float) -> Retrying:
    """Return what repeats the writing of an answer, for as long as nobody can have taken over.

    Raises the last psycopg.OperationalError when the store was away for all that time.
    """
    return Retrying(
        retry=retry_if_exception_type(psycopg.OperationalError),
        stop=_TooLate(began_s + WRITE_S_MAX),
        wait=wait_random_exponential(max=WRITE_WAIT_S_MAX),
        reraise=True,
    )


class _TooLate(stop_base):
    """Stops where the next pause would outlast the time."""

    def __init__(self, until_s: float) -> None:
        self._until_s = until_s

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Say whether the next try would begin too late."""
        return now_s() + retry_state.upcoming_sleep >= self._until_s
