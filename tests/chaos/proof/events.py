"""The events: none that was acknowledged is lost, each has one id and one place to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

_MISSING = """
    SELECT a.event, a.event_id FROM chaos_acked a
    LEFT JOIN inbound_events e ON e.id = a.event_id AND e.source <> 'internal'
    WHERE e.id IS NULL
"""
_SEVERAL_IDS = f"""
    SELECT event, array_agg(DISTINCT event_id) AS ids FROM chaos_acked
    GROUP BY 1 HAVING count(DISTINCT event_id) > 1 LIMIT {NAMED_MAX}
"""
_SHARED_IDS = f"""
    SELECT event_id, array_agg(DISTINCT event) AS events FROM chaos_acked
    GROUP BY 1 HAVING count(DISTINCT event) > 1 LIMIT {NAMED_MAX}
"""
PLACES = """
    WITH outcome AS (
        SELECT DISTINCT ON (event_id) event_id, outcome FROM attempts
        WHERE outcome IN ('no_change', 'ignored') ORDER BY event_id, id DESC
    ), moved AS (
        SELECT DISTINCT event_id FROM payment_transitions WHERE event_id IS NOT NULL
    ), placed AS (
        SELECT e.id, d.reason, CASE
            WHEN w.event_id IS NOT NULL THEN 'unfinished'
            WHEN d.status IN ('open', 'replaying') THEN 'set aside'
            WHEN d.status = 'discarded' THEN 'discarded'
            WHEN o.outcome = 'ignored' AND m.event_id IS NOT NULL THEN 'ignored and applied'
            WHEN o.outcome = 'ignored' THEN 'ignored'
            WHEN m.event_id IS NOT NULL OR o.outcome = 'no_change' THEN 'applied'
            ELSE 'lost' END AS place
        FROM inbound_events e
        LEFT JOIN inbound_work w ON w.event_id = e.id
        LEFT JOIN dead_letters d ON d.event_id = e.id
        LEFT JOIN outcome o ON o.event_id = e.id
        LEFT JOIN moved m ON m.event_id = e.id
        WHERE e.source <> 'internal'
    )
    SELECT place, count(*) AS n, (array_agg(id ORDER BY id))[1:3] AS ids
    FROM placed GROUP BY place ORDER BY place
"""
"""Where each delivered event has come to rest."""

RESTS = frozenset({"applied", "ignored", "set aside", "discarded"})
_LETTERS = "SELECT count(*) FROM dead_letters"
_UNREASONED = f"""
    SELECT d.id FROM dead_letters d
    WHERE d.reason = '' OR d.message = '' OR d.fingerprint = ''
       OR NOT EXISTS (SELECT FROM dead_letter_actions a WHERE a.dead_letter_id = d.id
                      AND a.action IN ('died', 'died_again'))
    LIMIT {NAMED_MAX}
"""
_HALF_REPLAYED = f"""
    SELECT id FROM dead_letters WHERE status = 'replaying' LIMIT {NAMED_MAX}
"""


def no_acked_event_is_lost(evidence: Evidence) -> Invariant:
    """A 200 means committed."""
    problems = [
        f"event {row['event']} was acknowledged as {row['event_id']} and is not there"
        for row in evidence.rows(f"{_MISSING} LIMIT {NAMED_MAX}")
    ]
    checked = evidence.count("SELECT count(*) FROM chaos_acked")
    return invariant("no acknowledged event is lost", checked, problems)


def an_event_has_one_id(evidence: Evidence) -> Invariant:
    """However often it was acknowledged; and no two events share one."""
    problems = [
        f"event {row['event']} was acknowledged as {row['ids']}"
        for row in evidence.rows(_SEVERAL_IDS)
    ]
    problems += [
        f"the events {row['events']} were all acknowledged as {row['event_id']}"
        for row in evidence.rows(_SHARED_IDS)
    ]
    problems += evidence.heard.contradictions
    checked = evidence.count("SELECT count(DISTINCT event) FROM chaos_acked")
    return invariant("an event that is acknowledged twice has one id", checked, problems)


def every_event_comes_to_rest(evidence: Evidence) -> Invariant:
    """Applied, ignored, set aside for a person, or discarded by one: exactly one of them."""
    rows = evidence.rows(PLACES)
    problems = [
        f"{row['n']} events are {row['place']}, such as {row['ids']}"
        for row in rows
        if row["place"] not in RESTS
    ]
    name = "every event comes to rest in one place"
    return invariant(name, sum(row["n"] for row in rows), problems)


def every_dead_letter_says_why(evidence: Evidence) -> Invariant:
    """Its reason, its message, its fingerprint and when it died; none is left in mid-replay."""
    problems = [f"dead letter {row['id']} does not say why" for row in evidence.rows(_UNREASONED)]
    problems += [
        f"dead letter {row['id']} is left in the middle of a replay"
        for row in evidence.rows(_HALF_REPLAYED)
    ]
    return invariant("every dead letter says why it died", evidence.count(_LETTERS), problems)


def missing(evidence: Evidence) -> int:
    """Count acknowledged events that are not there."""
    return evidence.count(f"SELECT count(*) FROM ({_MISSING}) AS missing")


def places(evidence: Evidence) -> dict[str, int]:
    """Count events by where they have come to rest."""
    return {row["place"]: row["n"] for row in evidence.rows(PLACES)}


CHECKS = (
    no_acked_event_is_lost,
    an_event_has_one_id,
    every_event_comes_to_rest,
    every_dead_letter_says_why,
)
