"""`payratchet reconcile`: hold a provider's list against payments and books, both ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from workers import reconcile as reconciling
from workers.operations import acting
from workers.operations.following import Seen, follow, left_going, ring
from workers.operations.options import database, json_option, limit_option, reason_option
from workers.operations.output import REFUSED, Failed, as_json, as_lines, as_table
from workers.operations.words import Moment
from workers.store import reconciliation_views as views
from workers.store.reconciliations import Asked

FOLLOW_S_MAX = 86_400.0
"""Longest that a command follows a run; the run itself goes on."""

RUN_FIELDS = (
    *("run_id", "provider", "account", "status", "problem", "since", "until", "covered_through"),
    *("examined", "missing_here", "missing_there", "mismatched", "mended", "open"),
)
RUNS_COLUMNS = ("run_id", "provider", "account", "status", "until", "examined", "differ", "open")
DIFFERENCE_COLUMNS = ("object_id", "reference", "verdict", "there", "here", "mended", "note")
SUM_COLUMNS = (
    *("currency", "missing_here_minor", "missing_there_minor", "mismatched_minor"),
    *("mended_minor", "open_minor"),
)


@click.group()
def reconcile() -> None:
    """Hold a provider's list of transactions against payments and books."""


@reconcile.command("run")
@click.option("--provider", type=click.Choice(reconciling.PROVIDERS), required=True)
@click.option("--account", default="default", show_default=True)
@click.option("--since", type=Moment(), required=True, help="Made since then, e.g. 2026-11-01.")
@click.option("--until", type=Moment(), help="Made until then; without it, until now.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it to its end.")
@reason_option
@json_option
def run(
    *,
    provider: str,
    account: str,
    since: datetime,
    until: datetime | None,
    wait: bool,
    reason: str,
    json_: bool,
) -> None:
    """Compare, have what is missing here asked about, and list what differs.

    A worker does it; the run goes on when this command is stopped. Exit code 0: the run is done,
    whatever it found; `open` says how many differences nobody has mended. 1: it has failed.
    """
    until = until or datetime.now(UTC)
    if since >= until:
        raise Failed("validation_failed", "--since must be before --until, and not in the future")
    store, who = database(), acting.operator()
    asked = Asked(provider, account, since, until, who.actor, reason)
    with store.transaction() as tx:
        run_id, event_id = reconciling.begin(tx, asked)
    ring(event_id)
    if wait:
        _follow(run_id, event_id, quiet=json_)
    if _report(run_id, json_=json_)["status"] == "failed":
        click.get_current_context().exit(REFUSED)


@reconcile.command("status")
@click.option("--provider", type=click.Choice(reconciling.PROVIDERS))
@limit_option
@json_option
def status(*, provider: str | None, limit: int, json_: bool) -> None:
    """List runs, newest first: how far they came, and what they found."""
    with database().transaction() as tx:
        runs = views.runs(tx, provider=provider, limit=limit)
        covered = views.covered(tx, provider=provider)
    if json_:
        as_json({"accounts": covered, "items": runs})
        return
    if covered:
        as_table(covered, ("provider", "account", "covered_through", "heartbeat_at"), "")
        click.echo("")
    kinds = ("missing_here", "missing_there", "mismatched")
    rows = [{**each, "differ": sum(each[kind] for kind in kinds)} for each in runs]
    as_table(rows, RUNS_COLUMNS, "Nothing was reconciled. `payratchet reconcile run` does it.")


@reconcile.command("show")
@click.argument("run_id", type=int)
@json_option
def show(run_id: int, *, json_: bool) -> None:
    """Show one run and what differs."""
    _report(run_id, json_=json_)


def _follow(run_id: int, event_id: int, *, quiet: bool) -> None:
    store = database()

    def look() -> Seen:
        with store.transaction() as tx:
            seen = views.progress(tx, run_id, event_id)
        words = f"{seen['status']}: {seen['examined']} examined, {seen['different']} differ"
        if seen["attempts"]:
            words = f"{words}; the provider does not answer, tried {seen['attempts']} times"
        return Seen(words, taken_up=seen["taken_up"], ended=seen["ended"])

    try:
        follow(look, quiet=quiet, wait_s=FOLLOW_S_MAX)
    except KeyboardInterrupt:
        left_going(f"Run {run_id}")
        raise


def _report(run_id: int, *, json_: bool) -> dict[str, Any]:
    with database().transaction() as tx:
        found = views.run(tx, run_id)
    if found is None:
        raise Failed("reconciliation_unknown", f"there is no run {run_id}")
    if json_:
        as_json(found)
    else:
        _print(found)
    return found


def _print(found: dict[str, Any]) -> None:
    as_lines({name: found[name] for name in RUN_FIELDS})
    click.echo("")
    rows = [
        {
            **difference,
            "there": _money(difference, ""),
            "here": _money(difference, "here_"),
            "mended": "yes" if difference["mended"] else "no",
        }
        for difference in found["differences"]
    ]
    as_table(rows, DIFFERENCE_COLUMNS, "Nothing differs.")
    if found["differences_more"]:
        click.echo(f"… and {found['differences_more']} more.")
    if found["sums"]:
        click.echo("\nmoney in doubt, in minor units")
        sums = [{"currency": name, **kept} for name, kept in found["sums"].items()]
        as_table(sums, SUM_COLUMNS, "")
    click.echo(f"\n{_remains(found)}")


def _remains(found: dict[str, Any]) -> str:
    """Say what is left to a person, and what the run could not see."""
    sentences = [_outcome(found)]
    if found["unasked"] and found["status"] == "finished":
        sentences.append(
            f"{found['unasked']} captures are not in the provider's list and were not asked about:"
            " most likely the list is not whole."
        )
    sentences.append(f"The list says nothing of {' and '.join(found['not_compared'])}.")
    return "\n".join(sentences)


def _outcome(found: dict[str, Any]) -> str:
    if found["status"] == "failed":
        return "The run has failed: its window is not covered."
    if found["status"] != "finished":
        return "The run goes on."
    if not found["open"]:
        return "Nothing is left to do."
    return f"Nobody has mended {found['open']} of the differences: they are for a person."


def _money(difference: dict[str, Any], side: str) -> str:
    """Write one side's money: captured, and what of it was given back."""
    if difference[f"{side}minor" if side else "amount_minor"] is None:
        return "none"
    amount = difference[f"{side}minor" if side else "amount_minor"]
    refunded = difference[f"{side}refunded_minor"]
    back = f" -{refunded}" if refunded else ""
    return f"{amount}{back} {difference['currency']}"
