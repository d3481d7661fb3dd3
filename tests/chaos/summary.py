"""The summary: a run that is over is proven, measured, drawn and counted."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg

from tests.chaos import figures, keeping, plot
from tests.chaos.history import FORGERY, HOSTILE, WEBHOOK, Outcome
from tests.chaos.plot import Mark, Story
from tests.chaos.proof import events, history, prove
from tests.chaos.proof.gathering import audited, gathered
from tests.chaos.report import Result

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence
    from tests.chaos.run import Run


def summed_up(run: Run, *, began_s: float) -> Result:
    """Return what the run came to, with its plot saved; `began_s` is when it began (monotonic)."""
    proving_s = time.monotonic()
    with psycopg.connect(run.stage.database_url) as connection:
        # At first beside each other: both read the whole database, each on a core of its own.
        with ThreadPoolExecutor(1) as beside:
            audit = beside.submit(audited, run.stage.environment)
            evidence = gathered(run, connection, {})
            evidence.lay_out()
            evidence.audit = audit.result()
        invariants = prove(evidence)
        counts = _counts(run, evidence)
    measured = figures.measured(run)
    now_s = time.monotonic()
    result = Result(
        options=run.options,
        counts=counts,
        faults=dict(run.nemesis.faults_done),
        left_out=run.nemesis.left_out,
        recovery_s=measured.recovery_s,
        bounds=measured.bounds,
        invariants=invariants,
        phases_s={"load": run.healed_s - run.began_s, "proof": now_s - proving_s},
        elapsed_s=now_s - began_s,
        restarts=run.stage.processes.restarts,
        said=run.history.said(),
    )
    (run.stage.folder / "nemesis.log").write_text("".join(f"{line}\n" for line in run.log))
    keeping.keep(result, plot.svg(_story(run, result)), run.stage.folder)
    return result


def _counts(run: Run, evidence: Evidence) -> dict[str, int]:
    tried, places = run.history.counts(WEBHOOK), events.places(evidence)
    return {
        "acked": len(run.history.acked),
        "applied": places.get("applied", 0),
        "lost": events.missing(evidence) + places.get("lost", 0),
        "doubled": history.doubled(evidence) + run.history.acked.violation_count,
        "sent": sum(tried.values()),
        "refused": tried[Outcome.REFUSED],
        "unknown": tried[Outcome.UNKNOWN],
        "duplicates": run.history.acked.duplicates,
        "forgeries": sum(run.history.counts(FORGERY).values()),
        "hostile": sum(run.history.counts(HOSTILE).values()),
        "tries": run.history.tries,
    }


def _story(run: Run, result: Result) -> Story:
    lasts_s = run.healed_s - run.began_s + (run.settled.events_s or 0.0)
    struck = sum(run.nemesis.faults_done.values())
    title = (
        f"The fault lab, seed {result.options.seed}: {result.counts['acked']:,} events "
        f"acknowledged, {struck} faults, {result.counts['lost']} lost, "
        f"{result.counts['doubled']} doubled"
    )
    marks = [
        Mark(
            each.strike.kind,
            each.began_monotonic_s - run.began_s,
            (each.ended_monotonic_s or run.healed_s) - run.began_s,
            each.strike.alone,
        )
        for each in run.nemesis.struck
        if not each.missed
    ]
    return Story(title, run.began_s, lasts_s, run.history.per_second(), run.watcher.looks, marks)
