"""Stripe's checkout sessions: opened, looked at, closed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.simulator.api import stripe_objects as objects
from tests.simulator.api.checkout import NotPossible, Stage
from tests.simulator.api.operation import answered
from tests.simulator.api.stripe_errors import Refused, missing
from tests.simulator.api.stripe_forms import form_of
from tests.simulator.api.stripe_words import minor_of, name_of, paged

if TYPE_CHECKING:
    from tests.simulator.api.checkout import Checkout
    from tests.simulator.api.operation import Answer, Asked
    from tests.simulator.api.stripe_forms import Form
    from tests.simulator.api.world import World


def open_session(world: World, asked: Asked) -> Answer:
    """POST /v1/checkout/sessions, in the mode `payment`."""
    form = form_of(asked)
    if form.get("mode") != "payment":
        raise Refused("Only sessions of the mode payment are simulated.", "mode")
    amount_minor, currency = _total(form)
    made = world.stripe.open(
        _reference(form) or f"session-{len(world.stripe.checkouts) + 1}",
        amount_minor,
        currency,
        customer_id=(form.get("customer") or "guest").removeprefix("cus_"),
        email=form.get("customer_email"),
        metadata=form.under("payment_intent_data[metadata]"),
    )
    made.about = {
        "client_reference_id": form.get("client_reference_id"),
        "customer": form.get("customer"),
        "metadata": form.under("metadata"),
    }
    made.return_url, made.leave_url = form.get("success_url"), form.get("cancel_url")
    if (expires_s := form.number("expires_at")) is not None:
        made.expires_at = datetime.fromtimestamp(expires_s, UTC)
    world.customers.arrive(world.stripe, made)
    return _session(world, asked, made, effect=True)


def fetch_session(world: World, asked: Asked) -> Answer:
    """GET /v1/checkout/sessions/{id}."""
    return _session(world, asked, _found_session(world, asked))


def expire_session(world: World, asked: Asked) -> Answer:
    """POST /v1/checkout/sessions/{id}/expire."""
    found = _found_session(world, asked)
    try:
        world.stripe.expire(found)
    except NotPossible as impossible:
        message = 'Only Checkout Sessions with a status in ["open"] can be expired.'
        raise Refused(message, None) from impossible
    return _session(world, asked, found, effect=True)


def sessions(world: World, asked: Asked) -> Answer:
    """GET /v1/checkout/sessions, newest first."""
    form = form_of(asked)
    wanted = form.get("payment_intent")
    found = [
        each
        for each in world.stripe.newest_first()
        if wanted is None or any(a.attempt_id == wanted for a in each.attempts)
    ]
    page, more = paged(form, [(each.code, each.made_at, each) for each in found])
    trees = [_session_tree(world, asked, each) for each in page]
    return answered(objects.listed(trees, url="/v1/checkout/sessions", has_more=more))


def _total(form: Form) -> tuple[int, str]:
    """Return the sum of all lines, in minor units, and its currency."""
    total, currency, number = 0, "", 0
    while (price := f"line_items[{number}][price_data]") and form.get(f"{price}[currency]"):
        currency = str(form.get(f"{price}[currency]")).upper()
        unit_minor = minor_of(form.get(f"{price}[unit_amount]"), currency, f"{price}[unit_amount]")
        total += unit_minor * (form.number(f"line_items[{number}][quantity]") or 1)
        number += 1
    if not total:
        raise Refused("Missing required param: line_items.", "line_items", code="parameter_missing")
    return total, currency


def _reference(form: Form) -> str | None:
    """Return the merchant's name of the sale, wherever the merchant wrote it."""
    in_intent = form.get("payment_intent_data[metadata][reference]")
    return in_intent or form.get("client_reference_id") or form.get("metadata[reference]")


def _session(world: World, asked: Asked, found: Checkout, *, effect: bool = False) -> Answer:
    world.stripe.is_closed(found)
    tree = _session_tree(world, asked, found)
    is_paid = found.stage is Stage.PAID
    return answered(tree, effect=effect, about=name_of(found), is_success=is_paid)


def _session_tree(world: World, asked: Asked, found: Checkout) -> Any:
    form = form_of(asked)
    paths = ("payment_intent", "data.payment_intent", "payment_intent.latest_charge")
    attempt = world.stripe.attempts.get(found.sale.provider_id)
    intent: dict[str, Any] | str | None = None
    if attempt is not None:
        intent = attempt.attempt_id
        if any(form.expands(path) for path in paths):
            intent = objects.intent(attempt, expand_charge=form.expands(paths[2]))
    return objects.session(found, origin=asked.origin, intent=intent)


def _found_session(world: World, asked: Asked) -> Checkout:
    found: Checkout | None = world.stripe.checkouts.get(asked.names["id"])
    if found is None:
        raise missing("checkout.session", asked.names["id"], "session")
    return found
