"""Delays of events: until the 200, as the sender saw it, and from there until they were applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.errors import BenchFailed
from tests.bench.load import percentiles
from tests.bench.stage import supply

if TYPE_CHECKING:
    from tests.bench.load.percentiles import Percentiles
    from tests.bench.load.sent import Sent
    from tests.bench.measures.scene import Scene

_APPLIED = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(t.xmin) - pg_xact_commit_timestamp(e.xmin))
           ::float8
    FROM inbound_events e JOIN payment_transitions t ON t.event_id = e.id
    WHERE e.reference BETWEEN %s AND %s
"""


@dataclass(frozen=True, slots=True)
class Delays:
    """`ack` counts from the intended moment of the request, `applied` from commit to commit.

    `others` were answered otherwise than by 2xx, or not at all, and are in neither.
    """

    ack: Percentiles
    applied: Percentiles
    others: int


def of(on: Scene, numbers: range, sent: Sent, tag: str) -> Delays:
    """Return the delays of the events that pay these payments. All must have been applied."""
    heard = sent.of(tag)
    return Delays(heard.latency, applied(on, numbers), heard.others)


def applied(on: Scene, numbers: range) -> Percentiles:
    """Return the time from the commit of each event to the commit of its effect.

    The store notes the moment of each commit, so that nobody has to ask while it happens.
    Raises BenchFailed when there is no such note, or no effect.
    """
    ends = (supply.reference(numbers[0]), supply.reference(numbers[-1]))
    found = [row[0] for row in on.connection.execute(_APPLIED, ends)]
    if not found:
        raise BenchFailed("No effect of these payments is there.")
    if None in found:
        raise BenchFailed("The moments of commits are not known; track_commit_timestamp is needed.")
    return percentiles.of_seconds(found)
