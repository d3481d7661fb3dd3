"""Claiming: a person announces a payment whose money has come already, and so says whose it is.

Money that nobody announced waits in suspense. Whoever announces its payment names the customer who
gets it: above the limit of one person, another must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from domain.announcement import Announcement
from domain.errors import Refused
from domain.money import Money
from workers import approving, limiting
from workers.announce import announce_in
from workers.store import dead_letters
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workers.approving import Performed
    from workers.database import Database, Transaction
    from workers.limiting import NeedsSecond
    from workers.store.approvals import Approval

KIND = "announcement"
"""The kind of the question that a second person is asked."""


class ClaimTooLarge(Refused):
    """Much money waits for payments that are announced together: a second person sees one each."""

    code = "claim_too_large"
    http_status = 409
    title = "Too much money waits for these payments"


class Done(NamedTuple):
    """How many payments are new; or the question, and what was shown with it."""

    new: int
    shown: Mapping[str, Any]
    approval_id: int | None = None


def claim(
    database: Database,
    wanted: Sequence[Announcement],
    *,
    actor: str,
    reason: str,
    needs_second: NeedsSecond = limiting.nobody,
) -> Done:
    """Announce the payments; ask a second person first where so much money waits for them.

    `needs_second` is a further bound of the caller's own. Raises ReferenceInUse as `announce` does,
    and ClaimTooLarge.
    """
    with database.transaction() as tx:
        waits = _waiting_minor(tx, wanted)
        act = Act(KIND, f"payment:{wanted[0].reference}", actor)
        why = limiting.moves_alone(tx, act, waits, needs_second=needs_second)
        if why is None:
            return Done(announce_in(tx, wanted, actor=f"{actor} ({reason})"), {})
        if len(wanted) > 1:
            raise ClaimTooLarge(f"for all of these together {why}: announce them one at a time")
        shown = _shown(wanted[0], waits)
        approval_id = approving.ask(
            tx,
            act,
            request=_request(wanted[0]),
            shown=shown,
            amounts_minor=waits,
            reason=reason,
            why=why,
        )
        return Done(0, shown, approval_id)


def _waiting_minor(tx: Transaction, wanted: Sequence[Announcement]) -> dict[str, int]:
    about = [(each.reference, each.provider, each.account) for each in wanted]
    return dead_letters.unannounced_minor(tx, about)


def _request(wanted: Announcement) -> dict[str, Any]:
    return {
        "reference": wanted.reference,
        "provider": wanted.provider,
        "account": wanted.account,
        "amount_minor": wanted.amount.amount_minor,
        "currency": wanted.amount.currency,
        "customer_id": wanted.customer_id,
    }


def _shown(wanted: Announcement, waits: Mapping[str, int]) -> dict[str, Any]:
    return {**_request(wanted), "moves": dict(waits)}


def _asked(approval: Approval) -> Announcement:
    given = approval.request
    amount = Money(given["currency"], given["amount_minor"])
    return Announcement(
        given["reference"], given["provider"], amount, given["customer_id"], given["account"]
    )


def shows(tx: Transaction, approval: Approval) -> Mapping[str, Any]:
    """Return what is asked for, and what waits for it now."""
    wanted = _asked(approval)
    return _shown(wanted, _waiting_minor(tx, [wanted]))


def perform(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    """Announce it, as two people have agreed; what waits is taken up by itself."""
    by = f"{approval.asked_by} ({approval.asked_reason}; agreed to by {approved_by})"
    new = announce_in(tx, [_asked(approval)], actor=by)
    return approving.Performed({"reference": approval.request["reference"], "created": new})


PERFORMER = approving.Performer(perform, shows)
"""How an approved announcement is done."""
