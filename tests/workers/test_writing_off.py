"""Writing off what a lost dispute left below zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.workers.correcting import ADA, holds, lines, tamper
from tests.workers.scene import body, capture, refund
from workers import writing_off
from workers.verify import verify
from workers.writing_off import WriteOffUnfounded

if TYPE_CHECKING:
    from tests.workers.scene import Scene
    from workers.correcting import Done


def lost(reference: str, amount_minor: int = 1_000) -> bytes:
    return body(
        "dispute.lost",
        reference,
        "D1",
        amount_minor=amount_minor,
        currency="NGN",
    )


def charged_back(scene: Scene, spent_minor: int) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    if spent_minor:
        scene.announce("spent", amount_minor=spent_minor)
        scene.hear(capture("spent", spent_minor, "T8"), refund("spent", 2 * spent_minor, "R8"))
    scene.hear(lost("p1"))
    assert scene.state("p1") == "charged_back"


def write_off(scene: Scene, **how: Any) -> Done:
    return writing_off.write_off(scene.database, "p1", actor=ADA, reason="gone", **how)


def test_what_a_lost_dispute_left_below_zero_is_written_off_once(scene: Scene) -> None:
    charged_back(scene, 400)
    assert scene.credit() == -400

    write_off(scene)

    assert (scene.credit(), scene.account("chargeback_loss")) == (0, -400)
    assert lines(scene)[-1] == ("adjustment", 400, 0)
    with pytest.raises(WriteOffUnfounded, match="once"):
        write_off(scene)
    holds(scene)


def test_no_more_is_written_off_than_the_dispute_took(scene: Scene) -> None:
    charged_back(scene, 3_000)
    assert scene.credit() == -3_000

    write_off(scene)

    assert scene.credit() == -2_000
    holds(scene)


def test_nothing_is_written_off_where_nothing_is_missing(scene: Scene) -> None:
    charged_back(scene, 0)
    assert scene.credit() == 0

    with pytest.raises(WriteOffUnfounded, match="not below zero"):
        write_off(scene)
    scene.announce("p2")
    with pytest.raises(WriteOffUnfounded, match="only what is charged_back"):
        writing_off.write_off(scene.database, "p2", actor=ADA, reason="x")


def test_two_write_offs_at_once_are_one(scene: Scene) -> None:
    charged_back(scene, 400)
    refused: list[int] = []

    def race(number: int) -> None:
        try:
            write_off(scene)
        except WriteOffUnfounded:
            refused.append(number)

    scene.at_once(3, race)

    assert (len(refused), scene.account("chargeback_loss")) == (2, -400)


def test_a_write_off_of_more_than_was_lost_is_noticed(scene: Scene) -> None:
    charged_back(scene, 400)
    write_off(scene)
    holds(scene)

    tamper(scene, "UPDATE ledger_entries SET amount_minor = amount_minor * 3"
           " WHERE effect = 'write_off'")  # fmt: skip

    assert any("write-off" in each for each in verify(scene.database).problems)
