"""What every fault can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage


class Rotates(Protocol):
    """Senders that can be told to sign with another secret."""

    def rotate_secret(self, provider: str, new: str) -> None:
        """Sign what this provider sends with `new` from now on."""


class NotNow(Exception):
    """The fault found nothing to hit just now, and has done nothing."""


class Fault(Protocol):
    """One kind of fault. One strike of it lasts at a time for each target."""

    def possible(self, stage: Stage) -> str | None:
        """Return why this kind cannot strike on this machine, or None."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Strike; return what was hit. Whatever it raises, `end` follows."""

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Undo it, and return what came of it.

        May be called again, or where nothing has begun. Raises what it could not undo just now;
        it is then called again; NotNow where all the while there was nothing to hit.
        """
