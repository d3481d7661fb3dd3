"""The answers: every refusal is honest, and what nobody authenticated has changed nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.chaos.proof.evidence import Evidence

HONEST = frozenset(
    {
        HTTPStatus.OK,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
"""What a genuine webhook may be answered while things break."""

EXCUSED: Mapping[int, frozenset[str]] = {
    # While a secret is changed or a clock is wrong, one that is right is taken for wrong.
    HTTPStatus.UNAUTHORIZED: frozenset({"secret_rotation", "clock_jump"}),
    # A request that is held up on its way, or whose reader stands still, is too slow.
    HTTPStatus.REQUEST_TIMEOUT: frozenset(
        {"clock_jump", "link_slow", "links_refused", "reply_blackholed", "stop_web"}
    ),
}
"""What it may be answered as well where one of these has struck."""

STALE_BY = "clock_jump"
"""What makes an ingress take a signature for fresh that is an hour old."""

_FORGED = f"""
    SELECT id, source, request_id FROM inbound_events WHERE request_id = ANY(%s) LIMIT {NAMED_MAX}
"""
_STRANGERS = f"""
    SELECT e.id, e.source, e.event_key FROM inbound_events e
    WHERE e.source NOT IN ('internal', 'canary') AND e.key_id = '' LIMIT {NAMED_MAX}
"""


def every_answer_is_honest(evidence: Evidence) -> Invariant:
    """200 for what is kept; 503 and 429 say when to come back; never a 500."""
    heard = evidence.heard
    problems = [
        f"{count} genuine webhooks were answered {status}"
        for status, count in heard.answers.items()
        if status not in HONEST and heard.struck.isdisjoint(EXCUSED.get(status, ()))
    ]
    problems += heard.dishonest
    name = "every webhook is answered honestly, and never with a 500"
    return invariant(name, sum(heard.answers.values()), problems)


def a_fault_free_run_refuses_nothing(evidence: Evidence) -> Invariant:
    """Where nothing struck, everything genuine was kept at once."""
    heard = evidence.heard
    problems = [
        f"{count} genuine webhooks were answered {status}"
        for status, count in heard.answers.items()
        if status != HTTPStatus.OK
    ]
    if heard.unanswered:
        problems.append(f"{heard.unanswered} genuine webhooks got no answer to a try")
    name = "without faults, every genuine webhook is answered 200"
    return invariant(name, sum(heard.answers.values()), problems)


def attackers_changed_nothing(evidence: Evidence) -> Invariant:
    """Every attack was refused, and none left an event."""
    heard = evidence.heard
    problems = list(heard.attacks.problems)
    if heard.stale and STALE_BY not in heard.struck:
        problems.append(f"{heard.stale} signatures of an hour ago were let in, by no wrong clock")
    problems += [
        f"event {row['id']} of {row['source']} was forged"
        for row in evidence.rows(_FORGED, list(heard.forged))
    ]
    problems += [
        f"event {row['id']} of {row['source']} was signed by nobody"
        for row in evidence.rows(_STRANGERS)
    ]
    name = "what nobody authenticated has changed nothing"
    return invariant(name, heard.attacks.checked, problems)


CHECKS = (every_answer_is_honest, attackers_changed_nothing)
CHECKS_WITHOUT_FAULTS = (a_fault_free_run_refuses_nothing,)
