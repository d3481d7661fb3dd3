"""Calls to providers: what is to be done next about a command, given what was tried so far.

Pure. A call that may have had an effect is never blindly repeated: where the provider keeps
idempotency keys, the same call under the same key repeats nothing; where it keeps none, the
provider is asked first. What even then cannot be known is set aside for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from domain import tries as calls_made
from domain.errors import OutcomeUnknown, ProviderAway, ProviderRefused
from domain.transitions import State
from domain.tries import Asked, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.asking import Told, ToldRefund
    from domain.payment import Position
    from domain.tries import Try

REFUND_SHOWS_S = 120.0
"""How long a refund may be under way before the provider's own list must show it."""

CLOCKS_APART_S = 300.0
"""By how much a provider's clock may be behind ours. What it made longer before we first asked for
it is not ours, whatever reference it has."""

STEPS_MAX = 4
"""Calls that one turn of a command may make: ask, act, and what an answer may make of it."""

RETRY_AFTER_S_MAX = 600.0
"""Longest pause that a provider is given, whatever it asks for."""

CANCELLABLE = frozenset({State.PENDING, State.PROCESSING})
"""States of a payment of which no money has come and no end is proven."""

NOT_REFUNDABLE = frozenset({State.DISPUTED, State.CHARGED_BACK, State.CANCELLED, State.REVIEW})
"""States in which no refund is sent: the money is contested, gone, or a person's to decide on."""


class Move(StrEnum):
    """What is to be done."""

    FINISH = "finish"  # nothing more is owed
    ACT = "act"  # make the call that the command is for
    LOOK_UP = "look_up"  # ask the provider what it knows
    WAIT = "wait"  # for `wait_s`
    CANCEL = "cancel"  # the payment, here and now
    REFUSE = "refuse"  # what the command is for, here and now: `why`
    SET_ASIDE = "set_aside"  # for a person: `reason` and `why`


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done next. `reason` is the dead letter's, `why` a sentence for a person."""

    move: Move
    wait_s: float = 0.0
    reason: str = ""
    why: str = ""


FINISH = Next(Move.FINISH)
ACT = Next(Move.ACT)
LOOK_UP = Next(Move.LOOK_UP)
CANCEL = Next(Move.CANCEL)

REFUSED_IN_DOUBT = Next(
    Move.SET_ASIDE,
    reason=ProviderRefused.code,
    why="it was refused, but an earlier call may have had its effect, and no list shows it",
)
REFUND_ALIKE = Next(
    Move.SET_ASIDE,
    reason="unheard",
    why="the provider shows a refund of this amount that may be the one that was asked for",
)


def initialize(
    state: State, tries: Sequence[Try], *, keys_live_s: float, found: Told | None
) -> Next:
    """Decide about handing a payment over. `found` is what the provider has just told."""
    made = calls_made.of(tries, Asked.INITIALIZE)
    if state not in CANCELLABLE or any(each.outcome is Outcome.ANSWERED for each in made):
        return FINISH
    if not any(each.is_doubtful for each in made):
        return ACT
    refused = any(each.is_refused for each in made)
    if found is not None:
        if found.is_known:
            return FINISH
        return REFUSED_IN_DOUBT if refused else ACT
    if refused:
        return LOOK_UP
    again = calls_made.is_worth_repeating(tries, Asked.INITIALIZE, keys_live_s=keys_live_s)
    return ACT if again else LOOK_UP


def verify(found: Told | None) -> Next:
    """Decide about asking what became of a payment: once."""
    return LOOK_UP if found is None else FINISH


def is_foreign(told: Told, *, asked_at_s: float | None) -> bool:
    """Say whether what was told is of another payment, which only has our reference.

    Where the provider had it before we asked for ours: somebody else took the reference, at that
    very account. `asked_at_s` is when we first may have asked; None: never, so that it is of those
    who announced it and made it by themselves.
    """
    if asked_at_s is None or told.made_at_s is None:
        return False
    return told.made_at_s < asked_at_s - CLOCKS_APART_S


