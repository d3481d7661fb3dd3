"""One success of every dialect, from HTTP to the credit, through the processes as they are run."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from domain.announcement import Announcement
from domain.delivery import Hearsay
from domain.money import Money
from domain.providers.look_ups import LOOK_UPS
from domain.transitions import State
from tests.conformance.sender import AMOUNT_MINOR, Sale
from tests.conformance.senders import BY_NAME, SENDERS
from tests.conformance.the_service import Web, served, told_to
from tests.simulator.api.lookups.serving import LookUps, simulated_lookups
from tests.workers.processes import RELAY, WORKER, Process
from tests.workers.scene import wait_until
from workers.announce import announce

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conformance.sender import Sender
    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

SETTLED_S = 40.0

ASKED = {sender.name for sender in SENDERS if sender.provider.card.refetch == "required"}
"""Whose deliveries prove nothing by themselves."""

CREDITED = {sender.name for sender in SENDERS} - ASKED
NO_LOOK_UP = {"wise"}
"""Who cannot be asked by us: their events stay parked for a person."""

CANNOT_SAY = {"mpesa-daraja"}
"""A payment to a short code cannot be asked about: the question goes to a person, unsent."""


def sale(name: str) -> Sale:
    number = 400_000 + sorted(BY_NAME).index(name)
    return Sale(f"E2E-{name}", AMOUNT_MINOR, BY_NAME[name].currency, number)


def hint(sender: Sender) -> str:
    """Return what the event calls the object that is asked about."""
    request = sender.request(sender.payload(sale(sender.name)))
    (event,) = sender.verify(request).events
    said = sender.provider.parse(request.body, event.key)
    assert isinstance(said, Hearsay)
    return said.object_id.unproven if said.object_id else ""


def states(scene: Scene) -> dict[str, str]:
    return {
        reference.removeprefix("E2E-"): state
        for reference, state in scene.rows("SELECT reference, state FROM payment_logs")
    }


def credited(scene: Scene) -> set[str]:
    return {name for name, state in states(scene).items() if state == State.COMPLETED}


def letters(scene: Scene) -> dict[tuple[str, str], tuple[str, str]]:
    """Return why whose event is set aside."""
    rows = scene.rows(
        "SELECT source, coalesce(reference, provider_reference, ''), reason, message"
        " FROM dead_letters WHERE status = 'open'"
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def parked(scene: Scene) -> set[str]:
    found = letters(scene)
    return {name for (name, _), (reason, _) in found.items() if reason == "refetch_required"}


def refused(scene: Scene) -> set[str]:
    """Return whose questions are a person's now."""
    found = letters(scene)
    return {
        reference.removeprefix("E2E-")
        for (_, reference), (reason, _) in found.items()
        if reason == "provider_refused"
    }


def becomes(scene: Scene, succeeded: set[str], waiting: set[str]) -> None:
    """Wait until these are credited and those parked; say who differs where that does not come."""
    with contextlib.suppress(AssertionError):
        wait_until(
            lambda: credited(scene) == succeeded and parked(scene) == waiting, within_s=SETTLED_S
        )
    assert (credited(scene), parked(scene)) == (succeeded, waiting), letters(scene)


def test_a_success_of_every_dialect_is_credited_or_parked_until_the_provider_was_asked(
    scene: Scene, redis_url: str, tmp_path: Path, payratchet: Callable[..., Said]
) -> None:
    asked_for = [
        Announcement(sale(name).reference, name, Money(sender.currency, AMOUNT_MINOR), name)
        for name, sender in BY_NAME.items()
    ]
    announce(scene.database, asked_for, actor="operator:test")

    with served(scene.url, redis_url, tmp_path) as web, Process(RELAY, scene.url, redis_url):
        _all_are_answered_as_they_demand(web)
        with Process(WORKER, scene.url, redis_url):
            becomes(scene, CREDITED, ASKED)
        with simulated_lookups() as there:
            _everybody_has_paid(there)
            keys = {k: v for name in LOOK_UPS for k, v in there.environment(name).items()}
            with told_to(keys), Process(WORKER, scene.url, redis_url):
                _replay(payratchet)
                becomes(scene, CREDITED | (ASKED - NO_LOOK_UP - CANNOT_SAY), NO_LOOK_UP)
                wait_until(lambda: refused(scene) == CANNOT_SAY)
        again = web.post("stripe", sale("stripe"))

    assert json.loads(again[1])["status"] == "duplicate"
    assert scene.top_ups() == len(credited(scene)) == len(SENDERS) - 2
    for name in credited(scene):
        assert scene.credit(name) == AMOUNT_MINOR


def _all_are_answered_as_they_demand(web: Web) -> None:
    answers = {name: web.post(name, sale(name)) for name in BY_NAME}
    refused = {name: answer for name, answer in answers.items() if answer[0] != 200}
    assert not refused
    for name, (_, body) in answers.items():
        demanded = BY_NAME[name].provider.demanded
        if demanded is None:
            assert json.loads(body)["status"] == "accepted"
        else:
            assert body == demanded.body


def _everybody_has_paid(there: LookUps) -> None:
    for name in LOOK_UPS:
        paid = sale(name)
        there.pay(name, paid.reference, paid.amount_minor, paid.currency, hint(BY_NAME[name]))


def _replay(payratchet: Callable[..., Said]) -> Any:
    said = payratchet(
        *("dead-letters", "replay", "--reason-class", "refetch_required", "--yes"),
        *("--reason", "the keys are there now", "--json"),
    )
    assert said.code == 0, said.err
    return json.loads(said.out)
