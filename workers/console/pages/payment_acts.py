"""What people do about a payment: correct it, write it off, have the provider asked."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from domain.errors import Refused
from domain.operators import Role
from domain.transitions import State
from workers import correcting, noticing, writing_off
from workers.console.forms import FormRefused
from workers.console.page import Act, Moved, NotThere, Page
from workers.operations import asking
from workers.store import views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Context, Desk
    from workers.correcting import Done, Shown
    from workers.database import Transaction

STATES = ("completed", "refunded", "failed", "cancelled", "pending", "processing", "review")
"""What a payment may be corrected to; the others only the provider's word leads to."""


def _seen(shown: Mapping[str, Any]) -> str:
    """Return a mark of what somebody was shown: they say yes to that, and to nothing else."""
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def _payment(asked: Asked, tx: Transaction) -> views.Shown:
    reference = asked.path["reference"]
    found = views.payment(tx, reference)
    if found is None:
        raise NotThere(f"No payment is announced as {reference}.")
    return found


def _correct_page(asked: Asked, tx: Transaction) -> Context:
    """Show what correcting it to the chosen state would do, or why it cannot be."""
    payment, to_state = _payment(asked, tx), asked.word("to")
    context: Context = {"payment": payment, "states": STATES, "to_state": to_state}
    if to_state is None:
        return {**context, "shown": None, "refusal": None}
    if to_state not in STATES:
        raise FormRefused("to: that is no state to which anybody corrects a payment")
    return {
        **context,
        **_planned(lambda: correcting.plan(tx, payment["reference"], State(to_state)).shown),
    }


def _write_off_page(asked: Asked, tx: Transaction) -> Context:
    payment = _payment(asked, tx)
    planned = _planned(lambda: writing_off.plan(tx, payment["reference"]).shown)
    return {"payment": payment, **planned}


def _planned(plan: Any) -> Context:
    """Return what was planned and its mark, or the sentence that says why it cannot be."""
    try:
        shown = plan()
    except Refused as refusal:
        return {"shown": None, "refusal": str(refusal)}
    return {"shown": shown, "seen": _seen(shown), "refusal": None}


def _correct(desk: Desk, asked: Asked, form: Form) -> Answer:
    reference, reason, to = asked.path["reference"], form.text("reason"), form.text("to")
    if to not in STATES:
        raise FormRefused("to: that is no state to which anybody corrects a payment")
    with desk.database.transaction() as tx:
        shown = correcting.plan(tx, reference, State(to)).shown
    _require_seen(shown, form, reference)
    done = correcting.correct(
        desk.database,
        reference,
        State(to),
        actor=asked.who.actor,
        reason=reason,
        expected=shown,
        tell=noticing.tell,
    )
    return _after(reference, done, "corrected")


def _write_off(desk: Desk, asked: Asked, form: Form) -> Answer:
    reference, reason = asked.path["reference"], form.text("reason")
    with desk.database.transaction() as tx:
        shown = writing_off.plan(tx, reference).shown
    _require_seen(shown, form, reference)
    done = writing_off.write_off(
        desk.database,
        reference,
        actor=asked.who.actor,
        reason=reason,
        expected=shown,
    )
    noticing.tell([reference])
    return _after(reference, done, "written-off")


def _require_seen(shown: Shown, form: Form, reference: str) -> None:
    """Raise PaymentChanged unless it would do just what the form's page showed."""
    if not hmac.compare_digest(_seen(shown), form.text("seen", length_max=64)):
        raise correcting.PaymentChanged(f"'{reference}' has changed meanwhile; look at it again")


def _after(reference: str, done: Done, said: str) -> Moved:
    if done.approval_id is not None:
        return Moved(f"/approvals/{done.approval_id}", "waiting")
    return Moved(f"/payments/{reference}", said)


def _verify(desk: Desk, asked: Asked, form: Form) -> Answer:
    reference = asked.path["reference"]
    asking.verify(desk.database, reference, actor=asked.who.actor, reason=form.text("reason"))
    return Moved(f"/payments/{reference}", "asking")


PAGES = (
    Page(
        "/payments/{reference}/correct",
        Role.OPERATOR,
        "Correct a payment",
        "correct.html",
        _correct_page,
        sample={"reference": "p1"},
    ),
    Page(
        "/payments/{reference}/write-off",
        Role.OPERATOR,
        "Write off a payment",
        "write_off.html",
        _write_off_page,
        sample={"reference": "p1"},
    ),
)
ACTS = (
    Act("/payments/{reference}/correct", Role.OPERATOR, _correct),
    Act("/payments/{reference}/write-off", Role.OPERATOR, _write_off),
    Act("/payments/{reference}/verify", Role.OPERATOR, _verify),
)
