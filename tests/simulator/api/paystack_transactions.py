"""Paystack's transactions: opened, verified, listed. There are no idempotency keys.

A reference can be used once; asking again for it gets an error that names no page to pay at.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.simulator.api import paystack_objects as objects
from tests.simulator.api.counter import code_of
from tests.simulator.api.paystack_words import (
    Refused,
    amount_minor_of,
    body_of,
    error,
    metadata_of,
    moment_of,
    paged,
    told,
)

if TYPE_CHECKING:
    from tests.simulator.api.checkout import Checkout
    from tests.simulator.api.operation import Answer, Asked
    from tests.simulator.api.world import World

CURRENCIES = frozenset({"NGN", "GHS", "ZAR", "KES", "USD", "XOF", "EGP", "RWF"})


def initialize(world: World, asked: Asked) -> Answer:
    """POST /transaction/initialize."""
    tree = body_of(asked)
    counter = world.paystack
    currency = str(tree.get("currency") or "NGN")
    if "@" not in str(tree.get("email") or ""):
        raise Refused("Invalid Email Address Passed", "invalid_email_address")
    if currency not in CURRENCIES:
        raise Refused("Currency not supported by merchant", "unsupported_currency")
    amount_minor = amount_minor_of(tree.get("amount"), currency)
    reference = str(tree.get("reference") or f"sim{len(counter.checkouts) + 1:010d}")
    if counter.named(reference):
        refused = error("Duplicate Transaction Reference", "duplicate_reference", 400)
        refused.about = reference
        return refused
    metadata = metadata_of(tree.get("metadata"))
    made = counter.open(
        reference,
        amount_minor,
        currency,
        customer_id=str(metadata.get("customer_id") or tree["email"]),
        email=str(tree["email"]),
        metadata=metadata,
    )
    made.return_url = tree.get("callback_url") or None
    made.leave_url = metadata.get("cancel_action") or None
    world.customers.arrive(counter, made)
    data = {
        "authorization_url": f"{asked.origin}/paystack/checkout/{made.code}",
        "access_code": made.code,
        "reference": reference,
    }
    return told("Authorization URL created", data, effect=True, about=reference)


def verify(world: World, asked: Asked) -> Answer:
    """GET /transaction/verify/{reference}."""
    found = by_reference(world, asked.names["reference"])
    return _transaction(world, found, "Verification successful")


def fetch(world: World, asked: Asked) -> Answer:
    """GET /transaction/{id}."""
    wanted = asked.names["id"]
    found = by_id(world, wanted)
    if found is None:
        raise Refused("Transaction not found", "transaction_not_found", HTTPStatus.NOT_FOUND)
    return _transaction(world, found, "Transaction retrieved")


def transactions(world: World, asked: Asked) -> Answer:
    """GET /transaction: newest first."""
    untouched = world.rules.untouched
    since, until = moment_of(asked.asked_for("from")), moment_of(asked.asked_for("to"))
    status = asked.asked_for("status")
    matching = [
        each
        for each in world.paystack.newest_first()
        if (since is None or each.made_at >= since)
        and (until is None or each.made_at <= until)
        and status in {None, objects.status_of(each, untouched=untouched)}
    ]
    page, meta = paged(matching, asked)
    trees = [objects.transaction(each, untouched=untouched) for each in page]
    return told("Transactions retrieved", trees, meta=meta)


def by_reference(world: World, reference: str) -> Checkout:
    """Return the transaction of a reference. Raises Refused."""
    named = world.paystack.named(reference)
    if not named:
        raise Refused("Transaction reference not found.", "transaction_not_found")
    return named[0]


def by_id(world: World, wanted: str) -> Checkout | None:
    """Return the transaction of an id, None where there is none."""
    if not wanted.isdecimal():
        return None
    return world.paystack.checkouts.get(code_of("paystack", f"pi_{int(wanted):x}"))


def id_text(checkout: Checkout) -> str:
    """Return a transaction's id as a parameter has it."""
    return str(objects.transaction_id(checkout))


def _transaction(world: World, found: Checkout, message: str) -> Answer:
    world.paystack.is_closed(found)
    tree = objects.transaction(found, untouched=world.rules.untouched)
    is_success = tree["status"] == "success"
    return told(message, tree, about=found.sale.reference, is_success=is_success)
