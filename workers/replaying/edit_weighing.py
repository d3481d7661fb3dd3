"""What an edit would do: read, weighed and shown before anything of it is kept."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.commands import INTERNAL
from domain.editing import EditRefused
from domain.errors import PayratchetError
from domain.ledger import SUSPENSE
from domain.providers.event_keys import EDIT_KEY_PREFIX
from domain.wakeup import Lane
from workers.replaying import apart, edit_reading, weighing
from workers.replaying.edit_reading import Given
from workers.replaying.limits import OTHERS_WAIT_S
from workers.store import event_edits, ledger, letter_acts
from workers.store.event_edits import Child

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workers.database import Transaction
    from workers.replaying.edit_reading import Read
    from workers.store.letter_acts import Parent

BODY_BYTES_MAX = 1_000_000
"""Size of an edited body."""

Diff = list[dict[str, str | None]]
"""Each place that differs: pointer, before, after."""


class LetterUnknown(PayratchetError):
    """There is no such dead letter, or its event is kept no more."""

    code = "dead_letter_unknown"


class LetterNotOpen(PayratchetError):
    """The dead letter is closed, or somebody has it in hand."""

    code = "dead_letter_not_open"


class Edit(NamedTuple):
    """What a person writes in place of an event that is dead."""

    letter_id: int
    body: bytes
    actor: str
    reason: str
    approved_by: str | None = None


class Would(NamedTuple):
    """What an edit would do, minor units by currency.

    `moves` is what it claims or would move now, whichever is more. `left` is what stays in
    suspense, because the event brought it as it came and does not bring it as edited.
    """

    diff: Diff
    moves: dict[str, int]
    left: dict[str, int]


class Checked(NamedTuple):
    """An edit, the event that it is of, its letter locked, and what it says."""

    given: Edit
    parent: Parent
    read: Read

    @property
    def event_key(self) -> str:
        """Return the key under which the edited event is kept: the same edit has the same."""
        return _key(self.parent, self.given.body)


def parent_of(tx: Transaction, letter_id: int) -> Parent:
    """Return the event of a letter, which is locked. Raises LetterUnknown."""
    parent = letter_acts.parent(tx, letter_id)
    if parent is None:
        raise LetterUnknown(f"there is no dead letter {letter_id} with its event")
    return parent


def check(tx: Transaction, given: Edit) -> Checked:
    """Lock the letter, and read the edit. Raises LetterUnknown and EditRefused."""
    if len(given.body) > BODY_BYTES_MAX:
        raise EditRefused(f"a body has at most {BODY_BYTES_MAX} bytes")
    parent = parent_of(tx, given.letter_id)
    if parent.source == INTERNAL:
        raise EditRefused("a command of ours is not edited: ask for what is wanted instead")
    if given.body == parent.body:
        raise EditRefused("nothing is changed: replay it instead")
    key = _key(parent, given.body)
    question = Given(parent.source, parent.account, parent.body, given.body, parent.event_key, key)
    read = apart.read_apart(question) if parent.kills else edit_reading.read(question)
    return Checked(given, parent, read)


def require_open(parent: Parent) -> None:
    """Raise LetterNotOpen unless the letter is open."""
    if parent.status != "open":
        raise LetterNotOpen(f"dead letter {parent.letter_id} is {parent.status}")


def _key(parent: Parent, body: bytes) -> str:
    return f"{EDIT_KEY_PREFIX}{parent.event_id}:{hashlib.sha256(body).hexdigest()}"


def would(tx: Transaction, checked: Checked) -> Would:
    """Return what the edit would do now. It is done for that, and nothing of it stays."""
    read = checked.read
    return Would(read.diff, _moves_minor(tx, checked), _left_minor(tx, read.stems_left))


def _moves_minor(tx: Transaction, checked: Checked) -> dict[str, int]:
    """Return what the event claims or would move now, whichever is more, by currency.

    What kills its readers is not tried: it moves no more than its payment was asked for, or dies.
    """
    parent, read = checked.parent, checked.read
    if parent.kills:
        asked = event_edits.asked_minor(tx, read.reference, parent.source, parent.account)
        return weighing.larger(read.claims_minor, asked)
    with tx.transaction(force_rollback=True):
        moved = weighing.moved_minor(tx, [keep(tx, checked, {})])
    return weighing.larger(read.claims_minor, moved)


def _left_minor(tx: Transaction, stems: Sequence[str]) -> dict[str, int]:
    """Return what is held in suspense under names that begin so, minor units by currency."""
    names = [name for stem in stems for name in ledger.unclaimed_about(tx, stem)]
    left: Counter[str] = Counter()
    for movement in ledger.unclaimed(tx, names).values() if names else ():
        for leg in movement.legs:
            left[leg.currency] += leg.amount_minor if leg.account == SUSPENSE else 0
    return dict(left)


def shown(checked: Checked, effect: Would) -> dict[str, Any]:
    """Return what whoever asks, and whoever agrees, is shown that the edit would do."""
    told = {"event_id": checked.parent.event_id, "diff": effect.diff, "moves": effect.moves}
    return {**told, "left_in_suspense": effect.left} if effect.left else told


def keep(tx: Transaction, checked: Checked, weighed_minor: Mapping[str, int]) -> int:
    """Keep the child in the transaction that closes its parent's letter; return its id.

    It may move what is weighed, and no more. A killer's is for a process of its own.
    """
    given, parent = checked.given, checked.parent
    child = Child(
        parent.event_id,
        parent.letter_id,
        parent.source,
        parent.account,
        parent.mode,
        checked.read.reference,
        checked.event_key,
        given.body,
        checked.read.diff,
        weighed_minor,
        given.actor,
        given.actor,
        given.approved_by,
        given.reason,
    )
    lane, delay_s = (Lane.QUARANTINE, 0.0) if parent.kills else (Lane.REPLAY, OTHERS_WAIT_S)
    event_id = event_edits.keep(tx, child, lane=lane, delay_s=delay_s) or event_edits.kept(
        tx, parent.source, parent.account, child.event_key
    )
    assert event_id is not None  # noqa: S101 - it is kept now or was before
    letter_acts.note(
        tx,
        [parent.letter_id],
        "edited",
        actor=given.actor,
        reason=f"edited as event {event_id}: {given.reason}",
    )
    letter_acts.discard(
        tx, [parent.letter_id], actor=given.actor, reason=f"edited as event {event_id}"
    )
    return event_id
