"""Refetching: a provider is asked about what its event does not prove by itself.

Of some events too little can be read to be a fact; such a one is a dead letter until the provider
has answered. Of others nothing is proven at all, because no signature covers it: then the question
takes the place of the event, and only when nobody can be asked does the event become a letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.commands import Command, CommandKind, object_reference
from domain.delivery import Hearsay
from domain.errors import RefetchRequired
from domain.fingerprint import fingerprint
from workers import commands, naming
from workers.store import dead_letters, payments, verifications

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.judgement import Burial, Heard
    from workers.database import Transaction
    from workers.store.inbox import Work

REFETCH = "refetch-"
"""What a look-up's number begins with that was ordered by an event; its id follows.

Where the event was given another try, a dot and the try's number follow: it is asked anew.
"""


NUDGED_MAX = 100
"""Payments asked about for one event that names none; the schedule asks about all others."""


class _About(NamedTuple):
    """What an event has us ask about."""

    provider: str
    account: str
    reference: str
    object_id: str | None = None


def order(tx: Transaction, work: Sequence[Work], heard: Sequence[Heard]) -> None:
    """Have the provider asked about every event that says too little to be a fact."""
    wanted = {e.event_id for e in heard if isinstance(e.said, (RefetchRequired, Hearsay))}
    if not wanted:
        return
    about = _meant(tx, work, heard) | _claimed(tx, heard)
    nudges = {e.event_id for e in heard if isinstance(e.said, Hearsay) and e.said.is_nudge}
    for item in work:
        wanted_of = [about[item.event_id]] if item.event_id in about else []
        if not wanted_of and item.event_id in nudges:
            wanted_of = _all_open(tx, item)
        commands.enqueue(
            tx, [_command(item, each) for each in wanted_of], request_id=item.request_id
        )


def _all_open(tx: Transaction, item: Work) -> list[_About]:
    """Return every payment of the account that is under way, the newest `NUDGED_MAX`."""
    open_ = verifications.under_way(tx, item.source, item.account, limit=NUDGED_MAX)
    return [_About(item.source, item.account, reference) for reference in open_]


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


def _claimed(tx: Transaction, heard: Sequence[Heard]) -> dict[int, _About]:
    """Return what hearsay is about: a payment where one is named, else the provider's object."""
    hearsay = [event for event in heard if isinstance(event.said, Hearsay)]
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


def _command(item: Work, about: _About) -> Command:
    again = f".{item.replay_id}" if item.replay_id is not None else ""
    return Command(
        CommandKind.VERIFY,
        about.provider,
        about.account,
        about.reference,
        dead_letters.SYSTEM,
        number=f"{REFETCH}{item.event_id}{again}",
        object_id=about.object_id,
    )


def ordered_by(command: Command) -> int | None:
    """Return the event that ordered this look-up, if one did."""
    number = command.number.removeprefix(REFETCH)
    event_id = number.partition(".")[0]
    return int(event_id) if command.number != number and event_id.isdecimal() else None


def answered(tx: Transaction, command: Command) -> None:
    """Resolve the dead letter of the event that ordered this look-up, if one did."""
    event_id = ordered_by(command)
    if event_id is not None:
        dead_letters.resolve_refetched(tx, event_id)


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
