"""What became of every delivery and of every event."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.demo.proof.evidence import Evidence

RESTING_PLACES = """
    WITH events AS (
        SELECT id,
            EXISTS (SELECT FROM inbound_work w WHERE w.event_id = e.id) AS unfinished,
            (SELECT status FROM dead_letters d WHERE d.event_id = e.id) AS letter,
            (SELECT outcome FROM attempts a WHERE a.event_id = e.id
             AND outcome IN ('no_change', 'ignored', 'applied') ORDER BY a.id DESC LIMIT 1)
                AS outcome,
            EXISTS (SELECT FROM payment_transitions t WHERE t.event_id = e.id) AS moved
        FROM inbound_events e WHERE e.source <> 'internal'
    )
    SELECT id, CASE
        WHEN unfinished THEN 'unfinished'
        WHEN letter IN ('open', 'replaying') THEN 'open'
        WHEN letter = 'discarded' THEN 'discarded'
        WHEN outcome = 'ignored' THEN 'ignored'
        WHEN moved OR outcome IN ('no_change', 'applied') THEN 'applied'
        ELSE 'lost' END AS place,
        (moved OR coalesce(outcome IN ('no_change', 'applied'), false))
            AND coalesce(outcome = 'ignored', false) AS in_two_places
    FROM events
"""
"""Where each delivered event has come to rest: one place each, or it is unfinished or lost.

Commands are not delivered: they have an invariant of their own.
"""

_DELIVERED = "SELECT id FROM inbound_events WHERE source <> 'internal'"


def every_kept_event_is_there(evidence: Evidence) -> Invariant:
    """A 200 means committed, and nothing else is in the inbox."""
    told = evidence.event_ids
    there = {row["id"] for row in evidence.rows(_DELIVERED)}
    problems = [f"event {n} was acknowledged and is not there" for n in told - there]
    problems += [f"event {n} is there and was never acknowledged" for n in there - told]
    return invariant("an event is kept if and only if it was answered 200", len(told), problems)


def every_event_rests_in_one_place(evidence: Evidence) -> Invariant:
    """Applied, ignored, an open dead letter, or discarded."""
    rows = evidence.rows(RESTING_PLACES)
    problems = [
        f"event {row['id']} is {row['place']}"
        for row in rows
        if row["place"] in ("unfinished", "lost") or row["in_two_places"]
    ]
    return invariant("every event rests in exactly one place", len(rows), problems)


def repeats_are_one_event(evidence: Evidence) -> Invariant:
    """However often a notice was delivered, it is one event, and was accepted at most once."""
    ids: dict[tuple[str, bytes], set[int | None]] = defaultdict(set)
    accepted: dict[int | None, int] = defaultdict(int)
    for answer in evidence.kept:
        notice = answer.parcel.notice
        ids[notice.provider, notice.body].add(answer.event_id)
        accepted[answer.event_id] += answer.word == "accepted"
    problems = [f"a notice of {p} is the events {found}" for (p, _), found in ids.items()
                if len(found) > 1]  # fmt: skip
    problems += [f"event {n} was accepted {count} times" for n, count in accepted.items()
                 if count > 1]  # fmt: skip
    return invariant("repeated deliveries are one event", len(ids), problems)


def nothing_forged_was_kept(evidence: Evidence) -> Invariant:
    """Every forgery was refused, with the code it deserves, and left no event."""
    kept = {row["request_id"] for row in evidence.rows("SELECT request_id FROM inbound_events")}
    forged = [answer for answer in evidence.answers if answer.parcel.forgery is not None]

    def problems() -> Iterator[str]:
        for answer in forged:
            forgery = answer.parcel.forgery
            if forgery is not None and answer.word != forgery.code:
                yield f"{forgery.name} at {answer.parcel.notice.provider}: {answer.word}"
            if kept & set(answer.request_ids):
                yield f"{answer.parcel.notice.provider}: a forged event is in the inbox"

    return invariant("no forged request left an event", len(forged), problems())


def only_forgeries_were_refused(evidence: Evidence) -> Invariant:
    """What a provider signed is never sent away."""
    genuine = [answer for answer in evidence.answers if answer.parcel.forgery is None]
    problems = [
        f"{answer.parcel.notice.provider} {answer.parcel.notice.type}: {answer.word}"
        for answer in genuine
        if not answer.is_kept
    ]
    return invariant("everything a provider signed was kept", len(genuine), problems)


def every_refusal_is_recorded(evidence: Evidence) -> Invariant:
    """An operator can see each refused request and why."""
    rows = evidence.rows("SELECT request_id, code FROM refused_requests")
    recorded = {row["request_id"]: row["code"] for row in rows}
    problems = [
        f"{answer.word} is recorded as {recorded.get(answer.request_ids[-1])}"
        for answer in evidence.refused
        if recorded.get(answer.request_ids[-1]) != answer.word
    ]
    name = "every refused request is recorded with its reason"
    return invariant(name, len(evidence.refused), problems)


def nothing_is_owed(evidence: Evidence) -> Invariant:
    """No work row, no claim of a worker, no letter in the middle of a replay, no refund waiting."""
    queries = {
        "work": "SELECT count(*) AS n FROM inbound_work",
        "claims": "SELECT count(*) AS n FROM claims",
        "replays": "SELECT count(*) AS n FROM dead_letters WHERE status = 'replaying'",
        "refunds without their capture": "SELECT count(*) AS n FROM waiting_captures",
    }
    counts = {name: evidence.rows(query)[0]["n"] for name, query in queries.items()}
    problems = [f"{count} {name} left" for name, count in counts.items() if count]
    return invariant("nothing is owed any more", len(queries), problems)


CHECKS = (
    every_kept_event_is_there,
    every_event_rests_in_one_place,
    repeats_are_one_event,
    nothing_forged_was_kept,
    only_forgeries_were_refused,
    every_refusal_is_recorded,
    nothing_is_owed,
)
