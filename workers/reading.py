"""Read inbound events: from stored bytes to what they say, with one refusal for one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import Mode
from domain.errors import Permanent
from domain.judgement import Heard
from workers.store import modes
from workers.translating import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Said
    from workers.database import Transaction
    from workers.store.inbox import Work


def read(tx: Transaction, work: Sequence[Work]) -> list[Heard]:
    """Return what the events say. A body that cannot be read is a refusal, never an exception."""
    said = [say(item) for item in work]
    pinned = _pin(tx, work, said)
    return [_heard(item, words, pinned) for item, words in zip(work, said, strict=True)]


def _pin(
    tx: Transaction, work: Sequence[Work], said: Sequence[Said | Permanent]
) -> dict[tuple[str, str], Mode]:
    """Return the worlds of the accounts that need one, pinned in the order of their names.

    Two batches that pinned the same new accounts in different orders would wait for each other
    in a circle.
    """
    first: dict[tuple[str, str], tuple[Mode, int]] = {}
    for item, words in zip(work, said, strict=True):
        if not item.mode and not isinstance(words, Permanent) and words.mode is not None:
            first.setdefault((item.source, item.account), (words.mode, item.event_id))
    return {
        (source, account): Mode(modes.pin(tx, source, account, mode=mode, event_id=event_id))
        for (source, account), (mode, event_id) in sorted(first.items())
    }


def _heard(work: Work, said: Said | Permanent, pinned: dict[tuple[str, str], Mode]) -> Heard:
    return Heard(
        event_id=work.event_id,
        source=work.source,
        account=work.account,
        mode=Mode(work.mode) if work.mode else pinned.get((work.source, work.account)),
        replayed=work.replay_id is not None,
        said=said,
    )
