"""What was corrected stays as it was said, and whoever changes it is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.workers.correcting import correct, holds, tamper
from tests.workers.scene import capture
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payment_corrections SET accepted = '{}'",
        """UPDATE payment_corrections SET given_back =
           '{"T9": {"amount_minor": 1, "currency": "NGN"}}'""",
        "UPDATE payment_corrections SET facts_known = facts_known + 1",
        "UPDATE payment_corrections SET actor = 'operator:eve'",
        "UPDATE payment_corrections SET approved_by = 'operator:eve'",
        "UPDATE payment_corrections SET reason = 'none'",
        "UPDATE payment_corrections SET to_state = 'refunded'",
        "UPDATE payment_corrections SET at = at + interval '1 microsecond'",
        "DELETE FROM payment_corrections",
        "UPDATE payment_logs SET corrected = false",
        """INSERT INTO payment_corrections (payment_id, version, to_state, accepted, given_back,
           facts_known, actor, reason) SELECT payment_id, 1, to_state, accepted, given_back,
           facts_known, actor, reason FROM payment_corrections""",
    ],
)
def test_a_correction_that_was_tampered_with_is_noticed(scene: Scene, statement: str) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, "completed")
    holds(scene)

    tamper(scene, statement)

    problems = verify(scene.database).problems
    assert any(each.startswith("payment p1") for each in problems), problems


def test_the_database_keeps_corrections_as_they_are(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, "completed")

    for statement in (
        "UPDATE payment_corrections SET reason = 'none'",
        "DELETE FROM payment_corrections",
        "TRUNCATE payment_corrections",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            scene.execute(statement)
    with pytest.raises(psycopg.errors.CheckViolation, match="second_person"):
        scene.execute(
            "INSERT INTO payment_corrections (payment_id, version, to_state, accepted, given_back,"
            " facts_known, actor, approved_by, reason) VALUES (1, 1, 'failed', '{}', '{}', 0,"
            " 'operator:ada', 'operator:ada', 'x')"
        )
