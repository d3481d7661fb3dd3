"""Edit and replay: an event that cannot be applied as it came is applied as a person says it is.

The original stays as it is. What the person writes is an event of its own, signed by nobody but
them, with its parent, the difference and the reason on record.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain import editing
from domain.commands import INTERNAL
from domain.editing import EditRefused
from domain.errors import PayratchetError, Permanent
from domain.providers import PROVIDERS
from workers import approving
from workers.apply import CONFLICT_TRIES_MAX, CONFLICT_WAIT_S_MAX, RACE_LOST, apply_events
from workers.approving import ApprovalStale, Performed, Performer
from workers.replaying import weighing
from workers.replaying.limits import OTHERS_WAIT_S
from workers.store import event_edits, letter_acts
from workers.store.event_edits import Child

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.delivery import ProviderEvent
    from domain.money_limit import MoneyLimit
    from workers.database import Database, Transaction
    from workers.store.approvals import Approval
    from workers.store.letter_acts import Parent

BODY_BYTES_MAX = 1_000_000
"""Size of an edited body."""


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


class Edited(NamedTuple):
    """What was made of it.

    `event_id` is the child; None while a second person has to agree, whose question is
    `approval_id`. `is_new`: False when this very edit was made before. `became`: applied, dead,
    owed (it is tried again later), or waiting_approval.
    """

    event_id: int | None
    is_new: bool
    became: str
    diff: list[dict[str, str | None]]
    approval_id: int | None = None
    letter_id: int | None = None
    message: str | None = None


@retry(
    retry=retry_if_exception_type(RACE_LOST),
    stop=stop_after_attempt(CONFLICT_TRIES_MAX),
    wait=wait_random_exponential(max=CONFLICT_WAIT_S_MAX),
    reraise=True,
)
def edit(database: Database, given: Edit, *, limit: MoneyLimit) -> Edited:
    """Keep the edit and apply it at once; above the limit, ask a second person first.

    Repeating it is harmless: the same body for the same event is the same child. Raises
    LetterUnknown, LetterNotOpen and EditRefused.
    """
    with database.transaction() as tx:
        parent, said = _checked(tx, given)
        diff = _diff(parent, given.body)
        before = event_edits.kept(tx, parent.source, parent.account, _key(parent, given.body))
        if before is None:
            _require_open(parent)
            amounts_minor = _moves_minor(tx, parent, said, given, diff)
            if limit.exceeds(amounts_minor):
                approval_id = _ask(tx, parent, given, diff, amounts_minor)
                return Edited(
                    None, is_new=True, became="waiting_approval", diff=diff, approval_id=approval_id
                )
        event_id = before or _keep(tx, parent, said, given, diff)
    return _applied(database, event_id, given.actor, diff, is_new=before is None)


def _checked(tx: Transaction, given: Edit) -> tuple[Parent, ProviderEvent]:
    """Return the parent with its letter locked, and what the new body says."""
    if len(given.body) > BODY_BYTES_MAX:
        raise EditRefused(f"a body has at most {BODY_BYTES_MAX} bytes")
    parent = letter_acts.parent(tx, given.letter_id)
    if parent is None:
        raise LetterUnknown(f"there is no dead letter {given.letter_id} with its event")
    if parent.source == INTERNAL:
        raise EditRefused("a command of ours is not edited: ask for what is wanted instead")
    if given.body == parent.body:
        raise EditRefused("nothing is changed: replay it instead")
    try:
        return parent, PROVIDERS[parent.source].parse(given.body, _key(parent, given.body))
    except KeyError as error:
        raise EditRefused(f"no adapter is called {parent.source}") from error
    except Permanent as refusal:
        raise EditRefused(f"it could not be applied as edited: {refusal}") from refusal


def _require_open(parent: Parent) -> None:
    if parent.status != "open":
        raise LetterNotOpen(f"dead letter {parent.letter_id} is {parent.status}")


def _key(parent: Parent, body: bytes) -> str:
    return f"edit:{parent.event_id}:{hashlib.sha256(body).hexdigest()}"


def _diff(parent: Parent, body: bytes) -> list[dict[str, str | None]]:
    return [asdict(each) for each in editing.diff(parent.body, body)]


def _amounts_minor(parent: Parent, said: ProviderEvent) -> dict[str, int]:
    """Return the largest amount of each currency that the event claims, before or after."""
    try:
        before = PROVIDERS[parent.source].parse(parent.body, "")
    except Permanent:
        before = None
    found: dict[str, int] = {}
    for fact in (*said.facts, *(before.facts if before else ())):
        if fact.amount is not None:
            now = found.get(fact.amount.currency, 0)
            found[fact.amount.currency] = max(now, fact.amount.amount_minor)
    return found


def _moves_minor(
    tx: Transaction,
    parent: Parent,
    said: ProviderEvent,
    given: Edit,
    diff: list[dict[str, str | None]],
) -> dict[str, int]:
    """Return what the event claims or would move now, whichever is more, by currency."""
    with tx.transaction(force_rollback=True):
        moved = weighing.moved_minor(tx, [_keep(tx, parent, said, given, diff)])
    return weighing.larger(_amounts_minor(parent, said), moved)


def _ask(
    tx: Transaction,
    parent: Parent,
    given: Edit,
    diff: list[dict[str, str | None]],
    amounts_minor: Mapping[str, int],
) -> int:
    body = base64.b64encode(given.body).decode()
    return approving.ask(
        tx,
        "edit",
        f"dead-letter:{parent.letter_id}",
        request={"letter_id": parent.letter_id, "body": body, "reason": given.reason},
        shown={"event_id": parent.event_id, "diff": diff, "moves": amounts_minor},
        amounts_minor=amounts_minor,
        actor=given.actor,
        reason=given.reason,
    )


def _keep(
    tx: Transaction,
    parent: Parent,
    said: ProviderEvent,
    given: Edit,
    diff: list[dict[str, str | None]],
) -> int:
    """Keep the child in the transaction that closes its parent's letter."""
    child = Child(
        parent.event_id,
        parent.letter_id,
        parent.source,
        parent.account,
        parent.mode,
        said.reference,
        _key(parent, given.body),
        given.body,
        diff,
        given.actor,
        given.actor,
        given.approved_by,
        given.reason,
    )
    event_id = event_edits.keep(tx, child, delay_s=OTHERS_WAIT_S) or event_edits.kept(
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


def _applied(
    database: Database,
    event_id: int,
    actor: str,
    diff: list[dict[str, str | None]],
    *,
    is_new: bool,
) -> Edited:
    apply_events(database, [event_id], worker=f"edit:{actor}")
    with database.transaction() as tx:
        found = event_edits.outcome(tx, event_id)
    became = "owed" if found.is_owed else "dead" if found.status == "open" else "applied"
    letter_id = found.letter_id if became == "dead" else None
    message = f"{found.reason}: {found.message}" if became == "dead" else None
    return Edited(event_id, is_new, became, diff, letter_id=letter_id, message=message)


def _shows(tx: Transaction, approval: Approval) -> Mapping[str, Any]:
    """Say what the edit would be and move now; nothing when the letter is closed meanwhile."""
    given = _asked(approval)
    parent, said = _checked(tx, given)
    if parent.status != "open":
        raise ApprovalStale(f"dead letter {parent.letter_id} is {parent.status} now")
    diff = _diff(parent, given.body)
    moves = _moves_minor(tx, parent, said, given, diff)
    return {"event_id": parent.event_id, "diff": diff, "moves": moves}


def _perform(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    given = _asked(approval)._replace(approved_by=approved_by)
    parent, said = _checked(tx, given)
    diff = _diff(parent, given.body)
    event_id = _keep(tx, parent, said, given, diff)

    def afterwards(database: Database) -> Mapping[str, Any]:
        done = _applied(database, event_id, given.actor, diff, is_new=True)
        return {"became": done.became, "message": done.message}

    return Performed({"event_id": event_id, "dead_letter_id": parent.letter_id}, afterwards)


def _asked(approval: Approval) -> Edit:
    body = base64.b64decode(approval.request["body"])
    letter_id: int = approval.request["letter_id"]
    return Edit(letter_id, body, approval.asked_by, approval.asked_reason)


PERFORMER = Performer(_perform, shows=_shows)
"""What an approval of the kind "edit" does."""
