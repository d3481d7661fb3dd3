"""Corrections and whatever else happens to the payment at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from domain.correcting import CorrectionUnfounded
from tests.workers.correcting import correct, holds
from tests.workers.scene import capture, wait_until
from workers.store import payments

if TYPE_CHECKING:
    from tests.workers.scene import Scene
    from workers.correcting import Done


RACES = 8


def test_a_webhook_and_a_correction_at_once_end_as_one_after_the_other(scene: Scene) -> None:
    """Whoever comes first: the books hold, and nobody is credited twice."""
    references = [f"p{number}" for number in range(1, RACES + 1)]
    scene.announce(*references)
    for reference in references:
        scene.hear(capture(reference, 1_250))
    later = {each: scene.receive(capture(each, object_id=f"{each}-2")) for each in references}

    for reference in references:

        def race(number: int, reference: str = reference) -> None:
            if number:
                scene.apply(later[reference])
            else:
                correct(scene, "completed", reference=reference)

        scene.at_once(2, race)

    for reference in references:
        state, owned = (
            scene.state(reference),
            scene.value(
                "SELECT accepted ? %s FROM payment_corrections JOIN payment_logs ON id = payment_id"
                " WHERE reference = %s",
                [f"{reference}-2", reference],
            ),
        )
        # The correction saw both captures, or the second came later and waits for a person. Heard
        # first and as asked, the second is credited and the other accepted.
        assert state == ("completed" if owned else "review")
    assert scene.top_ups() == RACES
    total = 2_250 * RACES
    assert scene.credit() + scene.account("suspense") == total
    holds(scene)


def test_two_corrections_at_once_are_one(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    refused: list[int] = []

    def race(number: int) -> None:
        try:
            correct(scene, "completed")
        except CorrectionUnfounded:
            refused.append(number)

    scene.at_once(4, race)

    assert len(refused) == 3
    assert (scene.credit(), scene.top_ups()) == (1_250, 1)
    holds(scene)


def test_a_correction_waits_for_whoever_has_the_payment(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    with ThreadPoolExecutor(1) as pool:
        with scene.database.transaction() as tx:
            payments.lock(tx, ["p1"])

            def one() -> Done:
                try:
                    return correct(scene, "completed")
                finally:
                    scene.database.close()

            waiting = pool.submit(one)
            wait_until(
                lambda: scene.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                )
            )
            assert not waiting.done()
        waiting.result()
    assert scene.state("p1") == "completed"
