"""Services ask the API, each request under a key and repeated until it is answered."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.api.serving import payment
from tests.crash.door import Door, api, client
from tests.crash.scenario import Scenario

if TYPE_CHECKING:
    from tests.crash.door import Asked
    from tests.crash.world import World


def key(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _create(world: World, reference: str, **changes: object) -> Asked:
    body = payment(reference=reference, **changes)
    return api(world, reference, "/v1/payments", body, key=key(reference))


def _together(world: World) -> None:
    """Two that go with each other in one statement."""
    door = Door(world)
    door.ask(_create(world, "o1"), _create(world, "o2"))
    door.close()


def _generally(world: World) -> None:
    """One whose payment is there already, one that another request has the reference of."""
    door = Door(world)
    body = payment(reference="o1")
    door.ask(api(world, "equal", "/v1/payments", body, key=key("equal")))
    door.ask(
        api(world, "other", "/v1/payments", payment(reference="o1", amount_minor=7), key=key("x"))
    )
    door.close()


def _with_one(world: World) -> None:
    client(world)
    door = Door(world)
    door.ask(_create(world, "o1"))
    door.close()


def _paid(world: World) -> None:
    client(world)
    world.desk.paid("p1", "p2", amount_minor=1_000)
    world.desk.own("p3")


def _refund(world: World) -> None:
    door = Door(world)
    path = "/v1/payments/p1/refunds"
    door.ask(api(world, "refund", path, {"amount_minor": 400}, key=key("refund")))
    door.ask(api(world, "too much", path, {"amount_minor": 4_000}, key=key("too much")))
    door.close()


def _acts(world: World) -> None:
    door = Door(world)
    door.ask(api(world, "verify", "/v1/payments/p3/verify", {}, key=key("verify")))
    door.ask(api(world, "cancel", "/v1/payments/p3/cancel", {}, key=key("cancel")))
    door.close()


def _debit(world: World) -> None:
    door = Door(world)
    about = {"customer_id": "ada", "amount_minor": 300, "currency": "NGN", "reference": "sms-1"}
    door.ask(api(world, "debit", "/v1/sms-transactions", about, key=key("debit")))
    path = "/v1/sms-transactions/sms-1/reversal"
    door.ask(api(world, "reversal", path, {}, key=key("reversal")))
    door.close()


def _keyless(world: World) -> None:
    door = Door(world)
    door.ask(api(world, "create", "/v1/payments", payment(reference="o3")))
    door.close()


SCENARIOS = (
    Scenario("payments that are asked for together", _together, client),
    Scenario("payments that are there already", _generally, _with_one),
    Scenario("a payment without a key", _keyless, client),
    Scenario("refunds that are asked for", _refund, _paid),
    Scenario("a payment that is verified and cancelled", _acts, _paid),
    Scenario("credit that is spent and given back", _debit, _paid),
)
