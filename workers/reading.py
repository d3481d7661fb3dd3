"""Read inbound events: from stored bytes to what they say, with one refusal for one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import Mode, ProviderEvent
from domain.errors import PayloadInvalid, Permanent
from domain.judgement import Heard
from domain.providers import PROVIDERS
from workers.store import modes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Transaction
    from workers.store.inbox import Work


def read(tx: Transaction, work: Sequence[Work]) -> list[Heard]:
    """Return what the events say. A body that cannot be read is a refusal, never an exception."""
    said = [_say(item) for item in work]
    pinned: dict[tuple[str, str], Mode] = {}
    return [_heard(tx, item, words, pinned) for item, words in zip(work, said, strict=True)]


def _say(work: Work) -> ProviderEvent | Permanent:
    provider = PROVIDERS.get(work.source)
    if provider is None:
        return PayloadInvalid(f"no adapter is called {work.source}")
    try:
        return provider.parse(work.body, work.event_key)
    except Permanent as refusal:
        return refusal


def _heard(
    tx: Transaction,
    work: Work,
    said: ProviderEvent | Permanent,
    pinned: dict[tuple[str, str], Mode],
) -> Heard:
    mode = Mode(work.mode) if work.mode else pinned.get((work.source, work.account))
    if mode is None and isinstance(said, ProviderEvent) and said.mode is not None:
        mode = Mode(
            modes.pin(tx, work.source, work.account, mode=said.mode, event_id=work.event_id)
        )
        pinned[work.source, work.account] = mode
    return Heard(
        event_id=work.event_id,
        source=work.source,
        account=work.account,
        mode=mode,
        replayed=work.replay_id is not None,
        said=said,
    )
