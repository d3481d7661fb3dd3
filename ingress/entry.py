"""Entries: what one request brings to be kept, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio

    from domain.delivery import KeyedEvent, Mode


@dataclass(slots=True, eq=False)
class Entry:
    """One event on its way into the inbox.

    `event_id` is 0 until it is kept; then it names the event that holds these bytes, ours when
    `fresh`, else the one that came first. `in_doubt` is set when an earlier try may have
    committed without our hearing of it.
    """

    source: str
    account: str
    key: str
    reference: str | None
    mode: str | None
    body: bytes
    sha256: bytes
    headers: bytes
    key_id: str
    request_id: str
    traceparent: str | None
    event_id: int = 0
    fresh: bool = False
    in_doubt: bool = False

    @property
    def identity(self) -> tuple[str, str, str]:
        """Return what it is de-duplicated and sorted by."""
        return (self.source, self.account, self.key)

    def kept(self, event_id: int, *, fresh: bool) -> None:
        """Settle it."""
        self.event_id = event_id
        self.fresh = fresh


class Kept(NamedTuple):
    """The answer to one request: committed now (`fresh`), or known before."""

    event_id: int
    fresh: bool


@dataclass(slots=True, eq=False)
class Group:
    """The events of one request: all of them are kept, or none."""

    entries: tuple[Entry, ...]
    answered: asyncio.Future[Kept]
    overdue_at_s: float
    overdue: bool = False
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        """Count what it holds in memory."""
        self.size_bytes = sum(len(entry.body) for entry in self.entries)

    def settle(self) -> None:
        """Answer, if every entry is settled and nobody has given up waiting."""
        if self.answered.done():
            return
        shown = self.entries[0]
        for entry in self.entries:
            if not entry.event_id:
                return
            if entry.fresh and not shown.fresh:
                shown = entry
        self.answered.set_result(Kept(shown.event_id, shown.fresh))

    def fail(self, error: Exception) -> None:
        """Answer with the error, if nothing was answered yet."""
        if not self.answered.done():
            self.answered.set_exception(error)

    def doubt(self) -> None:
        """Note that what is not settled may have been committed all the same."""
        for entry in self.entries:
            entry.in_doubt = True


class Arrival(NamedTuple):
    """What all events of one request have in common."""

    source: str
    account: str
    mode: Mode | None
    body: bytes
    headers: bytes
    key_id: str
    request_id: str
    traceparent: str | None


def entries(arrival: Arrival, events: tuple[KeyedEvent, ...]) -> tuple[Entry, ...]:
    """Return one entry an event."""
    return tuple(_entry(arrival, event) for event in events)


def _entry(arrival: Arrival, event: KeyedEvent) -> Entry:
    body = arrival.body if event.body is None else event.body
    return Entry(
        source=arrival.source,
        account=arrival.account,
        key=event.key,
        reference=event.reference,
        mode=arrival.mode,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        headers=arrival.headers,
        key_id=arrival.key_id,
        request_id=arrival.request_id,
        traceparent=arrival.traceparent,
    )
