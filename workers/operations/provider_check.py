"""`payratchet providers check`: one delivery looked into, as `web` would, and why it fails."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

import click

from domain.checking import VERIFIED, Checked, Examined, check
from domain.delivery import Delivery, Mode
from domain.diagnosis import ENDPOINT_URL
from domain.providers import PROVIDERS
from workers.operations import provider_secrets, provider_settings, surroundings
from workers.operations.options import json_option
from workers.operations.output import REFUSED, as_json, as_lines, as_table
from workers.operations.provider_keys import keys_for

if TYPE_CHECKING:
    from domain.delivery import Provider
    from domain.facts import Fact

BODY_BYTES_MAX = 16_777_216
"""Bytes of a body that is checked; `web` takes no more either."""

EXAMPLES = """\b
Examples:
  payratchet providers check paystack --body-file body.json \\
      --header 'X-Paystack-Signature: 1f0c…'
  payratchet providers check stripe --body-file body.json \\
      --header 'Stripe-Signature: t=1763880000,v1=…' --at 1763880001
  payratchet providers check square --body-file body.json --mode live \\
      --url https://pay.example.com/webhooks/square --header 'X-Square-…: …'
  payratchet providers check stripe --account acme-eu --secret-env OLD_SECRET …
"""


@click.command("check", epilog=EXAMPLES)
@click.argument("name", type=click.Choice(sorted(PROVIDERS)), metavar="PROVIDER")
@click.option("--account", default="default", show_default=True, help="Of the provider.")
@click.option("--header", "headers", multiple=True, metavar="'K: V'", help="As it came; repeat it.")
@click.option("--body-file", type=click.File("rb"), required=True, help="Every byte as it came.")
@click.option("--url", default="", help="To which it was sent, with its query.")
@click.option("--at", "at_s", type=int, help="When it came, Unix time.  [default: now]")
@click.option(
    "--mode",
    type=click.Choice([each.value for each in Mode]),
    help="Of the account.  [default: as it is set]",
)
@click.option("--secret-env", metavar="VAR", help="The variable that has the secret.")
@click.option("--key-file", type=click.File("rb"), help="The answer that has a fetched key.")
@json_option
def check_(name: str, *, account: str, url: str, json_: bool, **told: Any) -> None:
    """Say what web would make of one delivery, and why. Sends nothing and needs no store.

    Tries the secret of the environment, or of --secret-env; when another one has signed (a retired
    one, another account's, the other mode's), when another URL was signed or a proxy wrote the
    body anew, that is said. Exits with 0 only if it is verified.
    """
    provider = PROVIDERS[name]
    ours = provider_secrets.names(provider, account), provider_settings.names(provider, account)
    surroundings.adopt(*ours[0], *ours[1])
    examined = _examined(provider, account, url, told)
    delivery = _delivery(examined, url, told)
    checked = check(examined, delivery)
    more = [_of_url(examined.provider, url, account), _of_settings(examined, account, checked)]
    shown = _shown(checked, [each for each in more if each])
    as_json(shown) if json_ else _print(shown)
    if checked.verdict != VERIFIED:
        click.get_current_context().exit(REFUSED)


def _examined(provider: Provider, account: str, url: str, told: dict[str, Any]) -> Examined:
    tried = provider_secrets.secrets_for(provider, account, told["secret_env"])
    mode = provider_settings.mode(provider, account, tried.secrets, told["mode"])
    values = provider_settings.values(provider, account, url)
    return Examined(
        provider.configured(values, mode),
        tried.secrets,
        values,
        mode,
        tried.suspects,
        (url, values.get(ENDPOINT_URL, "")),
    )


def _delivery(account: Examined, url: str, told: dict[str, Any]) -> Delivery:
    """Return the delivery, with the key that it needs."""
    file: BinaryIO | None = told["key_file"]
    delivery = Delivery(
        [_header(each) for each in told["headers"]],
        told["body_file"].read(BODY_BYTES_MAX),
        int(time.time()) if told["at_s"] is None else told["at_s"],
        url,
    )
    answer = file.read(BODY_BYTES_MAX) if file is not None else None
    keys = keys_for(account.provider, delivery, account.secrets, answer)
    return replace(delivery, keys=keys)


def _header(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.UsageError("--header is 'Name: value'")
    return name.strip().lower().encode(), value.strip().encode()


def _of_url(provider: Provider, url: str, account: str) -> str | None:
    """Say when the URL is that of another endpoint: another account's secret counts there.

    Of a source that signs nothing the path ends with its secret, which is not repeated here.
    """
    if not url:
        return "the path ends with the secret: give --url" if provider.is_unsigned else None
    path = urlsplit(url).path.rstrip("/")
    if provider.is_unsigned:
        path = path.rpartition("/")[0]
    ours = {f"/webhooks/{provider.name}/{account}"} | (
        {f"/webhooks/{provider.name}"} if account == "default" else set()
    )
    if any(path.endswith(each) for each in ours):
        return None
    end = "/<secret>" if provider.is_unsigned else ""
    return f"the URL is not that of this account: {', '.join(each + end for each in sorted(ours))}"


def _of_settings(examined: Examined, account: str, checked: Checked) -> str | None:
    if checked.verdict == VERIFIED:
        return None
    missing = provider_settings.missing(examined.provider, account, examined.values)
    return f"not set: {', '.join(missing)}" if missing else None


def _shown(checked: Checked, more: list[str]) -> dict[str, Any]:
    return {
        "verdict": checked.verdict,
        "code": checked.code,
        "why": "; ".join((checked.why, *more)),
        "key_id": checked.key_id,
        "event_key": checked.event_key,
        "reference": checked.reference,
        "types": list(checked.event_types),
        "events": [_event(reference, fact) for reference, fact in checked.facts],
        "asks": [asked._asdict() for asked in checked.asked],
    }


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
    if shown["asks"]:
        click.echo("\nHearsay: nothing of this moves money before the provider has answered.")
        as_table(shown["asks"], ("type", "reference", "object_id"), "")
