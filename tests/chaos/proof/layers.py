"""The layers: where one saves another, its work shows that something else is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingress.statements import FIRST_RING_GRACE_S
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

RUNG_AGAIN_SHARE_MAX = 0.05
"""Of the events that were applied at once, how many may have waited for the relay all the same: on
a machine that is busy with all of this, a worker is late now and then."""

_APPLIED = """
    SELECT count(*) AS n, count(*) FILTER (WHERE took_s >= %s) AS late, max(took_s) AS slowest_s
    FROM (SELECT extract(epoch FROM min(t.at) - min(e.received_at)) AS took_s
          FROM payment_transitions t JOIN inbound_events e ON e.id = t.event_id
          WHERE e.source <> 'internal'
            AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.event_id = e.id)
          GROUP BY t.event_id) a
"""
_CLAIMS = "SELECT count(*) AS n, min(claimed_at) AS since FROM claims"


def the_bell_is_enough(evidence: Evidence) -> Invariant:
    """Where nothing struck, events are applied at their own ring: the relay had nothing to do."""
    (row,) = evidence.rows(_APPLIED, FIRST_RING_GRACE_S)
    problems = []
    if row["late"] > RUNG_AGAIN_SHARE_MAX * row["n"]:
        slowest_s = float(row["slowest_s"])
        problems.append(
            f"{row['late']} of {row['n']} were applied {FIRST_RING_GRACE_S} s or more after they "
            f"came, the slowest after {slowest_s:.1f} s: they were rung for again"
        )
    name = "without faults, an event is applied before anybody rings again"
    return invariant(name, row["n"], problems)


def nothing_stays_in_hand(evidence: Evidence) -> Invariant:
    """Who dies with events in hand is noticed: at rest nobody has any."""
    (row,) = evidence.rows(_CLAIMS)
    problems = [f"{row['n']} claims are left, the oldest since {row['since']}"] if row["n"] else []
    checked = evidence.count("SELECT count(*) FROM inbound_events")
    return invariant("no claim of a worker is left behind", checked, problems)


def limits_hold_over_all_processes(evidence: Evidence) -> Invariant:
    """Whoever asks too often is let in as often as he may, by all doors together."""
    hasty = evidence.heard.hasty
    name = "without faults, no client is let in beyond its limit"
    return invariant(name, hasty.checked, hasty.problems)


CHECKS = (nothing_stays_in_hand,)
CHECKS_WITHOUT_FAULTS = (the_bell_is_enough, limits_hold_over_all_processes)
