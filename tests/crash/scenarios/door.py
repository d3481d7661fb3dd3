"""Webhooks come in: new, again, with other bytes, and in contradiction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.crash.door import Asked, Door, webhook
from tests.crash.scenario import Scenario

if TYPE_CHECKING:
    from tests.crash.world import World

DATA = {"id": 1, "status": "success", "reference": "top-up-1", "amount": 5_000, "currency": "NGN"}


def _start(world: World) -> None:
    Door(world, is_warm=False).close()


def _new(world: World) -> None:
    door = Door(world)
    door.ask(webhook("first", DATA), webhook("other", DATA | {"id": 2, "reference": "top-up-2"}))
    door.close()


def _again(world: World) -> None:
    door = Door(world)
    door.ask(webhook("same", DATA))
    door.ask(webhook("variant", DATA | {"fees_split": None}))
    door.ask(webhook("contradiction", DATA | {"amount": 6_000}))
    door.close()


def _first(world: World) -> None:
    door = Door(world)
    door.ask(webhook("first", DATA))
    door.close()


def _forged(world: World) -> None:
    door = Door(world)
    door.ask(Asked("forged", "POST", "/webhooks/paystack", b"{}", (("x-paystack-signature", "0"),)))
    door.close()


NOTED = ("refused_requests", "a refusal waits for a second in memory: it is a note, and no money")

SCENARIOS = (
    Scenario("the ingress starts and stops", _start),
    Scenario("webhooks that are new", _new),
    Scenario("webhooks of an event that is known", _again, _first),
    Scenario("a webhook that is forged", _forged, forgives=(NOTED,)),
)
