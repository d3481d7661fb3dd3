"""Intents: requests for payments over the API, by a client that may ask as often as it likes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.errors import BenchFailed
from tests.bench.load.target import Target
from tests.bench.stage import supply
from tests.bench.stage.supply import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/v1/payments"
KEY_HEADER = "idempotency-key"
"""The header that differs from request to request, as a signature does elsewhere."""

PEPPER = "b" * 64
"""What keys of clients are hashed with; it is worth nothing."""

LIMIT = "100000/second"
COMMAND_S_MAX = 30.0

_BODY = (
    '{"provider":"paystack","reference":"%s","amount_minor":125000,"currency":"NGN",'
    '"customer_id":"%s","email":"ada@example.com","callback_url":"https://shop.example/back",'
    '"metadata":{"order":"%d"}}'
)


def intents(numbers: range) -> Iterator[Delivery]:
    """Yield the requests for these payments, each under a key of its own."""
    for number in numbers:
        customer = supply.customer(number, supply.CUSTOMERS)
        body = _BODY % (supply.reference(number), customer, number)
        yield Delivery(body.encode(), f"00000000-0000-4000-8000-{number:012x}")


def target(port: int, api_key: str) -> Target:
    """Return where our ingress takes them."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {api_key}"}
    return Target(port, PATH, KEY_HEADER, headers)


def client(database_url: str, redis_url: str) -> str:
    """Make a client as an operator does, and return its key. Raises BenchFailed."""
    told = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "API_KEY_PEPPER": PEPPER}
    made = _payratchet(told, "operators", "create", "bench", "--role", "operator")
    words = ["clients", "create", "bench", "--scope", "payments:write"]
    words += ["--initialize", LIMIT, "--verify", LIMIT]
    return _payratchet({**told, "PAYRATCHET_OPERATOR_TOKEN": made["token"]}, *words)["key"]


def _payratchet(environment: dict[str, str], *words: str) -> dict[str, str]:
    """Run a command and return what it printed. Raises BenchFailed."""
    done = subprocess.run(
        [Path(sys.executable).parent / "payratchet", *words, "--reason", "the benchmark", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_S_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise BenchFailed(f"The client could not be made.\n{done.stdout}{done.stderr}".strip())
    told: dict[str, str] = json.loads(done.stdout)
    return told
