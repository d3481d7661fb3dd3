"""`payratchet dead-letters reveal|export`: what letters say, told to a person or a file."""

from __future__ import annotations

import base64
import csv
import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from domain.masking import masked_differences
from workers.operations import acting
from workers.operations.letter_options import filtered, filters
from workers.operations.options import database, json_option
from workers.operations.output import Failed, as_json, plain, printable
from workers.replaying.limits import ITEMS_MAX
from workers.store import letter_acts, letters_shown
from workers.store.letter_filters import ANY_STATUS, STATUSES, Wanted
from workers.store.letters_shown import EXPORTED_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from workers.database import Database
    from workers.store.letters_shown import Shown

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

CSV_COLUMNS = (
    *("id", "event_id", "provider", "account", "type", "reason", "error_class", "message"),
    *("fingerprint", "reference", "provider_reference", "amount_minor", "currency", "attempts"),
    *("status", "owner", "dead_at", "resolved_at"),
)


@click.command("reveal")
@click.argument("letter_id", type=int)
@click.option("--reason", required=True, help="Why it must be seen; kept in the history for ever.")
@json_option
def reveal(letter_id: int, *, reason: str, json_: bool) -> None:
    """Show the raw body of a letter's event. That you saw it is written down first."""
    store, who = database(), acting.operator()
    with store.transaction() as tx:
        body = letters_shown.unmasked_body(tx, letter_id)
        if body is None:
            raise Failed(
                "dead_letter_unknown", f"there is no dead letter {letter_id} with its event"
            )
        letter_acts.note(tx, [letter_id], "revealed", actor=who.actor, reason=reason)
    if json_:
        as_json({"id": letter_id, **told(body)})
    else:
        click.echo("\n".join(map(printable, body.decode(errors="replace").splitlines())))


def told(body: bytes) -> dict[str, str]:
    """Return a body for JSON: as text where it is UTF-8, else in base64."""
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def edits_masked(edits: Sequence[Shown]) -> list[Shown]:
    """Return edits with their differences masked as bodies are."""
    return [{**each, "diff": masked_differences(each["diff"])} for each in edits]


@click.command("export")
@filters()
@click.option(
    "--status", type=click.Choice([*STATUSES, ANY_STATUS]), default="open", show_default=True
)
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("--output", type=click.File("w"), help="A file; without it, stdout.")
@click.option("--raw", is_flag=True, help="With raw bodies (jsonl only); written down first.")
@click.option("--why", help="With --raw: why they must be seen; kept in the history for ever.")
@json_option
def export(
    *,
    status: str,
    form: str,
    output: TextIO | None,
    raw: bool,
    why: str | None,
    json_: bool,
    **options: Any,
) -> None:
    """Write letters, oldest first: a JSON object a line, or CSV. Bodies only with --raw.

    Without --output the letters themselves are all that is printed.
    """
    if raw and (form == "csv" or not why):
        raise click.UsageError("--raw goes with jsonl and --why")
    store, wanted = database(), filtered(options, status=status)
    actor = acting.operator().actor if raw else None
    with store.transaction() as tx:
        letter_ids = letters_shown.ids(tx, wanted, limit=ITEMS_MAX)
        if actor is not None:
            letter_acts.note(tx, letter_ids, "exported", actor=actor, reason=why or "")
    found = _read(store, letter_ids, raw=raw)
    out = output or sys.stdout
    count = _csv(found, out) if form == "csv" else _json_lines(found, out)
    out.flush()
    if output is not None:
        as_json({"exported": count}) if json_ else click.echo(f"{count} written")


def _read(store: Database, letter_ids: Sequence[int], *, raw: bool) -> Iterator[Shown]:
    """Yield letters, oldest first, as they are when their turn comes.

    Some at a time, each time in a transaction that has ended before any of them is written out: a
    slow reader holds no transaction open.
    """
    for some in _chunks(letter_ids):
        wanted = Wanted(ids=some, status=ANY_STATUS)
        with store.transaction() as tx:
            found = list(letters_shown.exported(tx, wanted, limit=len(some), raw=raw))
        yield from found


def _chunks(letter_ids: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(letter_ids), EXPORTED_AT_ONCE):
        yield tuple(letter_ids[start : start + EXPORTED_AT_ONCE])


def _json_lines(letters: Iterable[Shown], output: TextIO) -> int:
    count = 0
    for letter in letters:
        raw = letter.pop("raw", None)
        shown = letter if raw is None else {**letter, **told(bytes(raw))}
        output.write(json.dumps(shown, default=plain) + "\n")
        count += 1
    return count


def _csv(letters: Iterable[Shown], output: TextIO) -> int:
    count = 0
    writer = csv.DictWriter(output, CSV_COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for letter in letters:
        writer.writerow({name: _cell(letter[name]) for name in CSV_COLUMNS})
        count += 1
    return count


def _cell(value: object) -> object:
    """Return what a spreadsheet shows and never runs, and a terminal only prints."""
    if value is None or isinstance(value, int):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
