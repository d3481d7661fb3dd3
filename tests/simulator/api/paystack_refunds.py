"""Paystack's refunds: of a transaction that has been paid, never more than is left of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.simulator.api import paystack_objects as objects
from tests.simulator.api.checkout import NotPossible
from tests.simulator.api.paystack_transactions import by_id, by_reference, id_text
from tests.simulator.api.paystack_words import Refused, amount_minor_of, body_of, paged, told

if TYPE_CHECKING:
    from tests.simulator.api.checkout import Returned
    from tests.simulator.api.operation import Answer, Asked
    from tests.simulator.api.world import World


def refund(world: World, asked: Asked) -> Answer:
    """POST /refund: of a transaction by its id or its reference; all that is left by default."""
    tree = body_of(asked)
    counter, wanted = world.paystack, str(tree.get("transaction") or "")
    found = by_id(world, wanted) or by_reference(world, wanted)
    if not found.sale.captures:
        raise Refused("Transaction has not been paid for", "transaction_not_successful")
    capture = found.sale.captures[0]
    amount_minor = capture.left_minor
    if tree.get("amount") is not None:
        amount_minor = amount_minor_of(tree["amount"], capture.currency)
    by_default = f"Refund for transaction {found.sale.reference}"
    notes = (tree.get("merchant_note") or by_default, tree.get("customer_note") or by_default)
    try:
        made = counter.give_back(found, capture, amount_minor, notes=notes)
    except NotPossible as impossible:
        message = "Refund amount cannot be more than what is left of the transaction"
        raise Refused(message, "invalid_params") from impossible
    world.customers.settle(counter, made)
    tree = _refund(world, made)
    tree["transaction"] = objects.transaction(found, untouched=world.rules.untouched)
    message = "Refund has been queued for processing"
    return told(message, tree, effect=True, about=found.sale.reference)


def refunds(world: World, asked: Asked) -> Answer:
    """GET /refund, perhaps of one transaction by its id or its reference: newest first."""
    wanted = asked.asked_for("transaction") or asked.asked_for("reference")
    made = [
        each
        for each in reversed(world.paystack.refunds.values())
        if wanted in {None, each.checkout.sale.reference, id_text(each.checkout)}
    ]
    page, meta = paged(made, asked)
    return told("Refunds retrieved", [_refund(world, each) for each in page], meta=meta)


def fetch_refund(world: World, asked: Asked) -> Answer:
    """GET /refund/{id}."""
    for each in world.paystack.refunds.values():
        tree = _refund(world, each)
        if str(tree["id"]) == asked.names["id"]:
            return told("Refund retrieved", tree, about=each.checkout.sale.reference)
    raise Refused("Refund not found", "refund_not_found", HTTPStatus.NOT_FOUND)


def _refund(world: World, returned: Returned) -> dict[str, Any]:
    return objects.refund(returned, unnamed=world.rules.unnamed_refunds)
