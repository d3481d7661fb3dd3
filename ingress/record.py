"""Recording: a batch of requests becomes rows, and every request learns what became of it.

The story of a batch: fold what is there twice, insert in one statement, answer what is new, ask
who came first for the rest, and keep other bytes of a known event beside it, or, when they
say something else about money, as an event of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import structlog

from domain.providers.event_keys import unreadable
from domain.wakeup import Lane
from ingress import claims, statements
from ingress.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.delivery import Provider
    from ingress.doorbell import Doorbell
    from ingress.entry import Entry, Group
    from ingress.statements import First
    from ingress.wire import Wire

ROUNDS_MAX = 3
"""Rounds of one batch: insert; again under another key; once more for a key that vanished."""

BAD_ROW = (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError)
"""What one row can do to a whole statement."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Recorder:
    """Records batches over whatever wire it is given; it has no state of its own."""

    def __init__(self, providers: Mapping[str, Provider], doorbell: Doorbell) -> None:
        self._providers = providers
        self._doorbell = doorbell

    async def record(self, wire: Wire, groups: Sequence[Group]) -> None:
        """Record all groups and settle each of them, answered or failed.

        A row that Postgres refuses is found by halving, so that it never fails its neighbours.
        Raises psycopg.Error when the connection or the server is at fault; then whatever is not
        settled may or may not have been committed, and may be tried again.
        """
        try:
            await self._rounds(wire, groups)
        except BAD_ROW:
            if len(groups) == 1:
                await self._by_hash(wire, groups[0])
                return
            half = len(groups) // 2
            await self.record(wire, groups[:half])
            await self.record(wire, groups[half:])

    async def _by_hash(self, wire: Wire, group: Group) -> None:
        """Record what Postgres refuses under its body's hash, about nobody: never dropped."""
        log.warning("delivery.unstorable", provider=group.entries[0].source)
        for entry in group.entries:
            entry.key = unreadable(entry.body).key
            entry.reference = None
            entry.headers = b"{}"
        try:
            await self._rounds(wire, [group])
        except BAD_ROW as error:
            log.error("store.refuses", error_class=type(error).__name__)  # noqa: TRY400
            fail([group], "the event cannot be stored")

    async def _rounds(self, wire: Wire, groups: Sequence[Group]) -> None:
        waiting = [entry for group in groups for entry in group.entries if not entry.event_id]
        for _ in range(ROUNDS_MAX):
            if not waiting:
                break
            waiting = await self._round(wire, groups, waiting)
        settle(groups)
        fail(groups, "another delivery of the event is in the way")

    async def _round(
        self, wire: Wire, groups: Sequence[Group], waiting: list[Entry]
    ) -> list[Entry]:
        """Insert once; return what must be inserted again under another key."""
        leaders = fold(waiting)
        fresh = await _insert(wire, leaders)
        if len(leaders) < len(waiting):
            _follow(leaders, waiting)
        settle(groups)
        self._doorbell.ring(Lane.EVENTS, fresh)
        if len(fresh) == len(waiting):
            return []
        known = [entry for entry in waiting if not entry.event_id]
        return await self._join_first(wire, known) if known else []

    async def _join_first(self, wire: Wire, known: list[Entry]) -> list[Entry]:
        """Settle deliveries of known events; return those that say something else."""
        rows = await wire.rows(statements.FIRST, statements.first_parameters(known))
        firsts = {first.row: first for first in map(statements.first, rows)}
        variants: list[tuple[int, Entry]] = []
        again: list[Entry] = []
        for number, entry in enumerate(known, start=1):
            first = firsts.get(number)
            if first is None:
                again.append(entry)
            elif first.is_same:
                told_nobody = entry.in_doubt and first.request_id == entry.request_id
                entry.kept(first.event_id, fresh=told_nobody)
                self._ring_again(first)
            elif self._agrees(entry, first.body):
                variants.append((first.event_id, entry))
                self._ring_again(first)
            else:
                again.append(_as_its_own(entry, first.event_id))
        await _keep_variants(wire, variants)
        return again

    def _ring_again(self, first: First) -> None:
        """Ring for an event whose work is still unfinished."""
        if first.lane is not None:
            self._doorbell.ring(first.lane, [first.event_id])

    def _agrees(self, entry: Entry, first_body: bytes | None) -> bool:
        """Say whether the entry claims what the first body claims; in doubt it does not."""
        if first_body is None:
            return False
        provider = self._providers[entry.source]
        return claims.agree(provider, (first_body, entry.body), entry.key)


def fold(entries: Iterable[Entry]) -> dict[tuple[str, str, str], Entry]:
    """Return the first entry of each key, sorted by key."""
    leaders: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        leaders.setdefault(entry.identity, entry)
    return dict(sorted(leaders.items()))


def settle(groups: Iterable[Group]) -> None:
    """Answer every group that can be answered."""
    for group in groups:
        group.settle()


def fail(groups: Iterable[Group], reason: str) -> None:
    """Refuse every group that has no answer."""
    for group in groups:
        if not group.answered.done():
            group.fail(StoreUnavailable(reason))


async def _insert(wire: Wire, leaders: Mapping[tuple[str, str, str], Entry]) -> list[int]:
    """Insert the leaders in one statement; settle and return the ids of those that were new."""
    entries = list(leaders.values())
    rows = await wire.rows(statements.KEEP, statements.keep_parameters(entries))
    fresh = []
    for number, event_id in map(statements.kept, rows):
        entries[number - 1].kept(event_id, fresh=True)
        fresh.append(event_id)
    return fresh


def _follow(leaders: Mapping[tuple[str, str, str], Entry], waiting: Iterable[Entry]) -> None:
    """Settle the copies of leaders that are new: their bytes are kept already."""
    for entry in waiting:
        leader = leaders[entry.identity]
        if leader.event_id and leader.sha256 == entry.sha256 and entry is not leader:
            entry.kept(leader.event_id, fresh=False)


def _as_its_own(entry: Entry, first_id: int) -> Entry:
    """Give bytes that contradict the first delivery a key, and so an event, of their own."""
    log.warning(
        "delivery.contradicts",
        provider=entry.source,
        account=entry.account,
        event_id=first_id,
        request_id=entry.request_id,
    )
    entry.key = f"{entry.key}#{entry.sha256.hex()}"
    return entry


async def _keep_variants(wire: Wire, variants: list[tuple[int, Entry]]) -> None:
    if not variants:
        return
    await wire.rows(statements.KEEP_VARIANTS, statements.variant_parameters(variants))
    for event_id, entry in variants:
        entry.kept(event_id, fresh=False)
