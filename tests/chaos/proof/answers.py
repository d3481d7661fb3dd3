"""The answers: every refusal is honest, and what nobody authenticated has changed nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

HONEST = frozenset(
    {
        HTTPStatus.OK,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
        # While a secret is changed or a clock is wrong, one that is right is taken for wrong.
        HTTPStatus.UNAUTHORIZED,
        # A sender that is stopped in mid-request is too slow; it comes back.
        HTTPStatus.REQUEST_TIMEOUT,
    }
)
"""What a genuine webhook may be answered while things break."""

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
        if status not in HONEST
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
