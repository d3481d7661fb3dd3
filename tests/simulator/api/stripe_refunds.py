"""Stripe's refunds: of an intent or a charge, never more than is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.api import stripe_objects as objects
from tests.simulator.api.checkout import NotPossible
from tests.simulator.api.operation import answered
from tests.simulator.api.stripe_errors import Refused, missing
from tests.simulator.api.stripe_forms import form_of
from tests.simulator.api.stripe_words import found_intent, minor_of, name_of, paged

if TYPE_CHECKING:
    from tests.simulator.api.checkout import Attempt, Returned
    from tests.simulator.api.operation import Answer, Asked
    from tests.simulator.api.stripe_forms import Form
    from tests.simulator.api.world import World

REFUND_REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})


def refund(world: World, asked: Asked) -> Answer:
    """POST /v1/refunds: of an intent or a charge; all that is left by default."""
    form = form_of(asked)
    attempt = _to_refund(world, form)
    capture = attempt.capture
    if capture is None:
        raise Refused("This PaymentIntent does not have a successful charge to refund.", None)
    amount_minor = capture.left_minor
    if (asked_for := form.get("amount")) is not None:
        amount_minor = minor_of(asked_for, capture.currency, "amount")
    if (reason := form.get("reason")) and reason not in REFUND_REASONS:
        raise Refused("Invalid reason", "reason")
    try:
        made = world.stripe.give_back(
            attempt.checkout,
            capture,
            amount_minor,
            notes=(reason or "", ""),
            metadata=form.under("metadata"),
        )
    except NotPossible as impossible:
        code = "amount_too_large" if capture.left_minor else "charge_already_refunded"
        message = f"Refund amount is greater than unrefunded amount on charge: {impossible}"
        raise Refused(message, "amount", code=code) from impossible
    world.customers.settle(world.stripe, made)
    return answered(objects.refund(made), effect=True, about=name_of(attempt.checkout))


def refunds(world: World, asked: Asked) -> Answer:
    """GET /v1/refunds, perhaps of one intent or charge: newest first."""
    form = form_of(asked)
    wanted = form.get("payment_intent") or (form.get("charge") or "").replace("ch_", "pi_")
    found = [
        each
        for each in reversed(world.stripe.refunds.values())
        if not wanted or each.refund.capture.capture_id == wanted
    ]
    page, more = paged(form, [(each.refund.refund_id, each.made_at, each) for each in found])
    trees = [objects.refund(each) for each in page]
    return answered(objects.listed(trees, url="/v1/refunds", has_more=more))


def fetch_refund(world: World, asked: Asked) -> Answer:
    """GET /v1/refunds/{id}."""
    made: Returned | None = world.stripe.refunds.get(asked.names["id"])
    if made is None:
        raise missing("refund", asked.names["id"], "id")
    return answered(objects.refund(made), about=name_of(made.checkout))


def _to_refund(world: World, form: Form) -> Attempt:
    if charge_id := form.get("charge"):
        attempt = world.stripe.attempts.get(charge_id.replace("ch_", "pi_"))
        if attempt is None:
            raise missing("charge", charge_id, "charge")
        return attempt
    intent_id = form.get("payment_intent")
    if intent_id is None:
        raise Refused("One of the following params should be provided: payment_intent.", None)
    return found_intent(world, intent_id)