class Shown(NamedTuple):
    """What the provider, just asked, shows of a refund.

    `theirs` is what it calls ours, None: nothing. `is_alike`: it shows another of the same amount
    that may be ours as well as anybody's.
    """

    theirs: ToldRefund | None
    is_alike: bool


def not_refundable(position: Position, amount_minor: int) -> str:
    """Return why this much of a payment cannot be given back as it stands now; "": it can."""
    if position.state in NOT_REFUNDABLE:
        return f"the payment is {position.state}"
    left_minor = position.captured_minor - position.refunded_minor
    return "" if amount_minor <= left_minor else f"only {left_minor} of the payment is left"


def refund(
    tries: Sequence[Try], *, is_settled: bool, keys_live_s: float, shown: Shown | None, barred: str
) -> Next:
    """Decide about a refund. `barred` says why none may be sent now; "": one may.

    What was never asked for, or certainly not done, is asked for, or refused here where it is
    barred. What is in doubt is another matter.
    """
    made = calls_made.of(tries, Asked.REFUND)
    if is_settled or (shown is not None and shown.theirs is not None):
        return FINISH
    if any(each.outcome is Outcome.ANSWERED for each in made):
        return LOOK_UP if shown is None else FINISH
    if not any(each.is_doubtful for each in made):
        return Next(Move.REFUSE, why=barred) if barred else ACT
    return _refund_in_doubt(tries, keys_live_s=keys_live_s, shown=shown, barred=barred)


def _refund_in_doubt(
    tries: Sequence[Try], *, keys_live_s: float, shown: Shown | None, barred: str
) -> Next:
    """Decide about a refund that may be under way.

    Without a key that still lives it is repeated only when the provider was asked, had time enough
    to show it, and shows none that could be it.
    """
    made = calls_made.of(tries, Asked.REFUND)
    refused = any(each.is_refused for each in made)
    may_act = not refused and not barred
    if shown is None:
        again = calls_made.is_worth_repeating(tries, Asked.REFUND, keys_live_s=keys_live_s)
        return ACT if may_act and again else LOOK_UP
    if may_act and calls_made.is_keyed(made, keys_live_s=keys_live_s):
        return ACT
    youngest_s = min(each.age_s for each in made if each.is_doubtful)
    if youngest_s < REFUND_SHOWS_S:
        return Next(Move.WAIT, REFUND_SHOWS_S - youngest_s)
    if refused:
        return REFUSED_IN_DOUBT
    if barred:
        why = f"an earlier call may have had its effect, no list shows it, and {barred}"
        return Next(Move.SET_ASIDE, reason="unheard", why=why)
    return REFUND_ALIKE if shown.is_alike else ACT


def cancel(
    state: State,
    tries: Sequence[Try],
    *,
    can_ask: bool,
    can_cancel: bool,
    found: Told | None,
    is_begun_elsewhere: bool = False,
) -> Next:
    """Decide about a cancel: a payment that was handed over is looked up first.

    So is one that others hand over: it may be paid before we hear a word of it. Money that is
    there already wins, and nothing is cancelled.
    """
    if state not in CANCELLABLE:
        return FINISH
    if not can_ask or (state is State.PENDING and not is_begun_elsewhere):
        return CANCEL
    if found is None:
        return LOOK_UP
    refused = any(each.is_refused for each in calls_made.of(tries, Asked.CANCEL))
    if refused or not can_cancel or not found.is_known or found.is_final:
        return CANCEL
    return ACT


def pause_s(error: Exception, delay_s: float) -> float:
    """Return how long to wait after this error: as long as the provider asks for, within reason."""
    asked_s = error.retry_after_s if isinstance(error, ProviderAway) else None
    return max(delay_s, min(asked_s or 0.0, RETRY_AFTER_S_MAX))


class TooManySteps(OutcomeUnknown):
    """The provider's answers lead nowhere: it denies what it has just said. Tried again later."""

    code = "too_many_steps"
