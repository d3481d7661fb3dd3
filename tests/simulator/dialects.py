"""`python3 -m tests.simulator.dialects`: one sale, told in any provider's dialect to a receiver."""

from __future__ import annotations

import http.client
import os
import shlex
import sys
import time
from typing import TYPE_CHECKING

import click

from tests.conformance.posting import post, stem_of, variables
from tests.conformance.sender import AMOUNT_MINOR, Sale
from tests.conformance.senders import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.conformance.sender import Request, Sender

WITH_KEY_PAIRS = frozenset({"paypal", "plaid", "wise"})
"""They sign with key pairs that are made anew in each process, so only a test can receive them."""

ALL = "all"
HTTP_OK = 200

EPILOG = """\b
Examples:
  python3 -m tests.simulator.dialects --provider square --settings
  python3 -m tests.simulator.dialects --provider square --to http://127.0.0.1:8000
  python3 -m tests.simulator.dialects --provider all --to http://127.0.0.1:8000 --forge
"""


@click.command(epilog=EPILOG, context_settings={"show_default": True})
@click.option(
    "--provider",
    "names",
    multiple=True,
    required=True,
    type=click.Choice([ALL, *sorted(set(BY_NAME) - WITH_KEY_PAIRS)]),
    metavar="NAME",
    help="Whose dialect; may be repeated. all: everybody's.",
)
@click.option("--to", metavar="URL", help="The receiver, without the path of its webhooks.")
@click.option(
    "--settings", is_flag=True, help="Print what the receiver must be told; send nothing."
)
@click.option("--reference", default="ORD-1", help="Of the payment.")
@click.option("--amount-minor", default=AMOUNT_MINOR, help="In the minor unit of the currency.")
@click.option("--currency", help="Default: one that the provider deals in.")
@click.option("--number", type=int, help="Makes the provider's ids. Default: the time.")
@click.option("--times", default=1, help="How often it is sent, each time as a retry would be.")
@click.option("--forge", is_flag=True, help="Sign with another secret: it must be refused.")
def main(names: Sequence[str], *, to: str | None, settings: bool, **told: object) -> None:
    """Tell a receiver that a sale has succeeded, as a provider would.

    A secret is taken from <PROVIDER>_WEBHOOK_SECRET where that is set; else it is one that
    --settings shows. Exits with 0 if every answer is a 200, or none with --forge.
    """
    senders = [BY_NAME[name] for name in _meant(names)]
    if settings:
        _print_settings(senders)
        return
    if to is None:
        raise click.UsageError("--to URL or --settings is wanted")
    statuses = [_send(to, sender, told) for sender in senders for _ in range(_int(told["times"]))]
    good = {status == HTTP_OK for status in statuses} == {not told["forge"]}
    sys.exit(0 if good else 1)


def _meant(names: Iterable[str]) -> list[str]:
    wanted = set(BY_NAME) - WITH_KEY_PAIRS if ALL in names else set(names)
    return sorted(wanted)


def _print_settings(senders: Iterable[Sender]) -> None:
    for sender in senders:
        for name, value in variables(sender).items():
            click.echo(f"{name}={shlex.quote(value)}")


def _send(to: str, sender: Sender, told: dict[str, object]) -> int:
    try:
        status, body = post(to, sender, _request(sender, told))
    except (OSError, http.client.HTTPException) as error:
        raise click.ClickException(f"{to} does not answer: {type(error).__name__}") from error
    click.echo(f"{sender.name:<18} {status} {body.decode(errors='replace')}")
    return status


def _request(sender: Sender, told: dict[str, object]) -> Request:
    number = told["number"]
    sale = Sale(
        str(told["reference"]),
        _int(told["amount_minor"]),
        str(told["currency"] or sender.currency),
        int(time.time()) if number is None else _int(number),
    )
    return sender.request(
        sender.payload(sale),
        at=b"%d" % time.time(),
        secret=sender.other_secret if told["forge"] else _secret(sender),
    )


def _secret(sender: Sender) -> bytes:
    """Return the newest secret that the environment has for the receiver, if it has one."""
    text = os.environ.get(f"{stem_of(sender.name)}_WEBHOOK_SECRET", "")
    return text.partition(",")[0].strip().encode()


def _int(value: object) -> int:
    return int(str(value))


if __name__ == "__main__":
    main()
