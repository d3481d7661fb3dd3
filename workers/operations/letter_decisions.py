"""`payratchet dead-letters discard|reopen|note|assign`: what people decide and tell each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workers.operations import acting
from workers.operations.letter_options import meant, wanted
from workers.operations.options import confirm, database, json_option, reason_option, yes_option
from workers.operations.output import REFUSED, Failed, as_json, as_lines
from workers.replaying.limits import ITEMS_MAX
from workers.store import letter_acts, letters_shown
from workers.store.letter_filters import ANY_STATUS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workers.database import Transaction

    Act = Callable[[Transaction, Sequence[int]], int]


@click.command("discard")
@meant
@reason_option
@yes_option
@json_option
def discard(letter_ids: Sequence[int], *, reason: str, **given: Any) -> None:
    """Let events go for good: they are kept, but nothing will be done about them."""
    actor = acting.operator().actor
    _do(
        "discarded",
        letter_ids,
        lambda tx, ids: letter_acts.discard(tx, ids, actor=actor, reason=reason),
        **given,
    )


@click.command("reopen")
@meant
@reason_option
@yes_option
@json_option
def reopen(letter_ids: Sequence[int], *, reason: str, **given: Any) -> None:
    """Open letters again that had been discarded."""
    actor = acting.operator().actor
    _do(
        "reopened",
        letter_ids,
        lambda tx, ids: letter_acts.reopen(tx, ids, actor=actor, reason=reason),
        status="discarded",
        **given,
    )


@click.command("note")
@meant
@click.option("--text", required=True, help="What others should know; kept for ever.")
@yes_option
@json_option
def note(letter_ids: Sequence[int], *, text: str, **given: Any) -> None:
    """Write something into the history of letters, open or closed."""
    actor = acting.operator().actor
    _do(
        "noted",
        letter_ids,
        lambda tx, ids: letter_acts.note(tx, ids, "noted", actor=actor, reason=text),
        status=ANY_STATUS if letter_ids else "open",
        **given,
    )


@click.command("assign")
@meant
@click.option("--to", "owner_", help="Whose they are from now on; without it, nobody's.")
@reason_option
@yes_option
@json_option
def assign(letter_ids: Sequence[int], *, owner_: str | None, reason: str, **given: Any) -> None:
    """Say who looks after letters."""
    actor = acting.operator().actor
    _do(
        "assigned",
        letter_ids,
        lambda tx, ids: letter_acts.assign(tx, ids, owner_, actor=actor, reason=reason),
        **given,
    )


def _do(
    done: str,
    letter_ids: Sequence[int],
    act: Act,
    *,
    pairs: Sequence[str],
    all_: bool,
    yes: bool,
    json_: bool,
    status: str = "open",
    **options: Any,
) -> None:
    """Act on the letters that are meant, all in one transaction, or on none."""
    store = database()
    chosen = wanted(letter_ids, pairs, options, all_=all_, status=status)
    with store.transaction() as tx:
        found = letters_shown.ids(tx, chosen, limit=ITEMS_MAX)
    missing = sorted(set(letter_ids) - set(found))
    if missing:
        named = ", ".join(map(str, missing))
        code = "dead_letter_unknown" if status == ANY_STATUS else f"dead_letter_not_{status}"
        raise Failed(code, f"not {status}, or not there: {named}")
    confirm(len(found), f"Dead letters to be {done}:", yes=yes)
    with store.transaction() as tx:
        count = act(tx, found)
    report = {"matched": len(found), done: count}
    as_json(report) if json_ else as_lines(report)
    if count < len(found):
        click.get_current_context().exit(REFUSED)
