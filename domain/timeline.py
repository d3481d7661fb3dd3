"""The timeline of a payment: all that happened about it, in order, in words for a support person.

Pure: from the rows that `domain.sql_timeline` finds to entries whose sentences `domain.retelling`
makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.retelling import WORDS, actor
from domain.retelling_people import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.retelling import Kind, Told

ENTRIES_MAX = 500
"""Entries of one timeline; of a longer one the newest."""

ROWS_MAX = ENTRIES_MAX + 1
"""Rows of each kind to ask for: one more than is shown, so that a cut is noticed."""


class Row(NamedTuple):
    """One thing that happened, as it is stored. `place` orders rows of one part."""

    part: str
    at: datetime
    event_id: int | None
    place: int
    told: Told


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, in words.

    `rule` is what moved the payment or kept it where it was, where there is one; `replay_id` the
    replay that it is about or part of.
    """

    at: datetime
    kind: Kind
    summary: str
    rule: str | None = None
    event_id: int | None = None
    actor: str | None = None
    replay_id: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries from the first to the last. `is_cut`: there were older ones."""

    entries: tuple[Entry, ...]
    is_cut: bool


ALL_WORDS = {**WORDS, **PEOPLE}
"""For each part of the rows: what it is about, its words and its rule."""


def tell(rows: Sequence[Row]) -> Timeline:
    """Return the timeline: what follows from something stands after it."""
    ordered = _in_order(rows)
    is_cut = len(ordered) > ENTRIES_MAX
    return Timeline(tuple(_entry(row) for row in ordered[-ENTRIES_MAX:]), is_cut)


_RANKS = {
    part: rank
    for rank, part in enumerate(
        (
            *("announced", "refund_asked", "approval_asked", "approval_decided", "event", "edit"),
            *("variant", "letter_replayed", "event_replayed", "call", "correction"),
            *("transition", "refund_settled", "movement", "attempt"),
        )
    )
}
"""What comes first of what one transaction wrote at one moment; letters come last."""


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """Sort by time, where nothing comes before its event and no step before the one before it.

    The clock of the database may have been set back in between; causes come first nevertheless.
    """
    told_at = {row.event_id: row.at for row in rows if row.part == "event"}
    keyed = []
    last_step_at = None
    for row in sorted(rows, key=lambda row: (row.part == "transition", row.place)):
        at = max(row.at, told_at.get(row.event_id, row.at))
        if row.part == "transition":
            at = last_step_at = max(at, last_step_at or at)
        keyed.append((at, _RANKS.get(row.part, len(_RANKS)), row.place, row))
    return [row for *_, row in sorted(keyed, key=lambda key: key[:3])]


def _entry(row: Row) -> Entry:
    kind, words, rule = ALL_WORDS[row.part]
    said = rule(row.told) if rule else None
    who, replay_id = actor(row.told), row.told.get("replay_id")
    return Entry(row.at, kind, words(row.told), said, row.event_id, who, replay_id)
