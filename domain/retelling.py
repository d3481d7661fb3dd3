"""Words for what happened about a payment, for a person who knows the business and not the code.

Nothing of a body is in them but our own commands' words, and whatever looks like an e-mail address
or a secret is struck out, wherever it came from.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from domain.commands import INTERNAL, parse
from domain.errors import PayloadInvalid
from domain.money import EXPONENTS
from domain.transitions import TABLE, Event, Rule, State

Told = Mapping[str, Any]
"""What a row says, by name."""

TEXT_LENGTH_MAX = 300
"""Characters of any text that is quoted."""


class Kind(StrEnum):
    """What an entry is about."""

    ANNOUNCED = "announced"
    EVENT = "event"
    ATTEMPT = "attempt"
    CALL = "call"
    TRANSITION = "transition"
    MOVEMENT = "movement"
    REFUND = "refund"
    DEAD_LETTER = "dead_letter"
    CORRECTION = "correction"
    EDIT = "edit"
    APPROVAL = "approval"
    REFUSED = "refused"


_EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+")
_SECRET = re.compile(r"\b(?:sk|pk|rk|whsec|prk|bearer)[_ ][A-Za-z0-9_+/=.-]{6,}", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


def shown(text: object) -> str:
    """Return a text that may be shown: one line, no address, no secret, not too long."""
    line = _UNPRINTABLE.sub(" ", str(text))
    line = _SECRET.sub("[secret]", _EMAIL.sub("[e-mail]", line))
    return line if len(line) <= TEXT_LENGTH_MAX else line[: TEXT_LENGTH_MAX - 1] + "…"


def amount(amount_minor: int, currency: str) -> str:
    """Write minor units as people do: 125000 NGN is 1,250.00 NGN."""
    exponent = EXPONENTS.get(currency, 0)
    whole, fraction = divmod(abs(amount_minor), 10**exponent)
    sign = "-" if amount_minor < 0 else ""
    decimals = f".{fraction:0{exponent}d}" if exponent else ""
    return f"{sign}{whole:,}{decimals} {currency}"


def _announced(told: Told) -> str:
    asked = amount(told["amount_minor"], told["currency"])
    where = "" if told["account"] == "default" else f", account {shown(told['account'])}"
    return f"A payment of {asked} was announced, to be made at {told['provider']}{where}."


_COMMANDS = {
    "initialize": "to start the payment at the provider",
    "verify": "to ask the provider what became of it",
    "refund": "to have the provider refund it",
    "cancel": "to cancel it",
    "unheard": "to have a person look: nothing was heard of it after all scheduled questions",
    "reconcile": "to compare it with the provider's list",
}


def _event(told: Told) -> str:
    waits = "" if told["lane"] is None else " It is not finished yet."
    if told.get("edited"):
        return f"An event that a person has edited was taken up as {shown(told['key'])}.{waits}"
    if told["source"] != INTERNAL:
        mode = f" ({told['mode']} mode)" if told["mode"] else ""
        return f"{told['source']} sent the event {shown(told['key'])}{mode}.{waits}"
    command = shown(told["key"]).partition(":")[0]
    return f"We were asked {_COMMANDS.get(command, command)}.{waits}"


def actor(told: Told) -> str | None:
    """Return who did it, where it is known; a command says so itself."""
    if told.get("actor") is not None:
        return shown(told["actor"])
    if told.get("command") is None:
        return None
    try:
        return shown(parse(base64.b64decode(told["command"])).actor)
    except (PayloadInvalid, ValueError):
        return None


def _variant(told: Told) -> str:
    return f"The same event came again in other bytes (SHA-256 {told['sha256'][:12]}…)."


_OUTCOMES = {
    "no_change": "it changes nothing: what it says was known, or is yet to be asked about",
    "ignored": "the event is of a type that has no effect here",
    "retry": "it failed and is tried again",
    "deferred": "it could not be done yet and is tried again",
    "dead": "it cannot be done as it is, and was set aside for a person",
    "crashed": "the worker died while doing it",
}


def _attempt(told: Told) -> str:
    ended = _OUTCOMES.get(told["outcome"], told["outcome"])
    return f"Attempt {told['number']}{of_replay(told)}: {ended}{_why(told)}."


def of_replay(told: Told) -> str:
    """Name the replay that something is part of, where it is of one."""
    return f" (replay {told['replay_id']})" if told.get("replay_id") is not None else ""


def _why(told: Told) -> str:
    said = [shown(told[name]) for name in ("error_class", "message") if told[name]]
    return f" ({': '.join(said)})" if said else ""


_HAPPENED = {
    Event.INITIALIZED: "it was handed over to the provider",
    Event.SUCCEEDED: "the provider says that the money arrived",
    Event.FAILED: "the provider says that it failed",
    Event.CONTRADICTED: "what the provider says does not fit what was asked",
    Event.REFUND_PENDING: "the provider has begun to refund it",
    Event.REFUNDED_IN_PART: "the provider has refunded a part of it",
    Event.REFUNDED_IN_FULL: "the provider has refunded all of it",
    Event.REFUND_FAILED: "the provider says that a refund failed",
    Event.DISPUTE_OPENED: "the payer disputes it",
    Event.DISPUTE_WON: "a dispute was won",
    Event.DISPUTE_LOST: "a dispute was lost",
    Event.FEE_RECORDED: "the provider says what fee it took",
    Event.UNHEARD: "nothing was heard of it after all scheduled questions",
    Event.RESOLVED: "later facts resolve what did not fit",
    Event.CANCELLED: "it was cancelled",
    Event.CORRECTED: "a person corrected it",
}
_DONE = {Event.REFUND_FAILED: "a person gave up a refund that nobody can prove"}
"""The same, where it was no provider that said so."""


def _transition(told: Told) -> str:
    before, after = told["from_state"], told["to_state"]
    moved = f"Moved from {before} to {after}" if before != after else f"Stayed {after}"
    why = _HAPPENED.get(told["event"], shown(told["event"]))
    if not str(told["actor"]).startswith("provider:"):
        why = _DONE.get(told["event"], why)
    sums = [
        f"{name} {amount(told[f'{name}_minor'], told['currency'])}"
        for name in ("captured", "refunded", "disputed")
        if told[f"{name}_minor"]
    ]
    ends = f" Now {', '.join(sums)}." if sums else ""
    return f"{moved}: {why} ({shown(told['reason'])}).{ends}"


def _rule_of_transition(told: Told) -> str:
    """Name the cell of the grid, and what it decides."""
    decision = TABLE.get((State(told["from_state"]), Event(told["event"])))
    rule = decision.rule if decision else Rule.REFUSE
    if rule is Rule.MOVE_WHEN_WHOLE and told["from_state"] == told["to_state"]:
        return f"{told['event']} in {told['from_state']}: {rule}, and it is not"
    return f"{told['event']} in {told['from_state']}: {rule}"


_ASKED = {
    "initialize": "to start the payment",
    "verify": "what became of the payment",
    "refund": "for a refund",
    "cancel": "to cancel the payment",
}
_ANSWERS = {
    "answered": "it answered",
    "refused": "it refused; nothing happened there",
    "not_sent": "it was not reached; nothing happened there",
    "unknown": "no answer that says what happened there",
}


def _call(told: Told) -> str:
    asked = f"{told['provider']} was asked {_ASKED.get(told['kind'], told['kind'])}"
    if told["outcome"] is None:
        return f"{asked}; the answer is still awaited."
    status = f", HTTP {told['http_status']}" if told["http_status"] else ""
    ended = _ANSWERS.get(told["outcome"], told["outcome"])
    return f"{asked}: {ended}{status}, after {told['elapsed_ms']} ms{_why(told)}."


def _refund_asked(told: Told) -> str:
    asked = amount(told["amount_minor"], told["currency"])
    reason = f" Reason: {shown(told['reason'])}" if told["reason"] else ""
    return f"A refund of {asked} was asked for ({told['reference']}).{reason}"


def _refund_settled(told: Told) -> str:
    asked = amount(told["amount_minor"], told["currency"])
    return f"The refund of {asked} has {told['status']} ({told['reference']})."


_MOVED = {
    "refund_hold": "{moved} of the customer's credit is held for the refund {object}.",
    "refund_release": "The credit held for the refund {object}, {moved}, is released.",
    "fee": "A fee of {moved} was recorded.",
    "write_off": "{moved} that a lost dispute left below zero was written off: our loss.",
    "given_back": "{moved} of {object} left suspense: given back without the provider's knowledge.",
}


def _movement(told: Told) -> str:
    currency, effect = told["currency"], told["effect"]
    if effect in _MOVED:
        moved = amount(told["moved_minor"], currency)
        return _MOVED[effect].format(moved=moved, object=shown(told["object_id"]))
    said = []
    if told["credit_minor"]:
        done = "was credited to" if told["credit_minor"] > 0 else "was taken from"
        said.append(f"{amount(abs(told['credit_minor']), currency)} {done} the customer")
    if told["suspense_minor"]:
        done = "was put into" if told["suspense_minor"] > 0 else "was taken out of"
        said.append(f"{amount(abs(told['suspense_minor']), currency)} {done} suspense")
    moved = " and ".join(said) or f"{amount(told['moved_minor'], currency)} was posted"
    return f"{moved} ({shown(effect)} {shown(told['object_id'])})."


def _letter(action: str) -> Callable[[Told], str]:
    def told_of(told: Told) -> str:
        return (
            f"Dead letter {told['letter_id']}{of_replay(told)} {action}: {shown(told['reason'])}."
        )

    return told_of


def _rule_of_letter(told: Told) -> str:
    """Return the class of the reason, which a burial begins with."""
    return shown(told["reason"]).partition(":")[0]


Words = tuple[Kind, Callable[[Told], str], Callable[[Told], str] | None]

_ALL: dict[str, Words] = {
    "announced": (Kind.ANNOUNCED, _announced, None),
    "event": (Kind.EVENT, _event, None),
    "variant": (Kind.EVENT, _variant, None),
    "attempt": (Kind.ATTEMPT, _attempt, None),
    "transition": (Kind.TRANSITION, _transition, _rule_of_transition),
    "call": (Kind.CALL, _call, None),
    "refund_asked": (Kind.REFUND, _refund_asked, None),
    "refund_settled": (Kind.REFUND, _refund_settled, None),
    "movement": (Kind.MOVEMENT, _movement, None),
    "letter_died": (Kind.DEAD_LETTER, _letter("was written"), _rule_of_letter),
    "letter_died_again": (Kind.DEAD_LETTER, _letter("was written again"), _rule_of_letter),
    "letter_replayed": (Kind.DEAD_LETTER, _letter("is tried again"), None),
    "letter_resolved": (Kind.DEAD_LETTER, _letter("is settled"), None),
    "letter_discarded": (Kind.DEAD_LETTER, _letter("was let go"), None),
    "letter_reopened": (Kind.DEAD_LETTER, _letter("was opened again"), None),
    "letter_edited": (Kind.DEAD_LETTER, _letter("was closed for an edited event"), None),
    "letter_noted": (Kind.DEAD_LETTER, _letter("has a note"), None),
    "letter_assigned": (Kind.DEAD_LETTER, _letter("was assigned"), None),
    "letter_revealed": (Kind.DEAD_LETTER, _letter("was shown with its raw body"), None),
    "letter_exported": (Kind.DEAD_LETTER, _letter("was exported"), None),
    "letter_held": (Kind.DEAD_LETTER, _letter("is held back"), None),
}

WORDS: Mapping[str, Words] = MappingProxyType(_ALL)
"""For each part of the rows: what it is about, its words and its rule."""
