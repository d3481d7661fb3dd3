"""The throttle of sign-ins: guessing is slow, for one name and from one address.

A try counts as a failure before the password is looked at, so that many at once gain nothing; what
was counted is taken back when the password was right.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from workers.store import sign_in_failures as rows

if TYPE_CHECKING:
    from datetime import datetime

    from workers.database import Transaction

NAME_FREE = 5
"""Failures in a row that cost a name nothing: people mistype."""

ADDRESS_FREE = 20
"""As above for an address, behind which there may be a whole office."""

WAIT_FIRST = timedelta(seconds=30)
WAIT_MAX = timedelta(minutes=15)
DOUBLINGS_MAX = 5
"""How long the next try must wait; each further failure doubles it, up to an end: whoever fails on
purpose may delay somebody, and never shuts them out for good."""

FORGOTTEN_AFTER = timedelta(hours=1)
"""A count without a new failure for so long begins anew."""


class Keys(NamedTuple):
    """Under what a try is counted."""

    name: str
    address: str


def keys(name: str, address: str) -> Keys:
    """Return under what a try is counted.

    The name is hashed: it may be a password that was typed into the wrong field.
    """
    return Keys(f"name:{hashlib.sha256(name.encode()).hexdigest()}", f"address:{address}")


def admit(tx: Transaction, tried: Keys, *, now: datetime) -> timedelta | None:
    """Count a try and return None; or return how long it must wait, and count nothing."""
    since = now - FORGOTTEN_AFTER
    rows.forget(tx, before=since)
    found = rows.hold(tx, tried, now=now, since=since)
    waits = [
        each.last_at + _wait(each.times - free) - now
        for key, free in ((tried.name, NAME_FREE), (tried.address, ADDRESS_FREE))
        if (each := found.get(key)) is not None and each.times >= free
    ]
    longest = max(waits, default=timedelta())
    if longest > timedelta():
        return longest
    rows.add(tx, tried, now=now, since=since)
    return None


def forgive(tx: Transaction, tried: Keys) -> None:
    """Take back what was counted for a try that was right."""
    rows.forgive(tx, tried.name, tried.address)


def _wait(above: int) -> timedelta:
    """Return the wait after so many failures above those that are free."""
    doublings: int = min(above, DOUBLINGS_MAX)
    return min(WAIT_MAX, WAIT_FIRST * (1 << doublings))
