"""Healing: what died for want of a payment is taken up by itself when the payment is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.wakeup import Lane
from workers.store import dead_letters, inbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Transaction


def take_up(
    tx: Transaction, letter_ids: Sequence[int], reason: str = "the payment has become known"
) -> int:
    """Reopen these letters in the transaction that has removed their cause; return how many.

    The relay rings for them within a second.
    """
    if not letter_ids:
        return 0
    replay_id = dead_letters.next_replay_id(tx)
    events = dead_letters.raise_again(
        tx,
        letter_ids,
        actor=dead_letters.SYSTEM,
        reason=reason,
        replay_id=replay_id,
    )
    inbox.reopen(tx, events, lane=Lane.EVENTS, replay_id=replay_id)
    return len(events)
