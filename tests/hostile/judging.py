"""Judging: what is wrong with the answers to an input. Nothing is a verdict but an empty list."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.hostile.ground import CANARY, PAN, ROOT, SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hostile.inputs import Input
    from tests.hostile.speaking import Answer, Spoken

HONEST = 503
"""The only status of 500 and above that is an answer."""

HEADERS = frozenset(
    {
        *(b"date", b"connection", b"content-type", b"content-length", b"cache-control"),
        *(b"x-request-id", b"retry-after", b"allow", b"www-authenticate", b"location"),
        *(b"ratelimit", b"ratelimit-policy", b"idempotent-replayed"),
    }
)
"""Headers that our answers may have; any other was put there by somebody else."""

PROBLEM = frozenset({"type", "title", "status", "detail", "code", "retryable", "request_id"})

_LEAKS = re.compile(
    rb"Traceback|File \"|psycopg|starlette|uvicorn|\bSELECT\b|\bINSERT\b|\.py\b|"
    + re.escape(str(ROOT).encode())
)
_SECRETS = tuple(each.encode() for each in (*SECRETS, CANARY, PAN))


def faults(given: Input, spoken: Spoken) -> Iterator[str]:
    """Say what is wrong, one sentence each."""
    wanted = given.wants.split()
    got = [str(answer.status) for answer in spoken.answers]
    if len(wanted) != len(got) or not all(
        g in w.split("|") for w, g in zip(wanted, got, strict=True)
    ):
        yield f"answered {' '.join(got) or 'nothing'}, not {given.wants}"
    elif given.code and _code(spoken.answers[-1]) != given.code:
        yield f"refused as {_code(spoken.answers[-1])}, not {given.code}"
    if not spoken.ended:
        yield "the connection did not end"
    for answer in spoken.answers:
        yield from _faults_of(answer)
    yield from (f"a secret is in an answer: {each!r}" for each in shown(spoken.said))
    if leak := _LEAKS.search(spoken.said):
        yield f"an answer tells of our inside: {leak[0]!r}"


def shown(said: bytes) -> list[bytes]:
    """Return the secrets that are in what was said."""
    return [each for each in _SECRETS if each in said]


def lines_faults(log: bytes) -> Iterator[str]:
    """Say what is wrong with the log: one JSON object a line, printable, and without secrets."""
    for line in log.splitlines():
        if any(byte < 0x20 or byte == 0x7F for byte in line):
            yield f"a control sign in the log: {line[:200]!r}"
        try:
            tree = json.loads(line)
        except ValueError:
            yield f"no JSON in the log: {line[:200]!r}"
            continue
        if not isinstance(tree, dict) or not {"event", "level", "timestamp"} <= tree.keys():
            yield f"no line of ours in the log: {line[:200]!r}"
        elif tree["event"] in {"request.failed", "library.error"}:
            yield f"something failed that nobody foresaw: {line[:300]!r}"
    yield from (f"a secret is in the log: {each!r}" for each in shown(log))


def _faults_of(answer: Answer) -> Iterator[str]:
    if answer.status == 0:
        yield f"something was said that is no answer: {answer.head[:80]!r}"
        return
    if answer.status >= 500 and answer.status != HONEST:
        yield f"a {answer.status}"
    if strange := answer.header_names - HEADERS:
        yield f"headers that are not ours: {sorted(strange)}"
    if answer.status >= 400 and answer.body:
        yield from _problem_faults(answer)


def _problem_faults(answer: Answer) -> Iterator[str]:
    if b"content-type: application/problem+json" not in answer.head:
        yield f"a {answer.status} that is no problem document"
        return
    tree = json.loads(answer.body)
    if not tree.keys() >= PROBLEM or tree["status"] != answer.status:
        yield f"a problem document that says less or something else: {tree}"


def _code(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body).get("code", ""))
    except ValueError:
        return ""
