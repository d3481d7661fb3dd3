"""Refunds that bear a reference of their own, beside the provider's name of the payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workers.scene import body, capture, refund

if TYPE_CHECKING:
    from tests.workers.scene import Scene

GIVEN_BACK = refund("refund-77", 400, payment_id="T1")


@pytest.fixture
def announced(scene: Scene) -> Scene:
    scene.announce("p1", "p2")
    return scene


def test_a_refund_is_of_the_payment_whose_transaction_it_names(announced: Scene) -> None:
    announced.hear(capture("p1"))
    announced.hear(GIVEN_BACK)

    assert (announced.credit(), announced.letters()) == (600, [])


@pytest.mark.parametrize("first", ["the capture", "the refund"])
def test_so_it_is_when_both_are_heard_at_once(announced: Scene, first: str) -> None:
    both = [capture("p1"), GIVEN_BACK]
    announced.hear(*(both if first == "the capture" else reversed(both)))

    assert (announced.credit(), announced.letters()) == (600, [])


def test_a_lost_dispute_takes_from_the_payment_whose_transaction_it_names(
    announced: Scene,
) -> None:
    announced.hear(capture("p1"), capture("p2"))
    announced.hear(
        body("dispute.lost", "p2", "D1", amount_minor=1_000, currency="NGN", payment_id="T1")
    )

    assert (announced.state("p1"), announced.state("p2")) == ("charged_back", "completed")


def test_a_refund_of_a_transaction_that_nobody_knows_goes_by_its_reference(
    announced: Scene,
) -> None:
    announced.hear(refund("p1", 400, payment_id="T1"))
    announced.hear(capture("p1"))

    assert announced.credit() == 600
