"""Begin: decide what is to be done about a command, and write that a call is about to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.calls import Move
from domain.commands import CommandKind
from domain.errors import ProviderRefused, RefetchRequired
from domain.judgement import Burial
from domain.tries import LIVE_S_MAX, Asked, may_be_doubled
from workers import refetching
from workers.calling import ending
from workers.calling.cancelling import cancel
from workers.calling.case import look
from workers.calling.kinds import APPLIED, GONE, IN_HAND, KINDS, NO_CHANGE, REFUSED, WAITS
from workers.store import dead_letters, inbox, provider_calls

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.calls import Next
    from domain.commands import Command
    from workers.calling.case import Case
    from workers.clients.client import ProviderClient
    from workers.database import Transaction
    from workers.outcome import Outcome
    from workers.store.provider_calls import Live

OTHERS_CALL_S = 2.0
"""How long a command waits while another call about the same payment is under way."""

DEATHS_MAX = 10
"""Workers that may die with one command in hand, one after the other and with no call of it that
ended between them, before it is set aside as what kills them. Many are killed for other reasons."""

IN_HAND_S = LIVE_S_MAX + 1.0
"""How long nobody is rung for a command whose call is under way."""


class Begun(NamedTuple):
    """A call that is written and not yet made."""

    call_id: int
    case: Case
    asked: Asked
    client: ProviderClient


def begin(
    tx: Transaction,
    outcome: Outcome,
    event_id: int,
    command: Command,
    client: ProviderClient | None,
    *,
    found: Told | None,
    sole_worker: str | None = None,
) -> Begun | str:
    """Return the call to be made, or what became of the command without one.

    A call that has been live for too long is closed: whoever made it is presumed dead. So is one
    that can do no harm twice, as soon as its worker is known to be; or, where it is of this very
    command, is its `sole_worker`, who knows of none.
    """
    work = inbox.lock_one(tx, event_id, lanes=inbox.CALLS)
    if work is None:
        return GONE
    case = look(tx, work, command, client)
    live = provider_calls.live(tx, case.debt)
    if live is not None:
        is_own = (live.event_id, live.worker) == (event_id, sole_worker)
        if (wait_s := _waits_s(live, case, is_own=is_own)) > 0:
            inbox.put_off(tx, event_id, delay_s=wait_s)
            return IN_HAND
        died = provider_calls.UNWRITTEN if is_own else provider_calls.PRESUMED_DEAD
        provider_calls.end(tx, live.id, died)
        if provider_calls.deaths(tx, event_id, since=work.since) >= DEATHS_MAX:
            why = Burial("crash_loop", "WorkerDied", f"{DEATHS_MAX} workers died of this command")
            return ending.bury(tx, case, why, worker=outcome.worker)
        case = look(tx, work, command, client)
    return _take_up(tx, outcome, case, found)


def _waits_s(live: Live, case: Case, *, is_own: bool) -> float:
    """Return how long to wait for a call that is live; 0: it need not be waited for any more."""
    left_s = LIVE_S_MAX - live.age_s
    if left_s <= 0:
        return 0.0
    if not (live.is_dead or is_own):
        return OTHERS_CALL_S
    is_harmless = may_be_doubled(live.asked, live.age_s, keys_live_s=case.keys_live_s)
    return 0.0 if is_harmless else left_s


def _take_up(tx: Transaction, outcome: Outcome, case: Case, found: Told | None) -> Begun | str:
    kind = KINDS[case.command.kind]
    if kind.needs_payment and case.known is None:
        why = Burial("unknown_reference", "UnknownReference", "nobody announced this payment")
        return ending.bury(tx, case, why, worker=outcome.worker)
    following = kind.next(case, found)
    if following.move in (Move.ACT, Move.LOOK_UP):
        return _prepare(tx, outcome, case, following)
    if following.move is Move.WAIT:
        inbox.wait(tx, case.work.event_id, delay_s=following.wait_s)
        return WAITS
    if following.move is Move.SET_ASIDE:
        why = Burial(following.reason, "OutcomeUnknown", following.why)
        return ending.bury(tx, case, why, worker=outcome.worker)
    return _end(tx, outcome, case, following)


def _end(tx: Transaction, outcome: Outcome, case: Case, following: Next) -> str:
    """Do here what is left to do, ask nobody, and be done with the command."""
    kind = KINDS[case.command.kind]
    if following.move is Move.CANCEL and cancel(tx, case):
        outcome.told.add(case.command.reference)
    if following.move is Move.REFUSE:
        kind.refuse(tx, outcome, case, following.why)
    else:
        kind.finish(tx, outcome, case)
    outcome.end(case.work)
    outcome.write(tx)
    if following.move is Move.REFUSE:
        return REFUSED
    return APPLIED if outcome.changed else NO_CHANGE


def _prepare(tx: Transaction, outcome: Outcome, case: Case, following: Next) -> Begun | str:
    """Write the call, and what is so from the moment the provider may have been asked to act."""
    if case.client is None:
        return _without_client(tx, outcome, case)
    kind, is_act = KINDS[case.command.kind], following.move is Move.ACT
    asked = kind.asked if is_act else Asked.VERIFY
    if is_act:
        kind.prepare(tx, outcome, case)
        outcome.write(tx)
    begun = provider_calls.Begun(
        case.debt,
        case.work.event_id,
        case.payment_id,
        asked,
        case.command.provider,
        case.command.account,
        None if asked is Asked.VERIFY else kind.key(case),
        outcome.worker,
        case.client.mode,
    )
    call_id = provider_calls.begin(tx, begun)
    inbox.hand_out(tx, [case.work.event_id], for_s=IN_HAND_S)
    return Begun(call_id, case, asked, case.client)


def _without_client(tx: Transaction, outcome: Outcome, case: Case) -> str:
    """Set the command aside, but for one of our own schedule: its last step says enough."""
    command = case.command
    message = f"no key is set for {command.provider}/{command.account}"
    if command.kind is CommandKind.VERIFY and command.actor == dead_letters.SYSTEM:
        refetching.park(tx, command, Burial(RefetchRequired.code, "NoClient", message))
        outcome.end(case.work)
        outcome.write(tx)
        return NO_CHANGE
    why = Burial(ProviderRefused.code, "NoClient", message)
    return ending.bury(tx, case, why, worker=outcome.worker)
