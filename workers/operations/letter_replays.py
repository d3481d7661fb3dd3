"""`payratchet dead-letters replay`: one, some or a group of letters, rehearsed or in earnest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workers.operations import acting
from workers.operations.approvals import leave_waiting
from workers.operations.following import Seen, follow, left_going
from workers.operations.letter_options import meant, wanted
from workers.operations.letter_rehearsals import show_rehearsal
from workers.operations.options import confirm, database, json_option, reason_option, yes_option
from workers.operations.output import REFUSED, Failed, as_json, as_lines
from workers.replaying import driving
from workers.replaying.errors import NothingMatched
from workers.replaying.freezing import Asked, Frozen, freeze
from workers.replaying.limits import RATE_PER_S, RATE_PER_S_MAX
from workers.replaying.rehearsal import rehearse
from workers.replaying.stepping import Driver
from workers.store import letters_shown, replays, replays_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Database
    from workers.store.letter_filters import Wanted
    from workers.store.replays import Job

FOLLOW_S_MAX = 3_600.0
"""How long a replay that another process drives is followed."""

NOTHING: dict[str, Any] = {
    "replay_id": None,
    "dry_run": False,
    "matched": 0,
    "replayed": 0,
    "succeeded": 0,
    "failed": 0,
    "skipped": 0,
    "aborted": False,
    "ledger_diff": {},
}


@click.command("replay")
@meant
@click.option("--dry-run", is_flag=True, help="Say what it would do; change nothing.")
@click.option(
    "--rate",
    type=click.IntRange(1, RATE_PER_S_MAX),
    default=RATE_PER_S,
    show_default=True,
    help="Letters in a second.",
)
@click.option("--canary", type=click.IntRange(min=0), help="Letters that go first; 1 of a group.")
@click.option(
    "--max-failures", type=click.IntRange(min=0), help="More abort it; a tenth of a group."
)
@click.option("--operation-key", help="The same key is the same replay, however often it is sent.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Do it here, and report.")
@reason_option
@yes_option
@json_option
def replay(  # noqa: PLR0913 - one parameter an option
    letter_ids: Sequence[int],
    *,
    pairs: Sequence[str],
    all_: bool,
    dry_run: bool,
    rate: int,
    canary: int | None,
    max_failures: int | None,
    operation_key: str | None,
    wait: bool,
    reason: str,
    yes: bool,
    json_: bool,
    **options: Any,
) -> None:
    """Give events another try by the usual path: letters by id, or a group by a filter.

    The letters are frozen first; what dies later is not among them. A group sends a canary ahead
    and stops when too many fail. Ctrl-C leaves the rest to the relay. Repeating it is harmless.
    """
    store, who = database(), acting.operator()
    chosen = wanted(letter_ids, pairs, options, all_=all_)
    if chosen.ids is not None:
        canary, max_failures = canary or 0, _most(chosen.ids, max_failures)
    if dry_run:
        tried = rehearse(store, chosen, actor=who.actor, canary=canary, max_failures=max_failures)
        show_rehearsal(tried, json_=json_)
        return
    asked = Asked(
        chosen,
        who.actor,
        reason,
        operation_key,
        rate,
        canary,
        max_failures,
        worker=driving.name() if wait else None,
    )
    report(store, _made(store, asked, yes=yes), asked, json_=json_)


def _most(letter_ids: Sequence[int], max_failures: int | None) -> int:
    """Hold no letter that was named one by one back for what became of others."""
    return len(letter_ids) if max_failures is None else max_failures


def _made(store: Database, asked: Asked, *, yes: bool) -> Frozen | None:
    """Make the replay, once the operator is sure; None when nothing matches."""
    with store.transaction() as tx:
        again = replays.made_by(tx, asked.operation_key) if asked.operation_key else None
        count = 0 if again else letters_shown.count(tx, asked.wanted)
    if asked.wanted.ids is not None and again is None and count < len(asked.wanted.ids):
        _refuse_closed(store, asked.wanted)
    confirm(count, "Replay dead letters:", yes=yes)
    agreed = None if yes or again or asked.wanted.ids is not None else count
    try:
        return freeze(store, asked._replace(matched_max=agreed))
    except NothingMatched:
        return None


def _refuse_closed(store: Database, chosen: Wanted) -> None:
    with store.transaction() as tx:
        is_open = set(letters_shown.open_of(tx, chosen.ids or ()))
    named = ", ".join(str(each) for each in chosen.ids or () if each not in is_open)
    raise Failed("dead_letter_not_open", f"not open, or not there: {named}")


def report(store: Database, made: Frozen | None, asked: Asked, *, json_: bool) -> None:
    """Drive the replay to its end, and print what became of it; leave with 1 unless all is well."""
    if made is None:
        as_json(NOTHING) if json_ else click.echo("Nothing matches: nothing is replayed.")
        return
    if made.approval_id is not None:
        leave_waiting(made.approval_id, {"replay_id": made.replay_id}, json_=json_)
    if made.is_new and asked.worker is not None:
        _drive(store, made.replay_id, asked.worker, quiet=json_)
    with store.transaction() as tx:
        found = replays_shown.brief(tx, made.replay_id)
    shown = {**(found or {}), "dry_run": False}
    as_json(shown) if json_ else as_lines(shown)
    is_under_way = asked.worker is None and shown["status"] == "running"
    if shown["failed"] or (shown["status"] != "done" and not is_under_way):
        click.get_current_context().exit(REFUSED)


def _drive(store: Database, replay_id: int, worker: str, *, quiet: bool) -> None:
    """Drive it here; when another has taken it over, follow it."""
    shown = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    try:
        with shown:
            task = shown.add_task(f"replay {replay_id}", total=None)

            def on_step(job: Job) -> None:
                words = f"replay {replay_id}: {job.failed} failed"
                shown.update(task, description=words, completed=job.ended, total=job.matched)

            job = driving.drive(Driver(store, worker), replay_id, on_step=on_step)
        if job is not None and job.status == "running":
            _follow(store, replay_id, quiet=quiet)
    except KeyboardInterrupt:
        with store.transaction() as tx:
            replays.release(tx, replay_id, worker=worker)
        left_going(f"Replay {replay_id}")
        raise


def _follow(store: Database, replay_id: int, *, quiet: bool) -> None:
    def look() -> Seen:
        with store.transaction() as tx:
            job = replays.look(tx, replay_id)
        assert job is not None  # noqa: S101 - no replay is ever deleted
        words = f"replay {replay_id}: {job.ended} of {job.matched}, {job.failed} failed"
        return Seen(words, taken_up=True, ended=job.status != "running")

    follow(look, quiet=quiet, wait_s=FOLLOW_S_MAX)
