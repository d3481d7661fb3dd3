"""Stripe's API: how it is asked and what its answers mean. https://docs.stripe.com/api.

A payment is a checkout session, which makes a PaymentIntent once somebody pays. Both carry our
reference. Equal requests under one idempotency key have one effect for a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StringConstraints

from domain.asking import Told
from domain.delivery import Mode
from domain.errors import AmountInvalid, CurrencyUnknown, OutcomeUnknown, PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.providers.api import ApiRequest, get, understand, unwritable, wire_amount
from domain.providers.event_keys import at, reference_hint
from domain.providers.shapes import ObjectId, Shape, TypeName, read, unix_time_s
from domain.providers.stripe_answers import require_accepted
from domain.providers.stripe_claims import CLAIMS
from domain.providers.stripe_objects import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.asking import Asking
    from domain.providers.api import ApiAnswer

VERSION = "2025-06-30.basil"
"""The version of the API whose documented answers are read here."""

KEYS_LIVE_S = 23 * 3600.0
"""Seconds for which a key is relied on: Stripe keeps keys for at least 24 h; an hour is for
clocks and for requests that wait."""

RETURN_URL = "https://example.com/"
"""Where a customer lands after paying when the payment names no place: Stripe takes no session
without one. Reserved for ever (RFC 2606)."""

NAMES_MAX = 8
"""Sessions and intents of one payment that are asked about; it has one of each."""

SEARCHED_MAX = 10
"""Intents of one reference that a search gives; there is one."""

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,2040}$")]

_UNDER_WAY = frozenset({"processing", "requires_capture"})
_ENDED = frozenset({"succeeded", "canceled"})


class _Started(Shape):
    id: ObjectId
    url: Url
    client_reference_id: str
    livemode: bool | None = None


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


def initialize(asking: Asking, *, key: str) -> ApiRequest:
    """Write the start of a payment. Raises ProviderRefused for money that Stripe cannot write."""
    return_url = asking.callback_url or RETURN_URL
    form = [
        ("mode", "payment"),
        ("client_reference_id", asking.reference),
        ("metadata[reference]", asking.reference),
        ("payment_intent_data[metadata][reference]", asking.reference),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", asking.amount.currency.lower()),
        ("line_items[0][price_data][unit_amount]", str(wire_amount(asking.amount, DECIMALS))),
        ("line_items[0][price_data][product_data][name]", f"Payment {asking.reference}"),
        ("success_url", return_url),
        ("cancel_url", return_url),
    ]
    if asking.email:
        form.append(("customer_email", asking.email))
    return post("checkout", "sessions", form=tuple(form), key=key)


def read_initialized(answer: ApiAnswer, asking: Asking) -> Told:
    """Read what starting a payment gave: a session, which is its name until there is an intent."""
    require_accepted(answer)
    started = understand(answer, lambda tree: read(_Started, tree))
    if started.client_reference_id != asking.reference:
        raise OutcomeUnknown("answered about another reference", http_status=answer.status)
    return Told(
        facts=(Fact(FactKind.INITIALIZED, started.id, FactStatus.KNOWN),),
        provider_reference=started.id,
        authorization_url=started.url,
        mode=_mode(started.livemode),
        status="open",
        answer=answer.body,
    )


def named(asking: Asking) -> tuple[ApiRequest, ...]:
    """Write one question for each session and intent that the payment is known by."""
    names = [name for name in asking.names if name != asking.reference]
    sessions = [
        get("v1", "checkout", "sessions", name, query=(("expand[]", "payment_intent"),))
        for name in names
        if name.startswith("cs_")
    ]
    intents = [get("v1", "payment_intents", name) for name in names if name.startswith("pi_")]
    return tuple((sessions + intents)[:NAMES_MAX])


def search(asking: Asking) -> ApiRequest:
    """Write the question for all intents of our reference. Stripe's index is behind by a minute."""
    quoted = asking.reference.replace("\\", "\\\\").replace("'", "\\'")
    query = (("query", f"metadata['reference']:'{quoted}'"), ("limit", str(SEARCHED_MAX)))
    return get("v1", "payment_intents", "search", query=query)


def read_found(answer: ApiAnswer, asking: Asking) -> list[tuple[dict[str, Any], bytes]]:
    """Read a search: the intents that are ours, each with the bytes it was told in."""
    require_accepted(answer)
    found = understand(answer, _listed)
    return [(each, answer.body) for each in found if reference_of(each) == asking.reference]


def read_object(answer: ApiAnswer, asking: Asking) -> tuple[dict[str, Any], bytes]:
    """Read the session or intent that was asked for by name, and the bytes it was told in."""
    require_accepted(answer)
    tree = understand(answer, lambda tree: tree)
    if reference_of(tree) != asking.reference:
        raise OutcomeUnknown("answered about another reference", http_status=answer.status)
    return tree, answer.body


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


def cancel(asking: Asking, *, key: str) -> ApiRequest:
    """Write the end of a payment. Raises ProviderRefused where no name of it is known.

    The intent of a session cannot be cancelled, only the session can expire; so it comes first.
    """
    names = [name for name in reversed(asking.names) if name != asking.reference]
    for name in names:
        if name.startswith("cs_"):
            return post("checkout", "sessions", name, "expire", key=key)
    for name in names:
        if name.startswith("pi_"):
            return post("payment_intents", name, "cancel", key=key)
    raise unwritable("nothing_to_cancel")


def post(*path: str, key: str, form: tuple[tuple[str, str], ...] = ()) -> ApiRequest:
    """Return a request that has one effect for as long as Stripe keeps the key."""
    return ApiRequest(
        "POST",
        ("v1", *path),
        form=form,
        headers=(("Idempotency-Key", key),),
        is_repeatable=True,
    )


def reference_of(tree: dict[str, Any]) -> str | None:
    """Return our reference, wherever Stripe has kept it."""
    found = at(tree, "metadata", "reference") or at(tree, "client_reference_id")
    return reference_hint(found)


def _listed(tree: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    data = tree.get("data")
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise PayloadInvalid("no list of objects")
    return tuple(data)


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
        mode=_mode(intent.livemode),
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
        mode=_mode(session.livemode),
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


def _mode(livemode: bool | None) -> Mode | None:  # noqa: FBT001 - as Stripe says it
    return None if livemode is None else (Mode.TEST, Mode.LIVE)[livemode]
