"""The report: what a person reads at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.columns import Columns
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from domain.money import EXPONENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console, RenderableType

BAR_CELLS = 46
RESTING_PLACES = (
    ("applied", "applied", "green"),
    ("ignored", "ignored: nothing about money", "bright_black"),
    ("open_dead_letters", "open dead letters", "yellow"),
    ("discarded", "discarded by a person", "magenta"),
)
DELIVERIES = (
    ("accepted", "accepted: a new event", "green"),
    ("duplicates", "duplicates: known before", "cyan"),
    ("refused", "refused: not authentic", "red"),
)
STATE_STYLES = {"completed": "green", "review": "yellow", "failed": "red", "charged_back": "red"}


def show(console: Console, summary: Mapping[str, Any]) -> None:
    """Print everything."""
    holds = all(each["holds"] for each in summary["invariants"])
    console.print()
    console.print(_headline(summary, holds=holds))
    console.print(_bars("Deliveries", summary["deliveries"], DELIVERIES, summary))
    console.print(_bars("Events", summary["accepted"], RESTING_PLACES, summary))
    console.print(
        Columns([_payments(summary), _ledger(summary), _letters(summary)], padding=(0, 3))
    )
    console.print(_api(summary["api"]))
    console.print(_mishaps(summary))
    if summary["operators_minute"]:
        console.print(_minute(summary["operators_minute"]))
    console.print(_invariants(summary))
    console.print(_addresses(summary))


def _headline(summary: Mapping[str, Any], *, holds: bool) -> RenderableType:
    verdict = "every invariant holds" if holds else "AN INVARIANT DOES NOT HOLD"
    booked = summary["provider_books"]
    rate = summary["deliveries"] / max(summary["traffic_s"], 0.1)
    text = Text.assemble(
        (verdict, "bold green" if holds else "bold white on red"),
        f" · {sum(summary['payments'].values())} payments of {summary['customers']} customers"
        f" · {booked['captures']} captures, {booked['refunds']} refunds,"
        f" {booked['disputes']} disputes"
        f" · {summary['deliveries']} deliveries in {summary['traffic_s']:.1f} s ({rate:.0f}/s)"
        f" · quiet {summary['quiet_after_s']:.1f} s later · double credits: "
        f"{summary['double_credits']} · seed {summary['seed']}",
    )
    return Panel(text, title="Payratchet: a recorded morning", box=box.ROUNDED)


def _bars(
    title: str, total: int, parts: tuple[tuple[str, str, str], ...], summary: Mapping[str, Any]
) -> Table:
    table = _table(f"{title} · {total}")
    table.add_column("what", width=30)
    table.add_column("count", justify="right", width=6)
    table.add_column("share", width=BAR_CELLS + 6)
    for name, words, style in parts:
        count = summary[name]
        cells = round(BAR_CELLS * count / max(total, 1))
        if count and not cells:
            cells = 1
        share = Text.assemble(("█" * cells, style), f" {100 * count / max(total, 1):.1f} %")
        table.add_row(words, str(count), share)
    return table


def _payments(summary: Mapping[str, Any]) -> Table:
    table = _table("Payments by state")
    table.add_column("state")
    table.add_column("payments", justify="right")
    for state, count in sorted(summary["payments"].items(), key=lambda each: -each[1]):
        table.add_row(Text(state, style=STATE_STYLES.get(state, "")), str(count))
    return table


def _ledger(summary: Mapping[str, Any]) -> Table:
    table = _table("Ledger")
    table.add_column("currency")
    table.add_column("decimals", justify="right")
    table.add_column("entries", justify="right")
    table.add_column("sum", justify="right")
    for currency, sums in summary["ledger"].items():
        decimals = str(EXPONENTS[currency])
        table.add_row(currency, decimals, str(sums["entries"]), str(sums["sum_minor"]))
    return table


def _letters(summary: Mapping[str, Any]) -> Table:
    table = _table(f"Dead letters · {summary['dead_lettered']} in all")
    table.add_column("what became of them")
    table.add_column("letters", justify="right")
    table.add_row(Text("healed by themselves", style="green"), str(summary["healed"]))
    table.add_row(Text("replayed by an operator", style="green"), str(summary["replayed"]))
    table.add_row(Text("discarded, with a reason", style="magenta"), str(summary["discarded"]))
    for reason, count in summary["open_by_reason"].items():
        table.add_row(Text(f"open: {reason}", style="yellow"), str(count))
    return table


def _api(api: Mapping[str, Any]) -> Table:
    table = _table("The shop: payments started through the API, over calls of the provider's")
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_column("of which")
    ended = ", ".join(f"{count} {state}" for state, count in api["states"].items())
    calls = ", ".join(f"{n} {what}" for what, n in api["provider_calls_by_outcome"].items())
    found = api["reconciled"]
    rows = (
        ("payments", "payments", ended),
        ("requests under a key", "requests", f"{api['replayed_answers']} answered again as before"),
        ("tries without an answer", "without_answer", "each repeated under its key"),
        ("calls of the provider", "provider_calls", calls),
        ("answers lost on their way", "dropped_answers", f"of {api['provider_requests']} requests"),
        ("webhooks lost", "webhooks_lost", "asked for by the shop, or found by reconciliation"),
        ("refunds", "refunds", "credit held until the provider had made them"),
        ("debits of credit", "debits", f"{api['reversals']} reversed"),
        ("commands", "commands", "events of our own: in no count above"),
    )
    for words, name, more in rows:
        table.add_row(words, str(api[name]), more)
    if found:
        mended = f"{found['missing_here']} missing here, {found['mended']} mended"
        table.add_row("transactions reconciled", str(found["examined"]), mended)
    return table


def _mishaps(summary: Mapping[str, Any]) -> Table:
    table = _table("What was done to it while the traffic ran")
    table.add_column("after", justify="right")
    table.add_column("what")
    table.add_column("and then")
    for each in summary["kills"]:
        table.add_row(f"{each['after_answers']}", Text(each["what"], style="red"), each["effect"])
    repeated = summary["repeated_without_answer"]
    table.add_row("", "tries without an answer", f"{repeated}, each repeated until answered")
    retried = ", ".join(f"{count} after {name}" for name, count in summary["retried"].items())
    table.add_row("", "events that had to be tried again", retried or "none")
    return table


def _minute(minute: Mapping[str, Any]) -> Table:
    """The end: one customer was charged and had no credit, and an operator saw to it."""
    took = f"{minute['elapsed_s']:.1f} s"
    table = _table(f"An operator's minute: charged, and no credit · {took} · in minor units")
    table.add_column("")
    table.add_column("", overflow="fold")
    explain, rehearse, replay, _ = (Text(each, style="cyan") for each in minute["commands"])
    table.add_row("the ledger before", _accounts(minute["ledger_before"]))
    table.add_row("$", explain)
    table.add_row("", minute["why"])
    table.add_row("$", rehearse)
    table.add_row("would move", _accounts(minute["would_move"]))
    table.add_row("$", replay)
    done = minute["replay"]
    table.add_row("", f"{done['succeeded']} of {done['matched']} succeeded")
    table.add_row("the ledger after", _accounts(minute["ledger_after"]))
    table.add_row("", Text(minute["why_after"], style="green" if minute["is_cured"] else "red"))
    return table


def _accounts(ledger: Sequence[Mapping[str, Any]]) -> Text:
    lines = [
        f"{each['account']:<36}{each['amount_minor']:>12,} {each['currency']}" for each in ledger
    ]
    return Text("\n".join(lines) or "nothing is booked for this payment")


def _invariants(summary: Mapping[str, Any]) -> Table:
    table = _table("What must hold, checked in the database and against the providers' own books")
    table.add_column("")
    table.add_column("invariant")
    table.add_column("checked", justify="right")
    for each in summary["invariants"]:
        mark = Text("✓", style="bold green") if each["holds"] else Text("✗", style="bold red")
        table.add_row(mark, each["name"], str(each["checked"]))
        for problem in each.get("problems", ()):
            table.add_row("", Text(f"  {problem}", style="red"), "")
    return table


def _addresses(summary: Mapping[str, Any]) -> Text:
    return Text.assemble(
        ("ingress ", "bold"), summary["urls"]["ingress"], "   ",
        ("console ", "bold"), summary["urls"]["console"], "   ",
        f"{summary['elapsed_s']:.1f} s in all",
    )  # fmt: skip


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_header=False,
        pad_edge=False,
    )
