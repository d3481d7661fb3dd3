"""What is plotted: the samples of the last hour as lines, and the rates of this minute."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from workers.console.plots import Line, Plot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    Shown = dict[str, Any]

MINUTES = 61
"""Minutes of a plot: an hour, from end to end."""

TICK_MINUTES = 15
SAMPLE_S = 60.0
RATE_S_MIN = 10.0
"""A rate is told over at least this long, and a sample stands for this long."""

COUNTED = ("accepted", "applied", "refused")


class Figure(NamedTuple):
    """A plot, and the numbers of it as a table: a time and a value for each line."""

    plot: Plot
    rows: Sequence[tuple[datetime, Sequence[float | None]]]


def rates(taken: Sequence[Shown], now_counted: Shown, now: datetime) -> dict[str, float | None]:
    """Return what is counted, per second, since the newest sample that is old enough to tell."""
    for sample in reversed(taken):
        elapsed_s = (now - sample["minute"]).total_seconds()
        if elapsed_s >= RATE_S_MIN:
            return {name: _rate(sample, now_counted, name, elapsed_s) for name in COUNTED}
    return dict.fromkeys(COUNTED)


def _rate(earlier: Shown, later: Shown, name: str, elapsed_s: float) -> float | None:
    counted = later[name] - earlier[name]
    return None if counted < 0 else counted / elapsed_s


def plots(taken: Sequence[Shown], now: datetime) -> list[Figure]:
    """Return the plots of the last hour; a minute without a sample is a gap."""
    minutes = _minutes(now)
    by_minute = {each["minute"].astimezone(UTC): each for each in taken}
    kept = [by_minute.get(minute) for minute in minutes]
    counted = [Line(name, [None, *_steps(kept, name)]) for name in COUNTED]
    delays = [Line("p99", _column(kept, "p99_ms")), Line("p50", _column(kept, "p50_ms"))]
    oldest = Line("oldest", [_oldest_s(sample) for sample in kept])
    letters = Line("open", _column(kept, "open_letters"))
    return [
        _figure("rates", "Events", "/s", counted, minutes),
        _figure("delays", "Accepted to applied", "ms", delays, minutes),
        _figure("oldest", "Oldest unfinished work", "s", [oldest], minutes),
        _figure("letters", "Open dead letters", "", [letters], minutes),
    ]


def _minutes(now: datetime) -> list[datetime]:
    last = now.astimezone(UTC).replace(second=0, microsecond=0)
    return [last - timedelta(minutes=back) for back in reversed(range(MINUTES))]


def _column(kept: Sequence[Shown | None], name: str) -> list[float | None]:
    return [None if sample is None else sample[name] for sample in kept]


def _oldest_s(sample: Shown | None) -> float | None:
    """Return the age of the oldest work: 0 where none was unfinished."""
    return None if sample is None else sample["oldest_s"] or 0.0


def _steps(kept: Sequence[Shown | None], name: str) -> list[float | None]:
    """Return what was counted in each minute, per second; None where a count is missing."""
    return [
        None if a is None or b is None else _rate(a, b, name, SAMPLE_S) for a, b in pairwise(kept)
    ]


def _figure(
    name: str, title: str, unit: str, lines: Sequence[Line], minutes: Sequence[datetime]
) -> Figure:
    ticks = [
        (place, f"{at:%H:%M}") for place, at in enumerate(minutes) if not at.minute % TICK_MINUTES
    ]
    places = range(len(minutes))
    rows = [(minutes[place], [line.values[place] for line in lines]) for place in places]
    heard = [row for row in rows if any(value is not None for value in row[1])]
    return Figure(Plot(name, title, unit, _summary(lines, unit), lines, ticks), heard)


def _summary(lines: Sequence[Line], unit: str) -> str:
    """Return in words what the lines say: the last value of each, and its largest."""
    said = []
    for line in lines:
        known = [value for value in line.values if value is not None]
        if known:
            said.append(f"{line.name}: {known[-1]:.3g} {unit} now, {max(known):.3g} at most")
    return f"The last hour. {'; '.join(said) or 'Nothing was sampled'}."
