"""Gathering: the evidence of a run, from everybody who took part in it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

from ingress.refusals import ROWS_BETWEEN_TRIMS, ROWS_MAX, WAITING_MAX
from tests.chaos.errors import NotReady
from tests.chaos.history import FORGERY
from tests.chaos.proof.evidence import (
    Acked,
    Booked,
    Compared,
    Evidence,
    Heard,
    Made,
    Refund,
    Seen,
)
from tests.chaos.proof.services import asked_of, compared
from tests.chaos.traffic.wire import NO_STATUS
from tests.chaos.watching import recovery, sampler
from tests.demo.operator import COMMAND
from tests.local import environments
from tests.local.service import ROOT
from tests.simulator.api.fault import Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from psycopg import Connection

    from tests.chaos.run import Run

AUDIT_S_MAX = 600.0
"""Longest that the audit of a million events may take."""

TABLES_MAX = {
    "refused_requests": ROWS_MAX + 2 * (ROWS_BETWEEN_TRIMS + WAITING_MAX),
    "claims": 100,
    "inbound_work": 2_000,
}
"""Tables that must stay small, and how many rows each may have at the end."""

MADE = ("initialize", "refund")


def gathered(run: Run, connection: Connection, audit: Mapping[str, Any]) -> Evidence:
    """Return all that is known of a run."""
    return Evidence(
        connection=connection,
        acked=(Acked(event, event_id) for event, event_id in run.history.acked.items()),
        booked=_booked(run),
        asked=asked_of(run),
        made=_made(run),
        heard=_heard(run),
        seen=_seen(run, connection),
        audit=audit,
        is_fault_free=run.options.is_fault_free,
    )


def audited(environment: Mapping[str, str]) -> dict[str, Any]:
    """Run `payratchet audit verify` to its end, and return what it said."""
    words = [str(COMMAND), "audit", "verify", "--json"]
    try:
        done = subprocess.run(
            words,
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=AUDIT_S_MAX,
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"error": f"it did not end within {AUDIT_S_MAX:.0f} s"}
    except ValueError:
        return {"error": f"it ended with {done.returncode}: {done.stderr.strip()}"}
    return told


def _booked(run: Run) -> Iterator[Booked]:
    for taken in run.traffic.money():
        yield Booked(
            taken.provider,
            taken.reference,
            taken.currency,
            taken.captured,
            taken.refunded,
            taken.charged_back,
            taken.fees,
            taken.is_announced,
        )


def _made(run: Run) -> Made:
    """Count what calls did at the provider, and list the refunds in its books."""
    effects: dict[tuple[str, str], int] = {}
    for call in run.stage.provider.journal:
        if call.effect and not call.replayed and call.operation in MADE:
            key = (call.operation, call.about)
            effects[key] = effects.get(key, 0) + 1
    refunds = [
        Refund(capture.sale.reference, refund.amount_minor, str(refund.status))
        for capture in run.stage.provider.books.captures
        for refund in capture.refunds
    ]
    return Made(effects, refunds, _doubled(run), _lied(run))


def _doubled(run: Run) -> Counter[str]:
    return Counter(
        call.about
        for call in run.stage.provider.journal
        if call.effect and not call.key and call.operation == "refund"
        if call.fault is not None and Behaviour.DUPLICATE in call.fault
    )


def _lied(run: Run) -> frozenset[str]:
    return frozenset(
        call.about
        for call in run.stage.provider.journal
        if call.fault is not None and Behaviour.WRONG_AMOUNT in call.fault
    )


def _heard(run: Run) -> Heard:
    history, attacks = run.history, run.traffic.attacks
    forgeries = sum(history.outcomes(what=FORGERY).values())
    admitted = [f"{n} times {what}" for what, n in history.forged.items()]
    statuses = history.statuses()
    return Heard(
        answers={n: count for n, count in statuses.items() if n != NO_STATUS},
        unanswered=statuses.get(NO_STATUS, 0),
        dishonest=[f"{n} times {what}" for what, n in history.dishonest.items()],
        contradictions=history.acked.violations,
        forged=run.traffic.forged_ids,
        attacks=Compared(attacks.checked + forgeries, (*attacks.problems, *admitted)),
        hasty=compared(run.traffic.hasty.checked),
        stale=history.stale,
        struck=frozenset(+run.nemesis.faults_done),
    )


def _secrets(run: Run) -> dict[str, str]:
    """Return all that nobody may log: what it began with, was given on its way, and gave out."""
    named = {
        f"{name} ({number})": part
        for name, value in run.stage.environment.items()
        if environments.SECRET.fullmatch(name)
        for number, part in enumerate(value.split(","), start=1)
    }
    return named | run.traffic.secrets


def _seen(run: Run, connection: Connection) -> Seen:
    watcher = run.watcher
    return Seen(
        snapshots=Compared(watcher.snapshots, tuple(watcher.problems)),
        bounds=_bounds(run, connection),
        processes=_processes(run),
        settled=_settled(run),
        duties=_duties(run),
        logs=run.stage.folder / "log",
        secrets=_secrets(run),
    )


def _bounds(run: Run, connection: Connection) -> Compared:
    problems = sampler.excesses(run.sampler.samples)
    connections = max((look.connections for look in run.watcher.looks), default=0)
    if connections > sampler.CONNECTIONS_MAX:
        problems.append(f"{connections} connections at Postgres, at most {sampler.CONNECTIONS_MAX}")
    for table, most in TABLES_MAX.items():
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        if row is not None and row[0] > most:
            problems.append(f"{row[0]} rows in {table}, at most {most}")
    return Compared(len(run.sampler.samples), tuple(problems))


def _processes(run: Run) -> Compared:
    processes, problems = run.stage.processes, []
    try:
        processes.wait_ready()
    except NotReady as error:
        problems.append(str(error).partition("\n")[0])
    problems += [f"the lab could not undo {what}" for what in run.unhealed]
    return Compared(len(processes.names), tuple(problems))


def _duties(run: Run) -> Compared:
    """A slow client is judged where nothing strikes: a link that is cut keeps no promise."""
    slow = [run.traffic.slow] if run.options.is_fault_free else []
    all_ = [compared(each) for each in (run.stage.duties, run.traffic.pages, *slow)]
    problems = tuple(problem for each in all_ for problem in each.problems)
    return Compared(sum(each.checked for each in all_), problems)


def _settled(run: Run) -> Compared:
    settled, problems = run.settled, []
    if settled.sent_s is None:
        problems.append("not everything was answered")
    if settled.events_s is None:
        problems.append("not every event has come to its end")
    elif settled.events_s > recovery.SETTLED_S_MAX:
        problems.append(f"every event had come to its end after {settled.events_s:.1f} s only")
    if settled.calls_s is None:
        problems.append("not every call of a provider has come to its end")
    if problems and settled.open:
        problems.append(f"open: {settled.open}")
    return Compared(1, tuple(problems))
