"""What Stripe's requests have in common: amounts, names and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.api import stripe_objects as objects
from tests.simulator.api.stripe_errors import Refused, missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.simulator.api.checkout import Attempt, Checkout
    from tests.simulator.api.stripe_forms import Form
    from tests.simulator.api.world import World

LIMIT_DEFAULT = 10
LIMIT_MAX = 100


def minor_of(given: str | None, currency: str, name: str) -> int:
    """Read an amount above zero, in minor units. Raises Refused, which names the parameter."""
    if given is None or not given.isdecimal() or int(given) == 0:
        raise Refused(f"Invalid integer: {given}", name, code="parameter_invalid_integer")
    try:
        return objects.unwired(int(given), currency)
    except ValueError as invalid:
        raise Refused(f"Invalid amount: {invalid}", name, code="amount_invalid") from invalid


def name_of(checkout: Checkout) -> str:
    """Return what the journal calls a sale."""
    return checkout.sale.reference


def found_intent(world: World, intent_id: str) -> Attempt:
    """Return the attempt that is an intent. Raises Refused."""
    found: Attempt | None = world.stripe.attempts.get(intent_id)
    if found is None:
        raise missing("payment_intent", intent_id, "intent")
    return found


def paged(form: Form, found: Sequence[tuple[str, datetime, Any]]) -> tuple[list[Any], bool]:
    """Return a page of (id, time, thing), and whether there is more."""
    limit = min(max(form.number("limit") or LIMIT_DEFAULT, 1), LIMIT_MAX)
    ids = [each_id for each_id, _, _ in found]
    after = form.get("starting_after")
    if after is not None and after not in ids:
        raise missing("object", after, "starting_after")
    rest = found[ids.index(after) + 1 :] if after else found
    matching = [thing for _, at, thing in rest if _is_within(form, int(at.timestamp()))]
    return matching[:limit], len(matching) > limit


def _is_within(form: Form, at_s: int) -> bool:
    bounds = {name: form.number(f"created[{name}]") for name in ("gte", "gt", "lte", "lt")}
    gte, gt, lte, lt = bounds.values()
    return (
        (gte is None or at_s >= gte)
        and (gt is None or at_s > gt)
        and (lte is None or at_s <= lte)
        and (lt is None or at_s < lt)
    )
