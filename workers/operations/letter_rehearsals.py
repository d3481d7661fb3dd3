"""What a dry run of a replay found, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workers.operations.output import as_json, as_lines, as_table

if TYPE_CHECKING:
    from workers.replaying.rehearsal import Rehearsed


def rehearsed(tried: Rehearsed) -> dict[str, Any]:
    """Return a rehearsal in the shape of a replay, with what it would change."""
    return {
        "replay_id": None,
        "dry_run": True,
        "matched": tried.matched,
        "rehearsed": tried.rehearsed,
        "replayed": tried.rehearsed,
        "succeeded": tried.succeeded,
        "failed": tried.failed,
        "aborted": tried.aborted,
        "ledger_diff": tried.ledger_diff,
        "payments": tried.payments,
        "accounts": tried.accounts,
        "outcomes": [each._asdict() for each in tried.outcomes],
    }


def show_rehearsal(tried: Rehearsed, *, json_: bool) -> None:
    """Print what a replay would do."""
    shown = rehearsed(tried)
    as_json(shown) if json_ else print_rehearsal(shown)


def print_rehearsal(shown: dict[str, Any]) -> None:
    """Print what a replay would do, for a person."""
    as_lines(shown)
    if shown["matched"] > len(shown["outcomes"]):
        click.echo(f"Only the oldest {len(shown['outcomes'])} were rehearsed.")
    click.echo("\nletters")
    as_table(shown["outcomes"], ("letter_id", "outcome", "reason", "message"), "none")
    click.echo("\npayments")
    rows = [
        {
            "reference": each["reference"],
            "state": _change(each, "state"),
            "captured_minor": _change(each, "captured_minor"),
            "refunded_minor": _change(each, "refunded_minor"),
            "currency": each["after"]["currency"],
        }
        for each in shown["payments"]
    ]
    columns = ("reference", "state", "captured_minor", "refunded_minor", "currency")
    as_table(rows, columns, "No payment would change.")
    click.echo("\naccounts")
    as_table(shown["accounts"], ("account", "amount_minor", "currency"), "No money would move.")


def _change(each: dict[str, Any], name: str) -> str:
    before, after = (each["before"] or {}).get(name), each["after"][name]
    return str(after) if before == after else f"{before} -> {after}"
