"""What Stripe's sessions and intents say: https://docs.stripe.com/api/payment_intents/object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from domain.asking import Told
from domain.delivery import Mode
from domain.errors import AmountInvalid, CurrencyUnknown, OutcomeUnknown, PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.providers.event_keys import at
from domain.providers.shapes import ObjectId, Shape, TypeName, read, unix_time_s
from domain.providers.stripe_claims import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNDER_WAY = frozenset({"processing", "requires_capture"})
_ENDED = frozenset({"succeeded", "canceled"})


class _Session(Shape):
    id: ObjectId
    status: Literal["open", "complete", "expired"]
    livemode: bool | None = None
    created: Any = None


class _Intent(Shape):
    id: ObjectId
    status: TypeName
    livemode: bool | None = None
    created: Any = None


def tell(objects: Sequence[dict[str, Any]]) -> Told:
    """Tell of all sessions and intents of one payment, but for refunds.

    Final where none of them can be paid any more. Raises OutcomeUnknown for what is not as
    documented.
    """
    try:
        told = [_told_session(each) for each in objects if not _is_intent(each)]
        told += [_told_intent(each) for each in intents_of(objects)]
    except (AmountInvalid, CurrencyUnknown, PayloadInvalid) as error:
        raise OutcomeUnknown(f"an object is not as documented: {error.code}") from None
    first = next((each for each in told if _is_success(each)), told[0])
    return Told(
        facts=tuple(dict.fromkeys(fact for each in told for fact in each.facts)),
        provider_reference=first.provider_reference,
        mode=first.mode,
        is_final=all(_is_over(each) for each in objects),
        status=first.status,
    )


def intents_of(objects: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return every intent among the objects and in the sessions, once."""
    found = [each if _is_intent(each) else each.get("payment_intent") for each in objects]
    return tuple({str(at(i, "id")): i for i in found if isinstance(i, dict)}.values())


def paid_intents(objects: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return the ids of the intents that have their money, so that there may be refunds."""
    paid = (each for each in intents_of(objects) if each.get("status") == "succeeded")
    return tuple(str(each.get("id")) for each in paid)


def mode_of(livemode: bool | None) -> Mode | None:  # noqa: FBT001 - as Stripe says it
    """Return the world that Stripe says an object is of, where it says so."""
    return None if livemode is None else (Mode.TEST, Mode.LIVE)[livemode]


def _told_intent(tree: dict[str, Any]) -> Told:
    intent = read(_Intent, tree)
    at_s = unix_time_s(intent.created)
    facts: tuple[Fact, ...] = ()
    if intent.status == "succeeded":
        facts = CLAIMS["payment_intent.succeeded"](tree, at_s)
    elif intent.status == "canceled":
        facts = CLAIMS["payment_intent.canceled"](tree, at_s)
    elif intent.status in _UNDER_WAY:
        facts = CLAIMS["payment_intent.processing"](tree, at_s)
    return Told(
        facts=facts,
        provider_reference=intent.id,
        mode=mode_of(intent.livemode),
        status=intent.status,
    )


def _told_session(tree: dict[str, Any]) -> Told:
    """Leave the money to the intent, which every session that is paid has."""
    session = read(_Session, tree)
    intent = tree.get("payment_intent")
    intent_id = at(intent, "id") if isinstance(intent, dict) else intent
    facts: tuple[Fact, ...] = ()
    if session.status == "expired":
        named_by_id = tree | {"payment_intent": intent_id}
        facts = CLAIMS["checkout.session.expired"](named_by_id, unix_time_s(session.created))
    elif intent_id is None and tree.get("payment_status") == "paid":
        raise PayloadInvalid("a session is paid but shows no intent")
    else:
        facts = (Fact(FactKind.INITIALIZED, session.id, FactStatus.KNOWN),)
    return Told(
        facts=facts,
        provider_reference=str(intent_id) if intent_id else session.id,
        mode=mode_of(session.livemode),
        status=session.status,
    )


def _is_over(tree: dict[str, Any]) -> bool:
    """Say whether nobody can pay it any more. An intent of an expired session has no page."""
    if _is_intent(tree):
        return tree.get("status") in _ENDED
    status = at(tree, "payment_intent", "status")
    if tree.get("status") == "expired":
        return status not in _UNDER_WAY
    return tree.get("status") == "complete" and status in _ENDED


def _is_intent(tree: dict[str, Any]) -> bool:
    return tree.get("object") == "payment_intent"


def _is_success(told: Told) -> bool:
    return any(fact.kind is FactKind.SUCCEEDED for fact in told.facts)
