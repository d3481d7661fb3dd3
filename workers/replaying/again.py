"""Again: events that are finished are given another try, e.g. ignored ones after an upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.commands import INTERNAL
from domain.errors import PayratchetError
from domain.money_limit import UNBOUNDED
from domain.wakeup import Lane, batches
from workers import limiting
from workers.apply import apply_events
from workers.replaying import weighing
from workers.replaying.limits import OTHERS_WAIT_S
from workers.store import dead_letters, events_shown, inbox, operators
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.money_limit import MoneyLimit
    from workers.database import Database, Transaction
    from workers.store.events_shown import Finished

EVENTS_MAX = 1_000
"""Events that are tried again at a time."""


class EventNotReplayable(PayratchetError):
    """This event cannot be given another try here; the message says why."""

    code = "event_not_replayable"


class TriedAgain(NamedTuple):
    """What became of the events: applied, ignored, no_change, dead or owed, by event."""

    replay_id: int
    became: list[tuple[int, str]]


def try_again(
    database: Database,
    event_ids: Sequence[int],
    *,
    actor: str,
    reason: str,
    limit: MoneyLimit = UNBOUNDED,
) -> TriedAgain:
    """Apply finished events once more, all of them or none; each is noted with who wanted it.

    What is known is known. What would move more money now than one person may is not for them to
    do: there is no question that a second person could answer. `limit` is a further bound of the
    caller's own. Raises EventNotReplayable.
    """
    with database.transaction() as tx:
        found = _replayable(tx, event_ids)
        replay_id = dead_letters.next_replay_id(tx)
        inbox.reopen(
            tx,
            [(each.event_id, each.received_at) for each in found],
            lane=Lane.REPLAY,
            replay_id=replay_id,
            delay_s=OTHERS_WAIT_S,
        )
        moved_minor = weighing.moved_minor(tx, [each.event_id for each in found])
        act = Act("events", f"replay:{replay_id}", actor)
        why = limiting.moves_alone(tx, act, moved_minor, needs_second=limit.exceeds)
        _require_alone(why, moved_minor)
        for each in found:
            operators.note(
                tx,
                actor,
                "event_replayed",
                events_shown.subject(each.event_id),
                reason=reason,
                details={"replay_id": replay_id},
            )
    ids = [each.event_id for each in found]
    for batch in batches(ids):
        apply_events(database, batch, worker=f"replay:{actor}")
    with database.transaction() as tx:
        return TriedAgain(replay_id, events_shown.after(tx, ids, replay_id))


def _require_alone(why: str | None, moved_minor: Mapping[str, int]) -> None:
    if why is not None:
        money = ", ".join(f"{minor} {currency}" for currency, minor in moved_minor.items())
        raise EventNotReplayable(
            f"it would move {money} (minor units) now: {why}. "
            "Try fewer, or have the provider asked with `payments verify`"
        )


def _replayable(tx: Transaction, event_ids: Sequence[int]) -> list[Finished]:
    if len(set(event_ids)) > EVENTS_MAX:
        raise EventNotReplayable(f"at most {EVENTS_MAX} events at a time")
    found = events_shown.finished(tx, event_ids)
    missing = set(event_ids) - {each.event_id for each in found}
    if missing:
        raise EventNotReplayable(f"not kept: {', '.join(map(str, sorted(missing)))}")
    for each in found:
        if each.source == INTERNAL:
            raise EventNotReplayable(f"event {each.event_id} is a command: ask for it anew instead")
        if each.is_let_go:
            raise EventNotReplayable(
                f"event {each.event_id} was let go: `dead-letters reopen {each.letter_id}` first"
            )
        if each.letter_id is not None:
            raise EventNotReplayable(
                f"event {each.event_id} is set aside: `dead-letters replay {each.letter_id}`"
            )
        if each.is_owed:
            raise EventNotReplayable(f"event {each.event_id} is not finished yet")
    return found
