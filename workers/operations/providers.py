"""`payratchet providers`: who sends, by which keys, who is silent; and one delivery looked into."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

import click

from domain.checking import VERIFIED, Checked, check
from domain.delivery import Delivery
from domain.providers import PROVIDERS
from workers.operations import surroundings
from workers.operations.options import database, json_option
from workers.operations.output import REFUSED, as_json, as_lines, as_table
from workers.operations.provider_secrets import names, secrets_for
from workers.operations.sources import look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.facts import Fact

BODY_BYTES_MAX = 16_777_216
"""Bytes of a body that is checked; `web` takes no more either."""

LIST_EXAMPLES = """\b
Examples:
  payratchet providers list
  payratchet providers list --json
"""
CHECK_EXAMPLES = """\b
Examples:
  payratchet providers check paystack --body-file body.json \\
      --header 'X-Paystack-Signature: 1f0c…'
  payratchet providers check stripe --body-file body.json \\
      --header 'Stripe-Signature: t=1763880000,v1=…' --at 1763880001
  payratchet providers check stripe --account acme-eu --secret-env OLD_SECRET …
"""

ACCOUNT_COLUMNS = ("provider", "account", "mode", "silence", "open_letters")
KEY_COLUMNS = ("provider", "account", "key_id", "is", "last_use")


@click.group()
def providers() -> None:
    """Who sends webhooks, and whether we understand them."""


@providers.command("list", epilog=LIST_EXAMPLES)
@json_option
def list_(*, json_: bool) -> None:
    """List providers: accounts, how they sign, keys and their last use, silence, open letters.

    A key is shown by its id, never by itself. Last use and silence are of the newest events.
    """
    with database().transaction() as tx:
        found = look(tx)
    if json_:
        as_json({"items": [source.shown() for source in found]})
        return
    as_table([source.shown() for source in found], ACCOUNT_COLUMNS, _NOBODY)
    if found:
        click.echo()
        keys = [
            {"provider": source.provider, "account": source.account, **key.row()}
            for source in found
            for key in source.keys
        ]
        as_table(keys, KEY_COLUMNS, "No key is known: start web, which says its keys' ids.")


_NOBODY = "No provider: give web a <PROVIDER>_WEBHOOK_SECRET, see docs/deploy.md."


@providers.command("check", epilog=CHECK_EXAMPLES)
@click.argument("name", type=click.Choice(sorted(PROVIDERS)))
@click.option("--account", default="default", show_default=True, help="Of the provider.")
@click.option("--header", "headers", multiple=True, metavar="'K: V'", help="As it came; repeat it.")
@click.option("--body-file", type=click.File("rb"), required=True, help="Every byte as it came.")
@click.option("--url", default="", help="To which it was sent.")
@click.option("--at", "at_s", type=int, help="When it came, Unix time.  [default: now]")
@click.option("--secret-env", metavar="VAR", help="The variable that has the secret.")
@json_option
def check_(
    name: str,
    *,
    account: str,
    headers: Sequence[str],
    body_file: BinaryIO,
    url: str,
    at_s: int | None,
    secret_env: str | None,
    json_: bool,
) -> None:
    """Say what web would make of one delivery, and why. Sends nothing and needs no store.

    Tries the secret of the environment, or of --secret-env; when another one has signed (a retired
    one, another account's, the other mode's), that is said. Exits with 0 only if it is verified.
    """
    provider = PROVIDERS[name]
    surroundings.adopt(*names(provider, account))
    delivery = Delivery(
        [_header(each) for each in headers],
        body_file.read(BODY_BYTES_MAX),
        int(time.time()) if at_s is None else at_s,
        url,
    )
    tried = secrets_for(provider, account, secret_env)
    checked = check(provider, delivery, secrets=tried.secrets, suspects=tried.suspects)
    shown = _shown(checked, _of_url(url, name, account))
    as_json(shown) if json_ else _print(shown)
    if checked.verdict != VERIFIED:
        click.get_current_context().exit(REFUSED)


def _header(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.UsageError("--header is 'Name: value'")
    return name.strip().lower().encode(), value.strip().encode()


def _of_url(url: str, name: str, account: str) -> str | None:
    """Say when the URL is that of another endpoint: another account's secret counts there."""
    if not url:
        return None
    path = urlsplit(url).path.rstrip("/")
    ours = {f"/webhooks/{name}/{account}"} | (
        {f"/webhooks/{name}"} if account == "default" else set()
    )
    if any(path.endswith(each) for each in ours):
        return None
    return f"the URL is not that of this account: {', '.join(sorted(ours))}"


def _shown(checked: Checked, of_url: str | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "verdict": checked.verdict,
        "code": checked.code,
        "why": "; ".join(filter(None, (checked.why, of_url))),
        "key_id": checked.key_id,
        "event_key": checked.event_key,
        "reference": checked.reference,
        "types": list(checked.event_types),
        "events": [_event(reference, fact) for reference, fact in checked.facts],
    }
    return shown


def _event(reference: str | None, fact: Fact) -> dict[str, object]:
    return {
        "kind": fact.kind,
        "status": fact.status,
        "reference": reference,
        "amount_minor": fact.amount.amount_minor if fact.amount else None,
        "currency": fact.amount.currency if fact.amount else None,
    }


def _print(shown: dict[str, Any]) -> None:
    as_lines({name: value for name, value in shown.items() if value is not None})
    if shown["events"]:
        click.echo()
        as_table(shown["events"], ("kind", "status", "reference", "amount_minor", "currency"), "")
