"""`payratchet payments`: announce payments and look at them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from domain.announcement import Announcement
from domain.errors import AmountInvalid, CurrencyUnknown
from domain.money import Money
from domain.payment import CUSTOMER_ID, REFERENCE
from domain.providers import PROVIDERS
from domain.transitions import State
from workers.claiming import claim
from workers.operations import acting, asking, following
from workers.operations.approvals import leave_waiting
from workers.operations.corrections import correct, write_off
from workers.operations.explain import explain
from workers.operations.options import (
    confirm,
    cursor_option,
    database,
    json_option,
    limit_option,
    reason_option,
    yes_option,
)
from workers.operations.output import Failed, as_json, as_lines, as_table
from workers.operations.refunds import refund_failed
from workers.store import views

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workers.database import Database

LINES_MAX = 100_000
"""Payments in one file: one transaction makes all of them known, or none."""

ANSWER_S_MAX = 45.0
"""How long an answer of the provider is waited for: longer than a call, and another, may take."""

COLUMNS = ("reference", "provider", "state", "amount_minor", "currency", "captured_minor")


@click.group()
def payments() -> None:
    """Announce payments and look at them."""


payments.add_command(correct)
payments.add_command(explain)
payments.add_command(refund_failed)
payments.add_command(write_off)


def announcement(asked: dict[str, Any]) -> Announcement:
    """Read what is asked for. Raises Failed, with the field that is wrong."""
    try:
        amount = Money(str(asked["currency"]), asked["amount_minor"])
    except (AmountInvalid, CurrencyUnknown) as error:
        raise Failed("validation_failed", str(error)) from error
    except KeyError as error:
        raise Failed("validation_failed", f"{error.args[0]} is missing") from error
    reference, customer_id = str(asked.get("reference")), str(asked.get("customer_id"))
    if not amount.amount_minor:
        raise Failed("validation_failed", "amount_minor: a payment asks for more than nothing")
    if str(asked.get("provider")) not in PROVIDERS:
        raise Failed("provider_unknown", f"known providers: {', '.join(sorted(PROVIDERS))}")
    if not REFERENCE.fullmatch(reference):
        raise Failed("validation_failed", f"reference: must match {REFERENCE.pattern}")
    if not CUSTOMER_ID.fullmatch(customer_id):
        raise Failed("validation_failed", f"customer_id: must match {CUSTOMER_ID.pattern}")
    account = str(asked.get("account") or "default")
    return Announcement(reference, str(asked["provider"]), amount, customer_id, account)


@payments.command("create")
@click.option("--provider", type=click.Choice(sorted(PROVIDERS)))
@click.option("--account", default="default", show_default=True)
@click.option("--reference", help="Ours, unique; the provider sends it back.")
@click.option("--amount-minor", type=int, help="In minor units: 125000 is 1,250.00 NGN.")
@click.option("--currency", help="ISO 4217, in capitals.")
@click.option("--customer-id", help="Whose credit the payment raises.")
@click.option("--file", type=click.File(), help="Many at once: one JSON object a line.")
@reason_option
@yes_option
@json_option
def create(
    file: Iterable[str] | None, *, reason: str, yes: bool, json_: bool, **asked: object
) -> None:
    """Make payments known before their money comes. Repeating an equal one is harmless.

    Where more waits for one already than one person may move, a second person must agree.
    """
    wanted = [announcement(line) for line in _lines(file)] if file else [announcement(asked)]
    who = acting.operator()
    confirm(len(wanted), "Announce payments:", yes=yes)
    done = claim(database(), wanted, actor=who.actor, reason=reason)
    if done.approval_id is not None:
        leave_waiting(done.approval_id, done.shown, json_=json_)
    if file:
        report = {"created": done.new, "known": len(wanted) - done.new}
        as_json(report) if json_ else as_lines(report)
        return
    _show(wanted[0].reference, json_=json_)


def _lines(file: Iterable[str]) -> list[dict[str, Any]]:
    read = []
    for number, line in enumerate(file, start=1):
        try:
            said = json.loads(line)
        except ValueError as error:
            raise Failed("validation_failed", f"line {number} is not JSON") from error
        if not isinstance(said, dict) or number > LINES_MAX:
            raise Failed("validation_failed", f"line {number}: one object a line, {LINES_MAX} most")
        read.append(said)
    if not read:
        raise Failed("validation_failed", "the file announces nothing")
    return read


def _show(reference: str, *, json_: bool) -> None:
    with database().transaction() as tx:
        found = views.payment(tx, reference)
    if found is None:
        raise Failed("payment_unknown", f"no payment is announced as {reference}")
    as_json(found) if json_ else as_lines(found)


@payments.command("show")
@click.argument("reference")
@json_option
def show(reference: str, *, json_: bool) -> None:
    """Show one payment."""
    _show(reference, json_=json_)


@payments.command("verify")
@click.argument("reference")
@reason_option
@json_option
def verify(reference: str, *, reason: str, json_: bool) -> None:
    """Have the provider asked what became of a payment, and show what it is then.

    A worker asks. Exit code 1 while there is no answer: it is asked again until there is one.
    """
    store, who = database(), acting.operator()
    event_id = asking.verify(store, reference, actor=who.actor, reason=reason)
    asked = _await_answer(store, event_id, quiet=json_)
    _show(reference, json_=json_)
    if not asked["ended"]:
        raise Failed("not_answered", "there is no answer yet; it is asked again until there is one")
    if asked["reason"] is not None:
        raise Failed(asked["reason"], asked["message"])


def _await_answer(store: Database, event_id: int, *, quiet: bool) -> views.Shown:
    last: views.Shown = {}

    def look() -> following.Seen:
        with store.transaction() as tx:
            last.update(views.owed(tx, event_id))
        words = "asking the provider"
        if last["attempts"]:
            words = f"the provider does not answer, tried {last['attempts']} times"
        taken_up = last["ended"] or last["called"] or last["attempts"] > 0
        return following.Seen(words, taken_up=taken_up, ended=last["ended"])

    following.follow(look, quiet=quiet, wait_s=ANSWER_S_MAX)
    return last


@payments.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]))
@click.option("--provider", type=click.Choice(sorted(PROVIDERS)))
@limit_option
@cursor_option
@json_option
def list_(
    *, state: str | None, provider: str | None, limit: int, cursor: int | None, json_: bool
) -> None:
    """List payments, newest first."""
    with database().transaction() as tx:
        found = views.payments(tx, state=state, provider=provider, before=cursor, limit=limit)
    next_cursor = found[-1]["id"] if len(found) == limit else None
    if json_:
        as_json({"items": found, "next_cursor": next_cursor})
        return
    as_table(found, COLUMNS, "No payment is announced. `payratchet payments create` does it.")
