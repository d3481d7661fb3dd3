"""Freezing: a replay is made of the letters that match right now, all of them or none."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from domain.money_limit import UNBOUNDED, MoneyLimit
from workers import approving, limiting
from workers.replaying import weighing
from workers.replaying.errors import (
    MoreMatch,
    NothingMatched,
    OperationKeyReused,
    ReplayTooLarge,
)
from workers.replaying.limits import ITEMS_MAX, RATE_PER_S, canary_of, failures_of
from workers.store import dead_letters, replay_items, replays
from workers.store.letter_filters import ANY_STATUS, Wanted
from workers.store.money_limits import Act
from workers.store.replays import Plan

if TYPE_CHECKING:
    from workers.database import Database, Transaction

KEY_BYTES = 16
"""Random bytes of an operation key that nobody chose: such an operation is never the same twice."""


class Asked(NamedTuple):
    """A replay that somebody wants.

    `operation_key`: the same key is the same replay, however often it is asked for. `canary` and
    `max_failures` None: what is usual for a group of this size. `worker` drives it from the first
    moment on; None leaves that to the relay. `matched_max` is how many letters somebody was shown
    and agreed to: letters die at any moment. `limit` is a further bound of the caller's own; that
    of the database holds anyhow.
    """

    wanted: Wanted
    actor: str
    reason: str
    operation_key: str | None = None
    rate_per_s: int = RATE_PER_S
    canary: int | None = None
    max_failures: int | None = None
    limit: MoneyLimit = UNBOUNDED
    worker: str | None = None
    matched_max: int | None = None


class Frozen(NamedTuple):
    """The replay that was made, now or by the same operation before (`is_new` False).

    `approval_id` is the question that a second person must answer before it begins.
    """

    replay_id: int
    is_new: bool
    approval_id: int | None = None


def freeze(database: Database, asked: Asked) -> Frozen:
    """Make a replay with its letters, in one transaction.

    Letters that are named one by one are taken as they are: what is not open when its turn comes
    is skipped. Raises NothingMatched, MoreMatch, ReplayTooLarge and OperationKeyReused: nothing is
    made then.
    """
    key = asked.operation_key or f"once:{secrets.token_hex(KEY_BYTES)}"
    with database.transaction() as tx:
        replay_id = dead_letters.next_replay_id(tx)
        is_new = replays.make(
            tx,
            replay_id,
            actor=asked.actor,
            reason=asked.reason,
            operation_key=key,
            filters=asked.wanted.told(),
            rate_per_s=asked.rate_per_s,
        )
        if not is_new:
            return _made_before(tx, key, asked.wanted)
        return _filled(tx, replay_id, asked)


def _made_before(tx: Transaction, key: str, wanted: Wanted) -> Frozen:
    made = replays.made_by(tx, key)
    if made is None or made.filters != wanted.told():
        raise OperationKeyReused(f"the operation {key} was about other letters")
    return Frozen(made.replay_id, is_new=False)


def _filled(tx: Transaction, replay_id: int, asked: Asked) -> Frozen:
    wanted = asked.wanted
    if wanted.ids is not None:
        wanted = wanted._replace(status=ANY_STATUS)
    matched = replay_items.freeze(tx, replay_id, wanted, limit=ITEMS_MAX + 1)
    if not matched:
        raise NothingMatched("no dead letter is as was asked for")
    if asked.matched_max is not None and matched > asked.matched_max:
        raise MoreMatch(f"{matched} letters match by now, not {asked.matched_max}: look again")
    if matched > ITEMS_MAX:
        raise ReplayTooLarge(f"more than {ITEMS_MAX} letters match: narrow them down")
    weighing.weigh_items(tx, replay_id)
    sums = replay_items.amounts_minor(tx, replay_id)
    approval_id = _question(tx, replay_id, asked, matched, sums)
    canary = canary_of(matched) if asked.canary is None else min(asked.canary, matched)
    most = failures_of(matched) if asked.max_failures is None else asked.max_failures
    status = "running" if approval_id is None else "waiting_approval"
    worker = asked.worker if approval_id is None else None
    replays.plan(tx, replay_id, Plan(matched, sums, canary, most, status, approval_id, worker))
    replays.note(tx, replay_id, "made", actor=asked.actor, reason=asked.reason)
    return Frozen(replay_id, is_new=True, approval_id=approval_id)


def _question(
    tx: Transaction, replay_id: int, asked: Asked, matched: int, sums: dict[str, int]
) -> int | None:
    """Ask for a second person where the letters are about more money than one may move."""
    act = Act("replay", f"replay:{replay_id}", asked.actor)
    why = limiting.moves_alone(tx, act, sums, needs_second=asked.limit.exceeds)
    if why is None:
        return None
    return approving.ask(
        tx,
        act,
        request={"replay_id": replay_id},
        shown={"filters": asked.wanted.told(), "matched": matched, "amounts_minor": sums},
        amounts_minor=sums,
        reason=asked.reason,
        why=why,
    )
