"""What was acknowledged: the promise that everything else is measured by.

An event is known by the number that its sender gave it. Nine bytes are kept of each.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = -1
"""In the place of an event's id: nobody has said 200 yet."""

VIOLATIONS_MAX = 100
"""Violations that are kept in words; all of them are counted."""


class Acknowledged(Mapping[int, int]):
    """The id that the service gave each event it acknowledged, by the sender's number.

    `violations` says in words what no receiver may do: another id for the same event, or the same
    event accepted twice. Only the sender's thread adds to it; anybody may read.
    """

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.violation_count = 0
        self.accepted = 0
        self.duplicates = 0
        self._ids = array("q")
        self._was_accepted = bytearray()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, event: int) -> int:
        found = self._ids[event] if 0 <= event < len(self._ids) else UNKNOWN
        if found == UNKNOWN:
            raise KeyError(event)
        return found

    def __iter__(self) -> Iterator[int]:
        return (event for event, event_id in enumerate(self._ids) if event_id != UNKNOWN)

    def event_ids(self) -> array[int]:
        """Return the ids of all acknowledged events, in the order of their numbers."""
        return array("q", (event_id for event_id in self._ids if event_id != UNKNOWN))

    def add(self, event: int, event_id: int, *, is_duplicate: bool) -> None:
        """Note a 200 for an event: accepted by this very delivery, or known before."""
        if event >= len(self._ids):
            more = event + 1 - len(self._ids)
            self._ids.extend([UNKNOWN] * more)
            self._was_accepted.extend(bytes(more))
        known = self._ids[event]
        if known == UNKNOWN:
            self._ids[event] = event_id
            self._count += 1
        elif known != event_id:
            self._violated(f"event {event} was acknowledged as {known} and then as {event_id}")
        if is_duplicate:
            self.duplicates += 1
            return
        self.accepted += 1
        if self._was_accepted[event]:
            self._violated(f"event {event}, known as {known}, was accepted twice")
        self._was_accepted[event] = 1

    def _violated(self, how: str) -> None:
        self.violation_count += 1
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(how)
