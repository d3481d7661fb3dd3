"""Words for what people decided about a payment, and for who was turned away at the door."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.retelling import Kind, Told, Words, amount, of_replay, shown

if TYPE_CHECKING:
    from collections.abc import Mapping


def _money(told: Mapping[str, Told]) -> str:
    amounts = (
        f"{amount(each['amount_minor'], each['currency'])} ({shown(name)})"
        for name, each in sorted(told.items())
    )
    return " and ".join(amounts)


def _seconded(told: Told) -> str:
    return (
        f" {shown(told['approved_by'])} agreed as the second person." if told["approved_by"] else ""
    )


def _correction(told: Told) -> str:
    said = f"A person decided that the payment is {told['to_state']}"
    if told["accepted"]:
        said += f", and that {_money(told['accepted'])} is the customer's"
    if told["given_back"]:
        said += f", and that {_money(told['given_back'])} was given back already"
    return f"{said}.{_seconded(told)}"


def _rule_of_correction(told: Told) -> str:
    money = "accepted" if told["accepted"] else "given back" if told["given_back"] else "no money"
    return f"corrected to {told['to_state']}: {money}"


def _edit(told: Told) -> str:
    return (
        f"A person edited event {told['parent']} of dead letter {told['letter_id']}; "
        f"the first stays as it was. Reason: {shown(told['reason'])}.{_seconded(told)}"
    )


def _event_replayed(told: Told) -> str:
    return f"A person had the event tried again{of_replay(told)}: {shown(told['reason'])}."


_ASKED_FOR = {
    "correction": "a correction of this payment",
    "write_off": "a write-off of what is missing",
    "edit": "an edited event",
    "replay": "a replay",
}


def _question(told: Told) -> str:
    """Name what a second person is asked, and about how much money."""
    what = f"{_ASKED_FOR.get(told['kind'], shown(told['kind']))}{of_replay(told)}"
    if told["amount_minor"] is None or told["currency"] is None:
        return what
    return f"{what} ({amount(told['amount_minor'], told['currency'])})"


def _approval_asked(told: Told) -> str:
    waits = " It still waits." if told["status"] == "waiting" else ""
    why = shown(told["reason"])
    asked = f"Approval {told['approval_id']}: a second person is asked for {_question(told)}"
    return f"{asked}: {why}.{waits}"


def _approval_decided(told: Told) -> str:
    ended = {"approved": "agreed to", "rejected": "refused", "expired": "decided by nobody in time"}
    how = ended.get(told["status"], told["status"])
    why = f": {shown(told['reason'])}" if told["reason"] else ""
    return f"Approval {told['approval_id']}, {_question(told)}, was {how}{why}."


def _refused(told: Told) -> str:
    times = "A request was" if told["count"] == 1 else f"{told['count']} requests were"
    where = "" if told["account"] == "default" else f", account {shown(told['account'])},"
    return (
        f"Perhaps related: {times} refused at the webhook of {shown(told['source'])}{where} "
        f"({shown(told['diagnosis'])})."
    )


def _rule_of_refusal(told: Told) -> str:
    return shown(told["code"])


PEOPLE: Mapping[str, Words] = MappingProxyType(
    {
        "correction": (Kind.CORRECTION, _correction, _rule_of_correction),
        "edit": (Kind.EDIT, _edit, None),
        "event_replayed": (Kind.EVENT, _event_replayed, None),
        "approval_asked": (Kind.APPROVAL, _approval_asked, None),
        "approval_decided": (Kind.APPROVAL, _approval_decided, None),
        "refused": (Kind.REFUSED, _refused, _rule_of_refusal),
    }
)
"""As `domain.retelling.WORDS`, for these parts."""
