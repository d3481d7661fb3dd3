"""`python3 -m tests.simulator`: the providers' APIs on a port of this machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from tests.simulator.api import fault
from tests.simulator.api.customers import Habits
from tests.simulator.api.fault import Behaviour, FaultInvalid
from tests.simulator.api.post_office import Postage
from tests.simulator.api.serving import Server
from tests.simulator.api.world import UNTOUCHED, Rules, World
from tests.simulator.provider import secrets_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulator.api.fault import Fault

PORT_DEFAULT = 8910
SEED_BITS = 32
SHARE = click.FloatRange(0, 1)

EPILOG = f"""
\b
A fault is [PROVIDER.]OPERATION:BEHAVIOUR:WHEN[:SECONDS]
  OPERATION  initialize, verify, list, refund, refunds, cancel or any
  BEHAVIOUR  {", ".join(list(Behaviour)[:5])},
             {", ".join(list(Behaviour)[5:10])},
             {", ".join(list(Behaviour)[10:])}
  WHEN       a share of the calls (0.05), or their numbers (@1,3)
  SECONDS    of hang, slow_drip, refuse_429 and refuse_503

docs/simulator.md says the rest.
"""


def _faults(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> list[Fault]:
    """Read faults, each written as one word."""
    try:
        return [fault.parsed(text) for text in texts]
    except FaultInvalid as error:
        raise click.BadParameter(str(error)) from error


@click.command(epilog=EPILOG, context_settings={"show_default": True})
@click.option("--port", default=PORT_DEFAULT, help="Port on 127.0.0.1; 0: any that is free.")
@click.option("--seed", type=int, help="Same seed and order of calls: same world. Default: any.")
@click.option("--key", help="The only API key that is accepted. Default: any that is not empty.")
@click.option("--webhooks", metavar="URL", help="Who receives webhooks, at /webhooks/{provider}.")
@click.option("--lose-webhooks", type=SHARE, default=0.0, help="Share that never arrives.")
@click.option("--double-webhooks", type=SHARE, default=0.0, help="Share that arrives twice.")
@click.option("--delay-webhooks", type=click.FloatRange(0), default=0.0, help="Longest delay, s.")
@click.option("--customers", type=click.Choice(["auto", "none"]), default="auto")
@click.option("--pay", type=SHARE, default=0.92, help="Share of customers who pay.")
@click.option("--decline", type=SHARE, default=0.04, help="Who are declined.")
@click.option("--refunds", type=click.Choice(["auto", "none"]), default="auto")
@click.option("--fail-refunds", type=SHARE, default=0.0, help="Share of refunds that fail.")
@click.option("--untouched", type=click.Choice(UNTOUCHED), default=UNTOUCHED[0])
@click.option("--unnamed-refunds", is_flag=True, help="Paystack's refunds get no refund_reference.")
@click.option(
    "--fault", "faults", callback=_faults, multiple=True, metavar="FAULT", help="May be repeated."
)
def main(**options: Any) -> None:
    """Play Paystack and Stripe: their APIs, customers, webhooks, and faults by script.

    Secrets that sign webhooks are PAYSTACK_SECRET_KEY and STRIPE_WEBHOOK_SECRET of the
    environment. Customers who neither pay nor are declined go away.
    """
    world, postage = World(_rules(options), options["faults"]), _postage(options)
    # uvicorn raises a signal again once it has stopped; before it has started, this ends us too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = options["port"]
    try:
        server = Server(world, postage, port=port)
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be used: {error.strerror}") from error
    with contextlib.suppress(KeyboardInterrupt):
        _announce(server, postage)
        server.serve()


def _rules(options: Mapping[str, Any]) -> Rules:
    seed = options["seed"]
    return Rules(
        secrets.randbits(SEED_BITS) if seed is None else seed,
        key=options["key"],
        untouched=options["untouched"],
        unnamed_refunds=options["unnamed_refunds"],
        habits=Habits(
            decide=options["customers"] == "auto",
            settle=options["refunds"] == "auto",
            pay_share=options["pay"],
            decline_share=options["decline"],
            refund_fail_share=options["fail_refunds"],
        ),
    )


def _postage(options: Mapping[str, Any]) -> Postage | None:
    if options["webhooks"] is None:
        return None
    try:
        return Postage(
            options["webhooks"],
            secrets_in(os.environ),
            lose_share=options["lose_webhooks"],
            double_share=options["double_webhooks"],
            delay_s=options["delay_webhooks"],
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--webhooks") from error


def _announce(server: Server, postage: Postage | None) -> None:
    click.echo(f"seed      {server.world.rules.seed}")
    click.echo(f"Paystack  PAYSTACK_API_URL={server.origin}/paystack")
    click.echo(f"Stripe    STRIPE_API_URL={server.origin}/stripe")
    click.echo(f"control   {server.origin}/control/books")
    for each in server.world.script.faults:
        click.echo(f"fault     {each}")
    if postage is not None:
        signed = ", ".join(sorted(postage.secrets)) or "nobody: no secret is set"
        click.echo(f"webhooks  {postage.url}, signed for {signed}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
