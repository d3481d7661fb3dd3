"""`payratchet payments explain`: why a payment stands as it stands, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from psycopg.rows import dict_row

from domain import advice
from domain.explaining import explain as judge
from domain.retelling import amount
from domain.sql_timeline import TIMELINE
from domain.standing import Verdict
from domain.timeline import ROWS_MAX, Row, tell
from workers.operations.options import database, json_option
from workers.operations.output import Failed, as_json, as_table, printable
from workers.settings import KEY_VARIABLES
from workers.store import payments, standings, views

if TYPE_CHECKING:
    from domain.timeline import Entry, Timeline
    from workers.database import Transaction

COLUMNS = ("at", "what happened")

Explained = dict[str, Any]


@click.command("explain")
@click.argument("reference")
@json_option
def explain(reference: str, *, json_: bool) -> None:
    """Say why a payment stands as it stands, what to do next, and all that happened about it.

    "Charged, and has no credit" is answered here. A reference that nobody announced is explained
    too, if anything was heard of it.
    """
    with database().transaction(snapshot=True) as tx:
        explained = explain_in(tx, reference)
    if explained is None:
        raise Failed("payment_unknown", f"nothing is known of a payment {reference}")
    as_json(explained) if json_ else _print(explained)


def explain_in(tx: Transaction, reference: str) -> Explained | None:
    """Return the payment (None where nobody announced it), the verdict and the timeline.

    None when nothing at all was heard of the reference.
    """
    known = payments.look(tx, reference)
    if known is None:
        return _unannounced(tx, reference)
    standing, refused = standings.standing(
        tx, known, can_be_asked=known.asked.provider in KEY_VARIABLES
    )
    asked = {"reference": reference, "limit": ROWS_MAX}
    with tx.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(TIMELINE, asked).fetchall()
    told = tell([*(Row(**row) for row in rows), *refused])
    return _explained(views.payment(tx, reference), judge(standing), told)


def _unannounced(tx: Transaction, reference: str) -> Explained | None:
    letters, rows = standings.unannounced(tx, reference)
    if not rows:
        return None
    verdict = Verdict("not_announced", f"Nobody has announced a payment {reference}.")
    if letters:
        letter, account = letters[0]
        money = amount(letter.money.amount_minor, letter.money.currency) if letter.money else ""
        held = f" {money} that came for it is held in suspense." if money else ""
        verdict = Verdict(
            "not_announced",
            f"Nobody has announced a payment {reference}, but {letter.source} tells of one "
            f"(dead letter {letter.id}).{held}",
            advice.announce(reference, letter, letter.source, account),
        )
    return _explained(None, verdict, tell(rows))


def _explained(payment: views.Shown | None, verdict: Verdict, told: Timeline) -> Explained:
    return {
        "payment": payment,
        "verdict": {
            "rule": verdict.rule,
            "why": verdict.why,
            "do": [step._asdict() for step in verdict.do],
        },
        "entries": [_entry(entry) for entry in told.entries],
        "is_cut": told.is_cut,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "kind": entry.kind,
        "summary": entry.summary,
        "rule": entry.rule,
        "event_id": entry.event_id,
        "actor": entry.actor,
        "replay_id": entry.replay_id,
    }


def _said(entry: dict[str, Any]) -> str:
    """Return what happened, and then in brackets who did it and the rule by which."""
    more = [str(each) for each in (entry["actor"], entry["rule"]) if each]
    return f"{entry['summary']} [{'; '.join(more)}]" if more else str(entry["summary"])


def _print(explained: Explained) -> None:
    payment, verdict = explained["payment"], explained["verdict"]
    if payment is not None:
        asked = amount(payment["amount_minor"], payment["currency"])
        click.echo(
            f"{payment['reference']}: {payment['state']}, {asked} asked at {payment['provider']}"
            f" for {printable(payment['customer_id'])}"
        )
    click.echo(printable(verdict["why"]))
    for step in verdict["do"]:
        click.echo(f"  - {printable(step['what'])}")
        if step["command"] is not None:
            click.echo(f"      {printable(step['command'])}")
    click.echo()
    if explained["is_cut"]:
        click.echo("There are older entries; these are the newest.")
    rows = [
        {
            "at": f"{entry['at']:%Y-%m-%d %H:%M:%S}",
            "what happened": _said(entry),
        }
        for entry in explained["entries"]
    ]
    as_table(rows, COLUMNS, "Nothing has happened yet.")
