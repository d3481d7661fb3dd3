"""The processes: all run, nothing grew, no secret leaked, and everything settled in time."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.chaos.proof.evidence import Evidence

SECRET_LENGTH_MIN = 8
"""Shorter ones would be found by chance."""

READ_BYTES = 1 << 20
LINE_SHOWN_CHARACTERS = 160
POSTGRES_LOG = "postgres.log"

RESCUES = {
    "UniqueViolation": re.compile(rb"duplicate key value violates unique constraint"),
    "CheckViolation": re.compile(rb"violates check constraint|a refund of \d+ exceeds"),
    "ForeignKeyViolation": re.compile(rb"violates foreign key constraint|which does not exist"),
    "IntegrityConstraintViolation": re.compile(
        rb"without the steps that lead there|does not sum to zero|must begin as pending"
        rb"|would be kept without its answer"
    ),
    "RestrictViolation": re.compile(rb"is append-only|is settled, or what|has ended, or what"),
    "SerializationFailure": re.compile(rb"could not serialize access"),
    "DeadlockDetected": re.compile(rb"deadlock detected"),
}
"""What Postgres writes when one of its rules had to stop us: how a missing lock shows."""

_NAMED = re.compile(rb'constraint "(\w+)"')
_AN_ERROR = re.compile(rb"(ERROR|FATAL|PANIC):  ")

DECIDED_BY_THE_DATABASE = re.compile(
    rb"a refund of \d+ exceeds"
    rb'|constraint "(idempotency_keys_pkey|inbound_dedup_pkey|payment_logs_reference_once'
    rb'|payment_logs_idempotency_key_once|sms_transactions_reference_once)"'
)
"""Where a constraint is the decision, by design, and no rescue: the API writes what it is asked for
in one trip, and goes the careful way where somebody has asked for the same at the same moment.
Webhooks never run into one: what is known already conflicts, and nothing is done."""


def no_secret_leaks(evidence: Evidence) -> Invariant:
    """No log of any process has a secret in it, nor an API key."""
    seen = evidence.seen
    logs = _logs(seen.logs)
    known = {name: text.encode() for name, text in seen.secrets.items()}
    long = {name: text for name, text in known.items() if len(text) >= SECRET_LENGTH_MIN}
    problems = [
        f"{log.name} has {name} in it"
        for log in logs
        for name in (_found_in(log, long) if long else ())
    ]
    checked = len(logs) * len(long)
    return invariant("no secret is in any log", checked, problems)


def _logs(folder: Path | None) -> list[Path]:
    return sorted(folder.rglob("*.log*")) if folder is not None else []


def _found_in(log: Path, secrets: dict[str, bytes]) -> list[str]:
    """Read piece by piece, each with the end of the one before it."""
    overlap = max(map(len, secrets.values()))
    found: set[str] = set()
    end = b""
    with log.open("rb") as file:
        while piece := file.read(READ_BYTES):
            text = end + piece
            found.update(name for name, secret in secrets.items() if secret in text)
            end = text[-overlap:]
    return sorted(found)


def rescues(log: Path) -> dict[str, int]:
    """Count, by rule, how often Postgres stopped a statement that should not have come."""
    counts: Counter[str] = Counter()
    for line in _errors(log):
        if not DECIDED_BY_THE_DATABASE.search(line):
            counts.update(_rules(line))
    return dict(counts.most_common())


def _rules(line: bytes) -> Iterator[str]:
    """Name the rule that a line of the log is about: its kind, and its own name if it has one."""
    named = _NAMED.search(line)
    for kind, words in RESCUES.items():
        if found := words.search(line):
            yield f"{kind} by {(named[1] if named else found[0]).decode()}"


def _errors(log: Path) -> Iterator[bytes]:
    if not log.exists():
        return
    with log.open("rb") as file:
        yield from (line for line in file if _AN_ERROR.search(line))


def no_constraint_came_to_the_rescue(evidence: Evidence) -> Invariant:
    """Where nothing struck, no rule of the database had to stop what our locks should have."""
    log = None if evidence.seen.logs is None else evidence.seen.logs / POSTGRES_LOG
    is_there = log is not None and log.exists()
    problems = [] if log is None else _rescued(log)
    name = "without faults, no constraint came to the rescue"
    return invariant(name, len(RESCUES) if is_there else 0, problems)


def _rescued(log: Path) -> list[str]:
    problems = [f"{count} times {name}" for name, count in rescues(log).items()]
    if problems:
        lines = (line for line in _errors(log) if not DECIDED_BY_THE_DATABASE.search(line))
        matching = (line for line in lines if any(w.search(line) for w in RESCUES.values()))
        shown = next(matching, b"")
        problems.append(shown.decode(errors="replace").strip()[:LINE_SHOWN_CHARACTERS])
    return problems


def everything_stays_bounded(evidence: Evidence) -> Invariant:
    """Memory, open files, threads and connections of every process; tables that are trimmed."""
    bounds = evidence.seen.bounds
    name = "memory, files, threads, connections and tables stay bounded"
    return invariant(name, bounds.checked, bounds.problems)


def every_process_runs(evidence: Evidence) -> Invariant:
    """At the end, whatever was killed, and none needed a hand."""
    processes = evidence.seen.processes
    return invariant("every process runs at the end", processes.checked, processes.problems)


def everything_settled(evidence: Evidence) -> Invariant:
    """Within the bound after the last fault was taken away."""
    settled = evidence.seen.settled
    name = "everything is settled in time after the faults end"
    return invariant(name, settled.checked, settled.problems)


def duties_are_done(evidence: Evidence) -> Invariant:
    """Processes that are asked to stop do so in time, poison is buried, a migration comes to its
    end, slow clients are thrown out, and the console never fails of itself.
    """
    duties = evidence.seen.duties
    name = "what is owed while faults strike is done: stops, burials, migrations, pages"
    return invariant(name, duties.checked, duties.problems)


CHECKS = (
    no_secret_leaks,
    everything_stays_bounded,
    every_process_runs,
    everything_settled,
    duties_are_done,
)
CHECKS_WITHOUT_FAULTS = (no_constraint_came_to_the_rescue,)
