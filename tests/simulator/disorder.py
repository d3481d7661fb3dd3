"""Disorder: what happens to notices between a provider and us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.courier import Parcel
from tests.simulator.forgery import possible

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Sequence

    from tests.simulator.notice import Notice

WINDOW = 0.02
"""How far a notice may slip, in shares of the morning; steps of one payment overtake each other."""

REPEATS_WEIGHTS = (55, 31, 10, 4)
"""Of a hundred notices, how many are delivered again 0, 1, 2 or 3 times."""

REPEAT_LATER_MAX = 0.15
FORGERY_SHARE = 0.035
FORGERS_REST = (0.25, 0.75)
"""Forgers rest in the middle of the morning: refusals are written once a second, and a process that
is killed then loses that second's."""


def parcels_of(told: Iterable[tuple[float, Notice]], rng: random.Random) -> list[Parcel]:
    """Make deliveries of what was told, at its time: shuffled a little, and some of it again."""
    made = []
    for due, notice in told:
        slipped = _clipped(due + rng.uniform(-WINDOW, WINDOW))
        made.append(Parcel(notice, slipped))
        made.extend(_repeats(notice, slipped, rng))
    return made


def forgeries_of(parcels: Sequence[Parcel], rng: random.Random) -> list[Parcel]:
    """Make forgeries of some of the deliveries, every kind for every provider in turn."""
    by_provider: dict[str, list[Notice]] = {}
    for parcel in parcels:
        by_provider.setdefault(parcel.notice.provider, []).append(parcel.notice)
    made = []
    for notices in by_provider.values():
        kinds = possible(notices[0].provider)
        for number in range(max(len(kinds), int(len(notices) * FORGERY_SHARE))):
            due = rng.uniform(0, FORGERS_REST[0])
            if number % 2:
                due = rng.uniform(FORGERS_REST[1], 1)
            kind = kinds[number % len(kinds)]
            made.append(Parcel(rng.choice(notices), due, forgery=kind))
    return made


def _repeats(notice: Notice, due: float, rng: random.Random) -> Iterator[Parcel]:
    (count,) = rng.choices(range(len(REPEATS_WEIGHTS)), REPEATS_WEIGHTS)
    for _ in range(count):
        later = _clipped(due + rng.uniform(0, REPEAT_LATER_MAX))
        yield Parcel(notice, later, is_repeat=True)


def _clipped(due: float) -> float:
    return min(max(due, 0.0), 1.0)
