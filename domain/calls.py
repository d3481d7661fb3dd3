"""Calls to providers: what is to be done next about a command, given what was tried so far.

Pure. A call that may have had an effect is never blindly repeated: where the provider keeps
idempotency keys, the same call under the same key repeats nothing; where it keeps none, the
provider is asked first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import OutcomeUnknown, ProviderAway, ProviderRefused, ReferenceTaken
from domain.transitions import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.asking import Told, ToldRefund

LIVE_S_MAX = 30.0
"""Age at which a call that has not ended is presumed dead. A call's own deadline is shorter."""

REFUND_SHOWS_S = 120.0
"""How long a refund may be under way before the provider's own list must show it."""

STEPS_MAX = 4
"""Calls that one turn of a command may make: ask, act, and what an answer may make of it."""

RETRY_AFTER_S_MAX = 600.0
"""Longest pause that a provider may ask for and is given."""

CANCELLABLE = frozenset({State.PENDING, State.PROCESSING})
"""States of a payment of which no money has come and no end is proven."""


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
    """A call that was made for this command and has ended. `age_s` counts from its start."""

    asked: Asked
    outcome: Outcome
    age_s: float
    is_taken: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether the provider may have done what was asked, without our knowing."""
        return self.outcome is Outcome.UNKNOWN or self.is_taken


class Move(StrEnum):
    """What is to be done."""

    FINISH = "finish"  # nothing more is owed
    ACT = "act"  # make the call that the command is for
    LOOK_UP = "look_up"  # ask the provider what it knows
    WAIT = "wait"  # for `wait_s`
    CANCEL = "cancel"  # the payment, here and now


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done next; `wait_s` only where that is to wait."""

    move: Move
    wait_s: float = 0.0


FINISH = Next(Move.FINISH)
ACT = Next(Move.ACT)
LOOK_UP = Next(Move.LOOK_UP)
CANCEL = Next(Move.CANCEL)


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


def is_repeatable(tries: Sequence[Try], *, keys_live_s: float) -> bool:
    """Say whether the provider still takes the next call for the first of these.

    Its key lives since the first call that may have reached it.
    """
    doubtful = [each for each in tries if each.is_doubtful]
    if any(each.is_taken for each in doubtful):
        return False
    return not doubtful or max(each.age_s for each in doubtful) < keys_live_s


def initialize(
    state: State, tries: Sequence[Try], *, keys_live_s: float, found: Told | None
) -> Next:
    """Decide about handing a payment over. `found` is what the provider has just told."""
    made = [each for each in tries if each.asked is Asked.INITIALIZE]
    if state not in CANCELLABLE or any(each.outcome is Outcome.ANSWERED for each in made):
        return FINISH
    if is_repeatable(made, keys_live_s=keys_live_s):
        return ACT
    if found is None:
        return LOOK_UP
    return FINISH if found.is_known else ACT


def verify(found: Told | None) -> Next:
    """Decide about asking what became of a payment: once."""
    return LOOK_UP if found is None else FINISH


def refund(
    tries: Sequence[Try],
    *,
    is_settled: bool,
    keys_live_s: float,
    found: Told | None,
    theirs: ToldRefund | None,
) -> Next:
    """Decide about a refund. `theirs` is what the provider, just asked, calls ours; None: nothing.

    Where there are no keys, a refund that may be under way is repeated only when the provider was
    asked and did not show it, and had time enough to.
    """
    made = [each for each in tries if each.asked is Asked.REFUND]
    if is_settled or theirs is not None:
        return FINISH
    if any(each.outcome is Outcome.ANSWERED for each in made):
        return LOOK_UP if found is None else FINISH
    if is_repeatable(made, keys_live_s=keys_live_s):
        return ACT
    if found is None:
        return LOOK_UP
    youngest_s = min(each.age_s for each in made if each.is_doubtful)
    if youngest_s < REFUND_SHOWS_S:
        return Next(Move.WAIT, REFUND_SHOWS_S - youngest_s)
    return ACT


def cancel(
    state: State,
    tries: Sequence[Try],
    *,
    can_ask: bool,
    can_cancel: bool,
    found: Told | None,
) -> Next:
    """Decide about a cancel: a payment that was handed over is looked up first.

    Money that is there already wins, and nothing is cancelled.
    """
    if state not in CANCELLABLE:
        return FINISH
    if not can_ask or state is State.PENDING:
        return CANCEL
    if found is None:
        return LOOK_UP
    refused = any(t.asked is Asked.CANCEL and t.outcome is Outcome.REFUSED for t in tries)
    if refused or not can_cancel or not found.is_known or found.is_final:
        return CANCEL
    return ACT


def pause_s(error: Exception, delay_s: float) -> float:
    """Return how long to wait after this error: as long as the provider asks for, within reason."""
    asked_s = error.retry_after_s if isinstance(error, ProviderAway) else None
    if asked_s is None or not 0 < asked_s <= RETRY_AFTER_S_MAX:
        return delay_s
    return max(delay_s, asked_s)


class TooManySteps(OutcomeUnknown):
    """The provider's answers lead nowhere: it denies what it has just said. Tried again later."""

    code = "too_many_steps"
