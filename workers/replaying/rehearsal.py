"""Rehearsal: a replay through the real transaction, which is then rolled back.

It holds the locks that the replay would hold, for a shorter time than anybody waits for one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from domain.errors import Permanent
from domain.ledger import CUSTOMER_PREFIX
from domain.wakeup import batches
from workers.apply import apply_in
from workers.failing import describe
from workers.replaying.limits import canary_of, failures_of
from workers.replaying.reopening import reopen_in
from workers.store import dead_letters, rehearsals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Database, Transaction
    from workers.outcome import Outcome
    from workers.store.letter_filters import Wanted
    from workers.store.rehearsals import Chosen

DRY_RUN_EVENTS_MAX = 1_000
"""Letters that are rehearsed, the oldest; the others are only counted."""

DRY_RUN_S_MAX = 1.5
"""How long a rehearsal begins further letters: less than live traffic waits for a lock."""

LOCK_TIMEOUT_MS = 500
"""How long it waits for a lock of live traffic itself."""

SUCCEEDED = frozenset({"applied", "no_change", "ignored"})
UNREHEARSED = frozenset({"asks_provider", "not_rehearsed", "no_longer_open"})


_KILLS = "it killed whoever applied it: a replay tries it in a process of its own"


class Ended(NamedTuple):
    """What would become of one letter.

    `outcome`: applied, no_change, ignored, dead, retry (tried again later); or asks_provider
    (a command: only the provider knows), no_longer_open, not_rehearsed (no time, too many, or it
    kills whoever applies it).
    """

    letter_id: int
    event_id: int
    outcome: str
    reason: str | None = None
    message: str | None = None


@dataclass(slots=True)
class Rehearsed:
    """What a replay would do, by letter, payment and account.

    `payments` has each payment before and after, `accounts` what each account's entries would sum
    up to, `ledger_diff` by how much customers' credit would change, by currency. `aborted` says
    that the usual bounds would have left the rest alone.
    """

    matched: int
    outcomes: list[Ended] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    ledger_diff: dict[str, int] = field(default_factory=dict)
    aborted: bool = False

    @property
    def rehearsed(self) -> int:
        """How many letters were tried."""
        return sum(each.outcome not in UNREHEARSED for each in self.outcomes)

    @property
    def succeeded(self) -> int:
        """How many would go through."""
        return sum(each.outcome in SUCCEEDED for each in self.outcomes)

    @property
    def failed(self) -> int:
        """How many would not, or not at once."""
        return self.rehearsed - self.succeeded


def rehearse(
    database: Database,
    wanted: Wanted,
    *,
    actor: str,
    canary: int | None = None,
    max_failures: int | None = None,
) -> Rehearsed:
    """Say what a replay of these letters would do. Nothing is changed; ids of sequences may skip.

    Raises psycopg.OperationalError when the store is away.
    """
    with database.transaction() as tx:
        matched = rehearsals.count(tx, wanted)
        chosen = rehearsals.choose(tx, wanted, limit=DRY_RUN_EVENTS_MAX)
        found = Rehearsed(matched)
        with tx.transaction(force_rollback=True):
            touched = _play(tx, found, chosen, actor=actor)
        before = rehearsals.payments(tx, [each["reference"] for each in touched])
        found.payments = [
            {"reference": each["reference"], "before": old, "after": each}
            for each, old in _pairs(touched, before)
            if old != each
        ]
    by_name = {each.letter_id: each for each in found.outcomes}
    found.outcomes = [by_name.get(c.letter_id, _not(c)) for c in chosen]
    found.aborted = _would_abort(
        found.outcomes,
        canary_of(matched) if canary is None else min(canary, matched),
        failures_of(matched) if max_failures is None else max_failures,
    )
    return found


def _play(
    tx: Transaction, found: Rehearsed, chosen: Sequence[Chosen], *, actor: str
) -> list[dict[str, Any]]:
    """Do all of it; take note of what is done; return the payments that are touched, as after."""
    ends_s = time.monotonic() + DRY_RUN_S_MAX
    tx.execute("SELECT set_config('lock_timeout', %s, true)", (f"{LOCK_TIMEOUT_MS}ms",))
    floor = rehearsals.floor(tx)
    replay_id = dead_letters.next_replay_id(tx)
    ids = [each.letter_id for each in chosen if each.is_open and not each.kills]
    reopened = reopen_in(tx, replay_id, ids, actor=actor, reason="a rehearsal")
    letters = {each.event_id: each for each in chosen}
    found.outcomes += [Ended(letters[e].letter_id, e, "asks_provider") for e in reopened.others]
    references: set[str] = set()
    for batch in batches(reopened.events):
        if time.monotonic() > ends_s:
            break
        references |= _batch(tx, found, letters, batch, ends_s)
    entries = rehearsals.entries(tx, floor, reopened.events)
    found.accounts = entries
    for each in entries:
        if each["account"].startswith(CUSTOMER_PREFIX):
            now = found.ledger_diff.get(each["currency"], 0) + each["amount_minor"]
            found.ledger_diff[each["currency"]] = now
    return rehearsals.payments(tx, sorted(references))


def _batch(
    tx: Transaction,
    found: Rehearsed,
    letters: dict[int, Chosen],
    batch: Sequence[int],
    ends_s: float,
) -> set[str]:
    """Apply a batch as a worker would: together, and one by one when that fails.

    None is begun after `ends_s`: each may wait for a lock, and holds those of all before it.
    """
    try:
        with tx.transaction():
            outcome = apply_in(tx, batch, worker="rehearsal")
    except psycopg.OperationalError:
        if tx.broken:
            raise
    except Exception:  # noqa: BLE001, S110 - whatever one event did, it is found below
        pass
    else:
        return _note(found, letters, batch, outcome)
    references: set[str] = set()
    for event_id in batch:
        if time.monotonic() > ends_s:
            break
        references |= _alone(tx, found, letters, event_id)
    return references


def _alone(
    tx: Transaction, found: Rehearsed, letters: dict[int, Chosen], event_id: int
) -> set[str]:
    try:
        with tx.transaction():
            outcome = apply_in(tx, [event_id], worker="rehearsal")
    except Exception as error:
        if tx.broken:
            raise
        reason = error.code if isinstance(error, Permanent) else type(error).__name__
        ended = "dead" if isinstance(error, Permanent) else "retry"
        letter_id = letters[event_id].letter_id
        found.outcomes.append(Ended(letter_id, event_id, ended, reason, describe(error)))
        return set()
    return _note(found, letters, [event_id], outcome)


def _note(
    found: Rehearsed, letters: dict[int, Chosen], batch: Sequence[int], outcome: Outcome
) -> set[str]:
    dead = {letter.event_id: letter for letter in outcome.letters}
    quiet = {attempt.event_id: attempt.outcome for attempt in outcome.attempts}
    for event_id in batch:
        letter_id, letter = letters[event_id].letter_id, dead.get(event_id)
        if letter is not None:
            found.outcomes.append(Ended(letter_id, event_id, "dead", letter.reason, letter.message))
        elif event_id in outcome.finished:
            found.outcomes.append(Ended(letter_id, event_id, quiet.get(event_id, "applied")))
    return {moved.after.reference for moved in outcome.moved.values()}


def _not(chosen: Chosen) -> Ended:
    """Say that a letter was not tried."""
    if chosen.is_open and chosen.kills:
        return Ended(chosen.letter_id, chosen.event_id, "not_rehearsed", "crash_loop", _KILLS)
    why = "not_rehearsed" if chosen.is_open else "no_longer_open"
    return Ended(chosen.letter_id, chosen.event_id, why)


def _pairs(
    after: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    old = {each["reference"]: each for each in before}
    return [(each, old.get(each["reference"])) for each in after]


def _would_abort(outcomes: Sequence[Ended], canary: int, max_failures: int) -> bool:
    """Walk the letters in their order, as a replay does, with its bounds."""
    succeeded = failed = 0
    for each in outcomes:
        if each.outcome in UNREHEARSED:
            continue
        succeeded += each.outcome in SUCCEEDED
        failed += each.outcome not in SUCCEEDED
        if failed > max_failures or (failed and succeeded < canary):
            return True
    return False
