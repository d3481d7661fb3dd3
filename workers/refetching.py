"""Refetching: a provider is asked about what its event does not prove by itself.

Of some events too little can be read to be a fact; such a one is a dead letter until the provider
has answered. Of others nothing is proven at all, because no signature covers it: then the question
takes the place of the event, and only when nobody can be asked does the event become a letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from domain.commands import Command, CommandKind, object_reference
from domain.delivery import Hearsay
from domain.errors import RefetchRequired
from domain.fingerprint import fingerprint
from domain.judgement import Burial
from domain.transitions import State
from workers import commands, naming
from workers.store import dead_letters, payments, verifications

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from domain.errors import NothingFound
    from domain.judgement import Heard, Known
    from workers.database import Transaction
    from workers.store.inbox import Work

REFETCH, NUDGE = "refetch-", "nudge-"
"""What a look-up's number begins with that was ordered by an event; its id follows.

Where the event was given another try, a dot and the try's number follow: it is asked anew.
A `NUDGE` was given by an event about no payment in particular.
"""

NUDGED_MAX = 100
"""Open payments asked about for one event that names none, those under way first. The schedule asks
about all others that are under way."""

_NUMBER = re.compile(rf"(?:{REFETCH}|{NUDGE})([0-9]+)(?:\.[0-9]+)?")


class _About(NamedTuple):
    """What an event has us ask about."""

    provider: str
    account: str
    reference: str
    object_id: str | None = None


def order(
    tx: Transaction, work: Sequence[Work], heard: Sequence[Heard], *, buried: Collection[int]
) -> None:
    """Have the provider asked about every event that says too little to be a fact.

    Not about what proves nothing and is `buried`: it is of the other world, or about nothing.
    """
    claimed = [e for e in heard if isinstance(e.said, Hearsay) and e.event_id not in buried]
    if not claimed and not any(isinstance(e.said, RefetchRequired) for e in heard):
        return
    about = _meant(tx, work, heard) | _claimed(tx, claimed)
    nudges = {e.event_id for e in claimed if isinstance(e.said, Hearsay) and e.said.is_nudge}
    for item in work:
        if item.event_id in about:
            ordered = [_command(item, about[item.event_id], REFETCH)]
        elif item.event_id in nudges:
            ordered = _about_all_open(tx, item)
        else:
            continue
        commands.enqueue(tx, ordered, request_id=item.request_id)


def _about_all_open(tx: Transaction, item: Work) -> list[Command]:
    """Ask about the account's open payments, but for those whose question is yet to be asked."""
    open_ = verifications.open_payments(tx, item.source, item.account, limit=NUDGED_MAX)
    waiting = verifications.waiting(tx, open_, number=NUDGE)
    asked = (each for each in open_ if each not in waiting)
    return [_command(item, _About(item.source, item.account, each), NUDGE) for each in asked]


def _meant(tx: Transaction, work: Sequence[Work], heard: Sequence[Heard]) -> dict[int, _About]:
    """Return the payments that unfinished facts are about, as far as the door could tell."""
    wanted = {event.event_id for event in heard if isinstance(event.said, RefetchRequired)}
    events = [(item.event_id, item.received_at) for item in work if item.event_id in wanted]
    if not events:
        return {}
    return {
        found.event_id: _About(found.provider, found.account, found.reference)
        for found in payments.meant(tx, events)
    }


def _claimed(tx: Transaction, hearsay: Sequence[Heard]) -> dict[int, _About]:
    """Return what hearsay is about: a payment where one is named, else the provider's object."""
    references = naming.resolve(hearsay, naming.owners(tx, hearsay)) if hearsay else {}
    about = {}
    for event in hearsay:
        object_id = naming.claimed_name(event)
        reference = references.get(event.event_id)
        if reference is None and object_id is not None:
            reference = object_reference(object_id)
        if reference is not None:
            about[event.event_id] = _About(event.source, event.account, reference, object_id)
    return about


def _command(item: Work, about: _About, number: str) -> Command:
    again = f".{item.replay_id}" if item.replay_id is not None else ""
    return Command(
        CommandKind.VERIFY,
        about.provider,
        about.account,
        about.reference,
        dead_letters.SYSTEM,
        number=f"{number}{item.event_id}{again}",
        object_id=about.object_id,
    )


def ordered_by(command: Command) -> int | None:
    """Return the event that ordered this look-up, if one did."""
    match = _NUMBER.fullmatch(command.number)
    return int(match[1]) if match else None


def answered(tx: Transaction, command: Command) -> None:
    """Resolve the dead letter of the event that ordered this look-up, if one did."""
    event_id = ordered_by(command)
    if event_id is not None:
        dead_letters.resolve_refetched(tx, event_id)


def found_nothing(
    tx: Transaction, command: Command, known: Known | None, error: NothingFound
) -> None:
    """Have a person see an event about a payment of which its provider knows nothing.

    One that is under way is asked about again by the schedule; whom an event names that names none
    may well not have been heard of.
    """
    is_scheduled = known is not None and known.position.state == State.PROCESSING
    if not is_scheduled and not command.number.startswith(NUDGE):
        park(tx, command, Burial(RefetchRequired.code, type(error).__name__, str(error)))


def park(tx: Transaction, command: Command, burial: Burial) -> None:
    """Make a dead letter of the event that ordered a look-up which nobody can make.

    Replayed, it orders another.
    """
    event_id = ordered_by(command)
    if event_id is None:
        return
    print_ = fingerprint(
        command.provider, "unproven", burial.reason, burial.error_class, burial.message
    )
    dead_letters.park(tx, event_id, burial, fingerprint=print_, object_id=command.object_id)
