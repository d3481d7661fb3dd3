"""The summary: the one JSON object that scripts read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from tests.demo.proof.api import IS_THE_SHOPS
from tests.demo.proof.inbox import RESTING_PLACES
from tests.demo.proof.invariant import Invariant, invariant
from tests.demo.proof.money import double_credits

if TYPE_CHECKING:
    from tests.demo.performance import Performance
    from tests.demo.proof.evidence import Evidence
    from tests.demo.stage import Stage

_STATES = "SELECT state, count(*) AS n FROM payment_logs GROUP BY state ORDER BY state"
_LEDGER = """
    SELECT currency, count(*) AS entries, sum(amount_minor)::bigint AS sum_minor
    FROM ledger_entries GROUP BY currency ORDER BY currency
"""
_LETTERS = """
    SELECT status, count(*) AS n FROM dead_letters WHERE source <> 'internal' GROUP BY status
"""
_REASONS = """
    SELECT reason, count(*) AS n FROM dead_letters WHERE status = 'open' AND source <> 'internal'
    GROUP BY reason ORDER BY n DESC, reason
"""
_RETRIED = """
    SELECT error_class, count(*) AS n FROM attempts WHERE outcome = 'retry'
    GROUP BY error_class ORDER BY n DESC, error_class
"""
_ASKED = "SELECT count(*) AS commands FROM inbound_events WHERE source = 'internal'"
_CALLS = """
    SELECT kind || ' ' || coalesce(outcome, 'live') AS what, count(*) AS n
    FROM provider_calls GROUP BY 1 ORDER BY 1
"""
_STATES_OF_THE_SHOP = f"""
    SELECT state, count(*) AS n FROM payment_logs WHERE {IS_THE_SHOPS} GROUP BY 1 ORDER BY 1
"""
_CUSTOMERS = "SELECT count(DISTINCT customer_id) AS n FROM payment_logs"


def of(done: Performance, stage: Stage, *, elapsed_s: float) -> dict[str, Any]:
    """Count what happened, from the answers on one side and the database on the other."""
    with psycopg.connect(stage.database_url, row_factory=dict_row) as connection:
        evidence = done.evidence(connection)
        summary = _deliveries(evidence) | _events(evidence) | _stores(evidence)
        summary["api"] = _api(done, evidence)
        summary["double_credits"] = len(double_credits(evidence))
    summary["replayed"] = sum(told["succeeded"] for told in done.repaired.replays)
    summary["healed"] = done.repaired.healed
    invariants = [*done.invariants, _the_sum_is_right(summary)]
    summary |= {
        "invariants": [each.as_json() for each in invariants],
        "kills": [
            {"what": each.what, "after_answers": each.after_answers, "effect": each.effect}
            for each in done.mishaps
        ],
        "operators_minute": done.minute.as_json() if done.minute else None,
        "restarts": done.restarts,
        "seed": done.morning.seed,
        "provider_books": dict(evidence.books.count()),
        "traffic_s": round(done.traffic_s, 2),
        "quiet_after_s": round(done.quiet_after_s, 2),
        "elapsed_s": round(elapsed_s, 2),
        "urls": {"ingress": stage.service.ingress_url, "console": stage.service.console_url},
    }
    return summary


def _deliveries(evidence: Evidence) -> dict[str, Any]:
    """An answer lost to a kill is repeated: what counts is the event, not who heard of it first."""
    kept, refused = evidence.kept, evidence.refused
    accepted = len(evidence.event_ids)
    return {
        "deliveries": len(evidence.answers),
        "accepted": accepted,
        "duplicates": len(kept) - accepted,
        "refused": len(refused),
        "refused_by_code": dict(Counter(answer.word for answer in refused).most_common()),
        "repeated_without_answer": sum(answer.tries - 1 for answer in evidence.answers),
    }


def _events(evidence: Evidence) -> dict[str, Any]:
    places = Counter(row["place"] for row in evidence.rows(RESTING_PLACES))
    letters = {row["status"]: row["n"] for row in evidence.rows(_LETTERS)}
    return {
        "applied": places["applied"],
        "ignored": places["ignored"],
        "open_dead_letters": places["open"],
        "discarded": places["discarded"],
        "dead_lettered": sum(letters.values()),
        "resolved": letters.get("resolved", 0),
        "retried": {row["error_class"]: row["n"] for row in evidence.rows(_RETRIED)},
        "open_by_reason": {row["reason"]: row["n"] for row in evidence.rows(_REASONS)},
    }


def _stores(evidence: Evidence) -> dict[str, Any]:
    return {
        "payments": {row["state"]: row["n"] for row in evidence.rows(_STATES)},
        "customers": evidence.rows(_CUSTOMERS)[0]["n"],
        "ledger": {
            row["currency"]: {"entries": row["entries"], "sum_minor": row["sum_minor"]}
            for row in evidence.rows(_LEDGER)
        },
    }


def _api(done: Performance, evidence: Evidence) -> dict[str, Any]:
    """Count what the shop asked, what became of it, and what the provider was asked for it."""
    shop, (asked,) = done.shop, evidence.rows(_ASKED)
    calls = {row["what"]: row["n"] for row in evidence.rows(_CALLS)}
    return {
        "payments": len(shop.payments),
        "requests": len(shop.posts),
        "replayed_answers": shop.replayed,
        "without_answer": shop.tries["without an answer"],
        "given_up": len(shop.given_up),
        "commands": asked["commands"],
        "provider_calls": sum(calls.values()),
        "provider_calls_by_outcome": calls,
        "provider_requests": len(done.calls),
        "dropped_answers": sum(call.fault is not None for call in done.calls),
        "webhooks_lost": done.webhooks_lost,
        "refunds": len(shop.refunds),
        "debits": len(shop.debits),
        "reversals": len(shop.reversed),
        "states": {row["state"]: row["n"] for row in evidence.rows(_STATES_OF_THE_SHOP)},
        "reconciled": done.repaired.reconciled,
    }


def _the_sum_is_right(summary: dict[str, Any]) -> Invariant:
    """The two equations of this summary: of deliveries, and of events."""
    answered = summary["accepted"] + summary["duplicates"] + summary["refused"]
    resting = sum(
        summary[place] for place in ("applied", "ignored", "open_dead_letters", "discarded")
    )
    problems = []
    if summary["deliveries"] != answered:
        problems.append(f"{summary['deliveries']} deliveries, {answered} answers")
    if summary["accepted"] != resting:
        problems.append(f"{summary['accepted']} accepted, {resting} at rest")
    return invariant("deliveries and events add up", summary["deliveries"], problems)
