"""Edit and replay: an event that cannot be applied as it came is applied as a person says it is.

The original stays as it is. What the person writes is an event of its own, signed by nobody but
them, with its parent, the difference and the reason on record. It may move what was weighed when
it was made, and no more.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain.money_limit import UNBOUNDED
from workers import approving, limiting
from workers.apply import CONFLICT_TRIES_MAX, CONFLICT_WAIT_S_MAX, RACE_LOST, apply_events
from workers.approving import ApprovalStale, Performed, Performer
from workers.replaying import apart, edit_reading
from workers.replaying.edit_weighing import (
    BODY_BYTES_MAX,
    Checked,
    Diff,
    Edit,
    LetterNotOpen,
    LetterUnknown,
    Would,
    check,
    keep,
    parent_of,
    require_open,
    shown,
    would,
)
from workers.store import event_edits
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.money_limit import MoneyLimit
    from workers.database import Database, Transaction
    from workers.store.approvals import Approval

__all__ = [
    "BODY_BYTES_MAX",
    "PERFORMER",
    "Edit",
    "Edited",
    "LetterNotOpen",
    "LetterUnknown",
    "changed",
    "edit",
    "preview",
]


class Edited(NamedTuple):
    """What was made of it.

    `event_id` is the child; None while a second person has to agree, whose question is
    `approval_id`. `is_new`: False when this very edit was made before. `became`: applied, dead,
    owed (it is tried again later, or by a process of its own), or waiting_approval. `left` is as
    in `Would`.
    """

    event_id: int | None
    is_new: bool
    became: str
    diff: Diff
    approval_id: int | None = None
    letter_id: int | None = None
    message: str | None = None
    left: Mapping[str, int] = {}


def changed(database: Database, letter_id: int, changes: Sequence[tuple[str, object]]) -> bytes:
    """Return the body of a letter's event with these places set, which nobody keeps.

    Raises LetterUnknown and EditRefused.
    """
    with database.transaction() as tx:
        parent = parent_of(tx, letter_id)
    if parent.kills:
        return apart.changed_apart(parent.body, changes)
    return edit_reading.changed(parent.body, changes)


def preview(database: Database, given: Edit) -> Would:
    """Say what an edit would do; nothing is changed. Raises as `edit` does."""
    with database.transaction() as tx:
        checked = check(tx, given)
        require_open(checked.parent)
        return would(tx, checked)


@retry(
    retry=retry_if_exception_type(RACE_LOST),
    stop=stop_after_attempt(CONFLICT_TRIES_MAX),
    wait=wait_random_exponential(max=CONFLICT_WAIT_S_MAX),
    reraise=True,
)
def edit(database: Database, given: Edit, *, limit: MoneyLimit = UNBOUNDED) -> Edited:
    """Keep the edit and apply it at once; ask a second person where one may not move so much.

    `limit` is a further bound of the caller's own. Repeating it is harmless: the same body for the
    same event is the same child. Raises LetterUnknown, LetterNotOpen and EditRefused.
    """
    with database.transaction() as tx:
        checked = check(tx, given)
        made = _made_before(tx, checked) or _made(tx, checked, limit)
    return made if made.event_id is None else _applied(database, made, checked)


def _made_before(tx: Transaction, checked: Checked) -> Edited | None:
    parent = checked.parent
    event_id = event_edits.kept(tx, parent.source, parent.account, checked.event_key)
    return (
        None
        if event_id is None
        else Edited(event_id, is_new=False, became="owed", diff=checked.read.diff)
    )


def _made(tx: Transaction, checked: Checked, limit: MoneyLimit) -> Edited:
    """Keep the edit, or ask a second person."""
    require_open(checked.parent)
    effect = would(tx, checked)
    act = Act("edit", f"dead-letter:{checked.parent.letter_id}", checked.given.actor)
    why = limiting.moves_alone(tx, act, effect.moves, needs_second=limit.exceeds)
    if why is None:
        return _new(keep(tx, checked, effect.moves), effect)
    asked = _ask(tx, checked, effect, act, why)
    return _new(None, effect)._replace(became="waiting_approval", approval_id=asked)


def _new(event_id: int | None, effect: Would) -> Edited:
    return Edited(event_id, is_new=True, became="owed", diff=effect.diff, left=effect.left)


def _ask(tx: Transaction, checked: Checked, effect: Would, act: Act, why: str) -> int:
    given = checked.given
    body = base64.b64encode(given.body).decode()
    return approving.ask(
        tx,
        act,
        request={"letter_id": given.letter_id, "body": body, "reason": given.reason},
        shown=shown(checked, effect),
        amounts_minor=effect.moves,
        reason=given.reason,
        why=why,
    )


def _applied(database: Database, made: Edited, checked: Checked) -> Edited:
    """Apply the child, and say what became of it. A killer's is left to a process of its own."""
    assert made.event_id is not None  # noqa: S101 - it is kept
    if not checked.parent.kills:
        apply_events(database, [made.event_id], worker=f"edit:{checked.given.actor}")
    with database.transaction() as tx:
        found = event_edits.outcome(tx, made.event_id)
    if found.is_owed:
        return made._replace(became="owed", message=_ELSEWHERE if checked.parent.kills else None)
    if found.status != "open":
        return made._replace(became="applied")
    message = f"{found.reason}: {found.message}"
    return made._replace(became="dead", letter_id=found.letter_id, message=message)


_ELSEWHERE = "a worker applies it in a process of its own"


def _shows(tx: Transaction, approval: Approval) -> Mapping[str, Any]:
    """Say what the edit would be and move now; nothing when the letter is closed meanwhile."""
    checked = check(tx, _asked(approval))
    parent = checked.parent
    if parent.status != "open":
        raise ApprovalStale(f"dead letter {parent.letter_id} is {parent.status} now")
    return shown(checked, would(tx, checked))


def _perform(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    """Keep the edit; it may move what both were shown."""
    checked = check(tx, _asked(approval)._replace(approved_by=approved_by))
    event_id = keep(tx, checked, approval.shown["moves"])

    def afterwards(database: Database) -> Mapping[str, Any]:
        made = Edited(event_id, is_new=True, became="owed", diff=checked.read.diff)
        done = _applied(database, made, checked)
        return {
            "became": done.became,
            "message": done.message,
            "new_dead_letter_id": done.letter_id,
        }

    return Performed({"event_id": event_id, "dead_letter_id": checked.parent.letter_id}, afterwards)


def _asked(approval: Approval) -> Edit:
    body = base64.b64decode(approval.request["body"])
    letter_id: int = approval.request["letter_id"]
    return Edit(letter_id, body, approval.asked_by, approval.asked_reason)


PERFORMER = Performer(_perform, shows=_shows)
"""What an approval of the kind "edit" does."""
