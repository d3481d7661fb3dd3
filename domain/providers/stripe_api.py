"""Stripe's API: how it is asked and what its answers mean. https://docs.stripe.com/api.

A payment is a checkout session, which makes a PaymentIntent once somebody pays. Both carry our
reference. Equal requests under one idempotency key have one effect for a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from domain.asking import Told
from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.providers.api import (
    ApiRequest,
    about_another,
    get,
    understand,
    unwritable,
    wire_amount,
)
from domain.providers.event_keys import at, reference_hint
from domain.providers.shapes import ObjectId, Shape, read
from domain.providers.stripe_answers import require_accepted
from domain.providers.stripe_objects import DECIMALS
from domain.providers.stripe_telling import mode_of

if TYPE_CHECKING:
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


class _Started(Shape):
    id: ObjectId
    url: Url
    client_reference_id: str
    livemode: bool | None = None


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
        raise about_another(answer)
    return Told(
        facts=(Fact(FactKind.INITIALIZED, started.id, FactStatus.KNOWN),),
        provider_reference=started.id,
        authorization_url=started.url,
        mode=mode_of(started.livemode),
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
        raise about_another(answer)
    return tree, answer.body


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
