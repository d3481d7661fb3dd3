"""The plan: which faults strike when, from a seed alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.chaos.kinds import BOUNDS, KINDS, OUTAGES, QUIET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.chaos.kinds import Bound, Kind

AT_ONCE_MAX = 3
"""Faults that may last at the same time."""

CALM_S = 2.0
"""Seconds without a fault at the beginning."""

STEP_S = 0.05
"""How finely times are chosen."""

ROUND_S = 300.0
"""Each bound is measured about once in so many seconds."""

OUTAGE_EVERY_S = 3_600.0
"""An hour has one long outage of each kind; a shorter run has none."""

ALONE_SHARE_MAX = 0.55
"""Share of the time that strikes for the bounds may take."""

STRETCH_OVER_S = 1_800.0
"""A run of so many seconds or more draws from the whole range of how long a fault lasts; a shorter
one draws less of it, so that it has time for every kind."""

STRETCH_MIN = 0.3

RARE_CHANCE = 0.35
"""How probable it is that a rare kind is among those of a round, after the first round."""

PACE = (0.7, 1.1)
"""How much sooner or later than evenly spread the next strike may come."""

GROUPS = (1, 1, 2, 3)
"""How many strikes fall due together."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: when it begins after the load did, whom it hits, how long it lasts.

    While one that is `alone` strikes, and for some seconds before and after, nothing else does.
    """

    at_s: float
    kind: str
    target: str
    lasts_s: float
    parameters: Mapping[str, float] = field(default_factory=dict)
    alone: bool = False

    @property
    def ends_s(self) -> float:
        """When it is to end."""
        return self.at_s + self.lasts_s

    @property
    def busies(self) -> tuple[str, ...]:
        """What it has in hand while it lasts."""
        return KINDS[self.kind].busies or (self.target,)


@dataclass(frozen=True, slots=True)
class _Window:
    begins_s: float
    ends_s: float


def plan(
    seed: int, minutes: float, kinds: Iterable[str] = (), every_s: float = 2.6
) -> tuple[Strike, ...]:
    """Return the strikes of a run in order; the same seed gives the same.

    About one every `every_s`, at most AT_ONCE_MAX at a time, each over before the time is. Every
    kind is there if the time allows. Raises ValueError for a kind that there is not.
    """
    wanted = tuple(kinds) or tuple(KINDS)
    if unknown := sorted(set(wanted) - set(KINDS)):
        raise ValueError(f"no such fault: {', '.join(unknown)}")
    # Not the order in which they were asked for.
    chosen = [kind for kind in KINDS.values() if kind.name in wanted]
    dice = random.Random(f"plan {seed}")
    length_s = 60.0 * minutes
    alone = _alone(dice, length_s, {kind.name for kind in chosen})
    count = round(length_s / every_s) - len(alone)
    windows = _windows(alone, length_s)
    others = _Filling(dice, chosen, stretch(length_s), count).fill(windows)
    return tuple(sorted([*alone, *others], key=lambda strike: strike.at_s))


def stretch(length_s: float) -> float:
    """Return how much of the ranges of durations a run of this length draws from."""
    return max(STRETCH_MIN, min(1.0, length_s / STRETCH_OVER_S))


def lasts_s(dice: random.Random, between_s: tuple[float, float], share: float) -> float:
    """Draw how long a fault lasts, from the lower `share` of its range."""
    least_s, most_s = between_s
    return round(dice.uniform(least_s, least_s + (most_s - least_s) * share), 2)


def _alone(dice: random.Random, length_s: float, names: set[str]) -> list[Strike]:
    """Return the strikes for the bounds, spread over the run in the order of a shuffled deck."""
    deck = _named(BOUNDS, names) * max(1, round(length_s / ROUND_S))
    deck += _named(OUTAGES, names) * int(length_s / OUTAGE_EVERY_S)
    dice.shuffle(deck)
    drawn = [(bound, lasts_s(dice, bound.lasts_s, stretch(length_s))) for bound in deck]
    left_s = ALONE_SHARE_MAX * length_s
    fitting = []
    for bound, lasting_s in drawn:
        if (takes_s := _takes_s(bound, lasting_s)) <= left_s:
            left_s -= takes_s
            fitting.append((bound, lasting_s))
    return _spread(dice, fitting, length_s)


def _named(bounds: Sequence[Bound], names: set[str]) -> list[Bound]:
    return [bound for bound in bounds if bound.kind in names]


def _takes_s(bound: Bound, lasting_s: float) -> float:
    return bound.quiet_before_s + lasting_s + bound.quiet_after_s


def _spread(
    dice: random.Random, drawn: Sequence[tuple[Bound, float]], length_s: float
) -> list[Strike]:
    """Place them one after another with the free time shared out between them."""
    free_s = length_s - CALM_S - sum(_takes_s(*each) for each in drawn)
    gap_s = free_s / (len(drawn) + 1)
    strikes, now_s = [], CALM_S
    for bound, lasting_s in drawn:
        now_s += gap_s * dice.uniform(0.5, 1.0)
        kind = KINDS[bound.kind]
        at_s = round(now_s + bound.quiet_before_s, 2)
        target = dice.choice(kind.targets)
        strikes.append(Strike(at_s, kind.name, target, lasting_s, _drawn(dice, kind), alone=True))
        now_s += _takes_s(bound, lasting_s)
    return strikes


def _windows(alone: Sequence[Strike], length_s: float) -> list[_Window]:
    """Return the times in which several may strike: what the lonely ones leave."""
    windows, from_s = [], CALM_S
    for strike in alone:
        bound = QUIET[strike.kind]
        windows.append(_Window(from_s, strike.at_s - bound.quiet_before_s))
        from_s = strike.ends_s + bound.quiet_after_s
    return [*windows, _Window(from_s, length_s)]


def _drawn(dice: random.Random, kind: Kind) -> Mapping[str, float]:
    return MappingProxyType(
        {name: round(dice.uniform(*between), 3) for name, between in kind.parameters.items()}
    )


class _Filling:
    """Strikes that overlap, laid into the windows until there are enough."""

    def __init__(
        self, dice: random.Random, kinds: Sequence[Kind], share: float, count: int
    ) -> None:
        self._dice = dice
        self._kinds = kinds
        self._share = share
        self._left = count if kinds else 0
        self._waiting: list[Kind] = []
        self._rounds = 0
        self._made: list[Strike] = []
        self._lasting: list[Strike] = []

    def fill(self, windows: Sequence[_Window]) -> list[Strike]:
        """Return the strikes."""
        open_s = sum(window.ends_s - window.begins_s for window in windows)
        due_s = 0.0
        for window in windows:
            now_s = window.begins_s + due_s
            while self._left > 0 and now_s < window.ends_s:
                pace_s = (open_s - (now_s - window.begins_s)) / self._left
                now_s = self._group(now_s, window.ends_s, pace_s)
            due_s = max(0.0, now_s - window.ends_s)
            open_s -= window.ends_s - window.begins_s
        return self._made

    def _group(self, now_s: float, ends_s: float, pace_s: float) -> float:
        """Begin some at once, as many as there is room for; return when the next are due."""
        size = min(self._left, self._dice.choice(GROUPS))
        begun = sum(self._begin(now_s, ends_s) for _ in range(size))
        if not begun:
            return now_s + STEP_S
        self._left -= begun
        return now_s + begun * max(STEP_S, pace_s) * self._dice.uniform(*PACE)

    def _begin(self, now_s: float, ends_s: float) -> bool:
        """Begin the first kind that fits in here and now; False where none does."""
        self._lasting = [each for each in self._lasting if each.ends_s + STEP_S > now_s]
        if len(self._lasting) >= AT_ONCE_MAX:
            return False
        busy = {thing for strike in self._lasting for thing in strike.busies}
        if not self._waiting:
            self._waiting = self._deck()
        for number, kind in enumerate(self._waiting):
            strike = self._strike(kind, now_s)
            if strike.ends_s < ends_s and busy.isdisjoint(strike.busies):
                del self._waiting[number]
                self._made.append(strike)
                self._lasting.append(strike)
                return True
        return False

    def _deck(self) -> list[Kind]:
        """Return the next round: each kind once, the rare ones not always."""
        first = self._rounds == 0
        self._rounds += 1
        deck = [
            kind
            for kind in self._kinds
            if first or not kind.rare or self._dice.random() < RARE_CHANCE
        ] or list(self._kinds)
        self._dice.shuffle(deck)
        return deck

    def _strike(self, kind: Kind, now_s: float) -> Strike:
        lasting_s = lasts_s(self._dice, kind.lasts_s, self._share)
        target = self._dice.choice(kind.targets)
        return Strike(round(now_s, 2), kind.name, target, lasting_s, _drawn(self._dice, kind))
