"""Planted bugs: a simulation that tells none of them would tell no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulation.installing import installed
from tests.simulation.planted import BUGS, hunt
from tests.simulation.world import play

if TYPE_CHECKING:
    from tests.simulation.bug import Bug

SEEDS_MAX = 600
"""Histories within which the suite must have been told."""

BUGS_MIN = 40


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_planted_bug_is_told_by_an_invariant_that_it_breaks(bug: Bug) -> None:
    with installed():
        found = hunt(bug, SEEDS_MAX, first=bug.known_from)

    assert found.is_caught, found


def test_there_are_many_bugs_and_none_stays_behind() -> None:
    with installed():
        hunt(BUGS[0], SEEDS_MAX)
        assert play(0).broken is None

    assert len({bug.name for bug in BUGS}) == len(BUGS) >= BUGS_MIN
