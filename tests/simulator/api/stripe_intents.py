"""Stripe's payment intents: what attempts to pay have come to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.simulator.api import stripe_objects as objects
from tests.simulator.api.operation import answered
from tests.simulator.api.stripe_errors import Refused
from tests.simulator.api.stripe_forms import form_of
from tests.simulator.api.stripe_words import found_intent, name_of, paged

if TYPE_CHECKING:
    from tests.simulator.api.operation import Answer, Asked
    from tests.simulator.api.world import World

_METADATA_QUERY = re.compile(
    r"""metadata\[['"](?P<name>[^'"]+)['"]\]:\s*(?P<quote>['"])(?P<value>.*)(?P=quote)"""
)


def fetch_intent(world: World, asked: Asked) -> Answer:
    """GET /v1/payment_intents/{id}."""
    attempt = found_intent(world, asked.names["id"])
    expand = form_of(asked).expands("latest_charge")
    world.stripe.is_closed(attempt.checkout)
    tree = objects.intent(attempt, expand_charge=expand)
    return answered(tree, about=name_of(attempt.checkout), is_success=attempt.capture is not None)


def cancel_intent(world: World, asked: Asked) -> Answer:
    """POST /v1/payment_intents/{id}/cancel: never of a session, which is to be expired."""
    attempt = found_intent(world, asked.names["id"])
    message = "You cannot cancel the PaymentIntent of a Checkout Session: expire the session."
    refused = Refused(message, "intent", code="payment_intent_unexpected_state")
    refused.about = name_of(attempt.checkout)
    raise refused


def intents(world: World, asked: Asked) -> Answer:
    """GET /v1/payment_intents, newest first."""
    form = form_of(asked)
    found = reversed(world.stripe.attempts.values())
    page, more = paged(form, [(each.attempt_id, each.made_at, each) for each in found])
    expand = form.expands("data.latest_charge")
    trees = [objects.intent(each, expand_charge=expand) for each in page]
    return answered(objects.listed(trees, url="/v1/payment_intents", has_more=more))


def search_intents(world: World, asked: Asked) -> Answer:
    """GET /v1/payment_intents/search: by one field of the metadata, whole and to the letter."""
    form = form_of(asked)
    query = _METADATA_QUERY.fullmatch((form.get("query") or "").strip())
    if query is None:
        raise Refused("Only metadata['name']:'value' can be searched for here.", "query")
    name, value = query["name"], query["value"]
    found = [
        each
        for each in world.stripe.attempts.values()
        if str((each.checkout.sale.metadata or {}).get(name)) == value
    ]
    expand = form.expands("data.latest_charge")
    tree = {
        "object": "search_result",
        "url": "/v1/payment_intents/search",
        "has_more": False,
        "next_page": None,
        "data": [objects.intent(each, expand_charge=expand) for each in reversed(found)],
    }
    is_success = any(each.capture is not None for each in found)
    about = name_of(found[0].checkout) if found else ""
    return answered(tree, about=about, is_success=is_success)
