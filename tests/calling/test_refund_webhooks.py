"""A webhook settles a refund of ours by its name; of any other its provider is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.commands import CommandKind
from tests.workers.scene import Scene, capture, refund

if TYPE_CHECKING:
    from tests.calling.desk import Desk
    from tests.calling.provider import Provider

VERIFY = CommandKind.VERIFY

PROCESSED = json.dumps(
    {
        "event": "refund.processed",
        "data": {
            "transaction_reference": "p1",
            "refund_reference": "X7",
            "amount": 400,
            "currency": "NGN",
        },
    }
).encode()
"""A webhook that has a name for a refund which the provider's API has not."""


def ask_elsewhere(scene: Scene, *references: str) -> None:
    """Have refunds asked for whose provider calls them what its webhooks do not."""
    scene.announce("p1")
    scene.hear(capture("p1"))
    for reference in references:
        scene.execute(
            "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, status,"
            " provider_refund_id) SELECT %s, id, 'shop', 400, 'NGN', 'sent', 'a' || %s"
            " FROM payment_logs",
            [reference, reference],
        )


def test_a_webhook_settles_a_refund_by_its_name(scene: Scene) -> None:
    ask_elsewhere(scene, "rf1", "rf2")

    scene.hear(refund("p1", 400, "arf2"), refund("p1", 400, "arf2"))

    assert scene.rows("SELECT reference, status, object_id FROM refunds ORDER BY id") == [
        ("rf1", "sent", None),
        ("rf2", "succeeded", "arf2"),
    ]
    assert scene.account("refunds_held") == -400, "one release, though no hold was made here"
    assert scene.value("SELECT count(*) FROM inbound_work") == 0


def test_a_webhook_of_a_refund_by_an_unknown_name_has_its_provider_asked_whose_it_is(
    scene: Scene,
) -> None:
    ask_elsewhere(scene, "rf1")

    scene.hear(refund("p1", 400, "X7"))
    scene.hear(refund("p1", 400, "X7"))

    assert scene.rows("SELECT status, object_id FROM refunds") == [("sent", None)]
    asked = scene.rows(
        "SELECT convert_from(e.body, 'UTF8')::jsonb ->> 'command' FROM inbound_work w"
        " JOIN inbound_events e ON e.id = w.event_id"
    )
    assert asked == [("verify",)]


def test_a_webhook_of_a_refund_asks_nobody_where_none_of_ours_is_open(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))

    scene.hear(refund("p1", 400, "X7"))

    assert scene.value("SELECT count(*) FROM inbound_work") == 0


def test_the_answer_to_whose_it_is_settles_what_the_webhook_could_not(
    desk: Desk, provider: Provider
) -> None:
    provider.names_refunds = False
    desk.given_refund()
    provider.end_refunds("p1")
    desk.hear(PROCESSED, source="paystack", reference="p1")
    assert desk.refund_status("rf1") == "sent"
    [command] = desk.owed()

    desk.perform(command)

    assert desk.refund_status("rf1") == "succeeded"
    assert (desk.credit(), desk.held()) == (600, 0)
    assert desk.state("p1") == "partially_refunded"
    assert desk.problems() == []
