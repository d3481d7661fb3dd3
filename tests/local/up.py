"""`dev.py up`: the service without the traffic, until it is told to stop."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.local import ports, service, signals
from tests.local.errors import LocalRunFailed, PortBusy

if TYPE_CHECKING:
    from tests.local.service import Service

SIMULATOR_PORT = 8910
"""Where the simulated providers are, unless somebody else is there."""

HOW_TO = """\
Make a client, start a payment, and learn where it is paid:
  KEY=$(python3 dev.py cli clients create shop --scope payments:write --reason 'to try it' --json \
| python3 -c 'import json,sys; print(json.load(sys.stdin)["key"])')
  curl -s {ingress}/v1/payments -H "Authorization: Bearer $KEY" \
-H 'Content-Type: application/json' -d '{{"provider":"paystack","reference":"ORD-7",\
"amount_minor":125000,"currency":"NGN","customer_id":"ada"}}'
  curl -s "{ingress}/v1/payments/ORD-7?wait=20" -H "Authorization: Bearer $KEY"
{then}"""
THEN = {
    "none": "Once it has an authorization_url, open that and press Pay, or: curl -X POST URL/pay",
    "auto": "Its customer pays, or does not, within a second.",
}


def main() -> int:
    """Run until Ctrl-C (then 0) or until a process cannot be kept running (then 1)."""
    options = _read()
    try:
        with signals.stop_by_interrupt():
            _run(options)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    except LocalRunFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py up", description=__doc__)
    parser.add_argument("--data", type=Path, default=service.DATA, help="where the data lives")
    parser.add_argument(
        "--simulator", action="store_true", help="call simulated providers, started beside it"
    )
    parser.add_argument(
        "--customers", choices=tuple(THEN), help="of the simulator; default: you are the customer"
    )
    options = parser.parse_args()
    if options.customers and not options.simulator:
        parser.error("--customers are the simulator's: use it with --simulator")
    options.customers = options.customers or "none"
    return options


def _run(options: argparse.Namespace) -> None:
    environment, beside = dict(os.environ), {}
    if options.simulator:
        simulator_url = f"http://127.0.0.1:{_simulator_port()}"
        environment["PAYSTACK_API_URL"] = f"{simulator_url}/paystack"
        environment["STRIPE_API_URL"] = f"{simulator_url}/stripe"
        beside["simulator"] = _simulator(simulator_url, environment, options.customers)
    print("Starting the stores, the migration and the processes …", file=sys.stderr)
    with service.running(
        data=options.data.absolute(), environment=environment, echo=sys.stderr, beside=beside
    ) as running:
        print(f"ingress {running.ingress_url}\nconsole {running.console_url}", flush=True)
        if options.simulator:
            print(f"simulator {simulator_url}", flush=True)
            _say_how(running, options.customers)
        print("Stop with Ctrl-C.", file=sys.stderr)
        running.supervisor.wait()


def _simulator_port() -> int:
    try:
        ports.check_free(SIMULATOR_PORT, setting="the simulator's port")
    except PortBusy:
        return ports.free()
    return SIMULATOR_PORT


def _simulator(url: str, environment: dict[str, str], customers: str) -> list[str]:
    """Return the command of the simulator, which tells our ingress what happens."""
    port = environment.get("PORT") or service.DEFAULT_PORTS["PORT"]
    where = ("--port", url.rpartition(":")[2], "--webhooks", f"http://127.0.0.1:{port}")
    return ["python", "-m", "tests.simulator", *where, "--customers", customers]


def _say_how(running: Service, customers: str) -> None:
    print(HOW_TO.format(ingress=running.ingress_url, then=THEN[customers]), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
