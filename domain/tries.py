"""Tries: the calls that were made for a command, and what each leaves in doubt. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import ProviderAway, ProviderRefused, ReferenceTaken

if TYPE_CHECKING:
    from collections.abc import Sequence

LIVE_S_MAX = 30.0
"""Age at which a call that has not ended is presumed dead. A call's own deadline is shorter."""

SEND_S_MAX = 5.0
"""Seconds from deciding on a call to sending it. With the 20 s that a call may take it ends before
it is presumed dead: whoever woke later than that sends nothing."""

DOUBTS_MAX = 3
"""Calls in doubt under one key in a row: the first and two repeats. Then the provider is asked
before each further one, since it may keep an error under that key for as long as it keeps the key.
"""


class Outcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Asked(StrEnum):
    """What a call asks."""

    INITIALIZE = "initialize"
    VERIFY = "verify"
    REFUND = "refund"
    CANCEL = "cancel"


class Try(NamedTuple):
    """A call that was made for this command and has ended. `age_s` counts from its start.

    `is_forbidden` says that our key was not accepted: what was asked was not even looked at.
    """

    asked: Asked
    outcome: Outcome
    age_s: float
    is_forbidden: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether the provider may have done what was asked, without our knowing."""
        return self.outcome is Outcome.UNKNOWN

    @property
    def is_refused(self) -> bool:
        """Whether the provider looked at what was asked, and would not do it."""
        return self.outcome is Outcome.REFUSED and not self.is_forbidden


def may_be_doubled(asked: Asked, age_s: float, *, keys_live_s: float) -> bool:
    """Say whether a call may be made again although the first may still be under way.

    So who seems to have died with it need not be waited for, and may even be alive. A look-up
    changes nothing; a payment has one reference, which its provider takes once; of the rest only a
    key that lives makes one of two.
    """
    return asked in (Asked.VERIFY, Asked.INITIALIZE) or age_s < keys_live_s


def outcome_of(error: Exception | None) -> Outcome:
    """Return how a call ended that raised this, or answered (None)."""
    if error is None:
        return Outcome.ANSWERED
    if isinstance(error, ProviderRefused):
        return Outcome.REFUSED
    return Outcome.NOT_SENT if isinstance(error, ProviderAway) else Outcome.UNKNOWN


def is_taken(error: Exception | None) -> bool:
    """Say whether the provider has a payment of this reference already."""
    return isinstance(error, ReferenceTaken)


def of(tries: Sequence[Try], asked: Asked) -> list[Try]:
    """Return the tries of what was asked, oldest first."""
    return [each for each in tries if each.asked is asked]


def is_in_doubt(tries: Sequence[Try], asked: Asked) -> bool:
    """Say whether the provider may have done it: then a refusal that comes later proves nothing."""
    return any(each.is_doubtful for each in of(tries, asked))


def is_keyed(made: Sequence[Try], *, keys_live_s: float) -> bool:
    """Say whether the provider still takes the next call for the first of these.

    Its key lives since the first call that may have reached it.
    """
    doubtful = [each.age_s for each in made if each.is_doubtful]
    return not doubtful or max(doubtful) < keys_live_s


def is_worth_repeating(tries: Sequence[Try], asked: Asked, *, keys_live_s: float) -> bool:
    """Say whether it may be asked again under its key before the provider is looked up.

    `tries` end with the newest call of all: after a look-up that told nothing the key has a turn.
    """
    made = of(tries, asked)
    if not is_keyed(made, keys_live_s=keys_live_s):
        return False
    doubts = sum(each.is_doubtful for each in made)
    return doubts < DOUBTS_MAX or tries[-1].asked is Asked.VERIFY
