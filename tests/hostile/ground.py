"""The ground: who is known to the server that all inputs are sent to, and what is there already.

Every secret is a constant, so that an input is bytes that can be read and sent again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from domain import api_keys
from domain.announcement import Announcement
from domain.money import Money
from tests.api.books import opened
from tests.api.serving import PEPPER, UNLIMITED
from tests.conformance.senders import SENDERS
from tests.local import readiness
from workers.announce import announce

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BY_NAME = {sender.name: sender for sender in SENDERS}

SECRET = "sk_test_0123456789abcdef0123456789abcdef"
OLD_SECRET = "sk_test_old_456789abcdef0123456789abcdef"
RETIRED_SECRET = "sk_test_gone_56789abcdef0123456789abcdef"
LIVE_SECRET = "sk_live_0123456789abcdef0123456789abcdef"
STRIPE_SECRET = BY_NAME["stripe"].secret.decode()
STANDARD_SECRET = BY_NAME["standard-webhooks"].secret.decode()
ADYEN_SECRET = BY_NAME["adyen"].secret.decode()
PATH_SECRET = BY_NAME["mpesa-daraja"].secret.decode()

CANARY = "canary-5d41402abc4b2a76b9719d911017c592"
"""Stands wherever a sender may write something that is nobody else's to read."""

PAN = "4242424242424242"
"""The number of a card, which belongs into no log."""

VICTIMS = tuple(f"victim-{number}" for number in range(60))
"""Payments that Paystack was asked for, each for one delivery that is nearly what it waits for."""

ASKED_MINOR = 10_000

STOP_S_MAX = 15
START_S_MAX = 60.0
BODY_BYTES_MAX = 262_144
"""Bytes of a webhook's body: the setting's default."""

ENVIRONMENT = {
    "PAYSTACK_SECRET_KEY": f"{SECRET},{OLD_SECRET}",
    "PAYSTACK_RETIRED_SECRET": RETIRED_SECRET,
    "PAYSTACK__LIVE_WEBHOOK_SECRET": LIVE_SECRET,
    "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
    "STANDARD_WEBHOOKS_WEBHOOK_SECRET": STANDARD_SECRET,
    "ADYEN_WEBHOOK_SECRET": ADYEN_SECRET,
    "PAYPAL_WEBHOOK_SECRET": BY_NAME["paypal"].secret.decode(),
    "PAYPAL_MODE": "live",
    "MPESA_DARAJA_WEBHOOK_SECRET": PATH_SECRET,
    "MPESA_DARAJA_UNSIGNED": "enabled",
    "API_KEY_PEPPER": PEPPER,
    "WEB_CONCURRENCY": "1",
    "HOST": "127.0.0.1",
}
"""What the server is told, beside its stores and its port."""


def _key(number: int) -> str:
    return api_keys.written(bytes([number]) * api_keys.PREFIX_BYTES, b"k" * api_keys.SECRET_BYTES)


SHOP, OTHER, READER, REVOKED, EXPIRED, DISMISSED, SLOW, NOBODY = (_key(n) for n in range(1, 9))
"""Keys of two clients who may do all; of one who may only read; that are good no more, for three
reasons; of a client with a limit of one payment a minute; of nobody."""

KEYS_IN_USE = (SHOP, OTHER, READER, REVOKED, EXPIRED, DISMISSED, SLOW)
SECRETS = (
    *(SECRET, OLD_SECRET, RETIRED_SECRET, LIVE_SECRET, STRIPE_SECRET, STANDARD_SECRET),
    *(ADYEN_SECRET, PATH_SECRET, PEPPER, *(key.rpartition("_")[2] for key in KEYS_IN_USE)),
)
"""What no answer, no log line and no row may show."""

_CLIENTS = """
    INSERT INTO api_clients (id, name, scopes, initialize_limit, verify_limit, created_by,
                             revoked_at)
    VALUES (%(name)s, %(name)s, %(scopes)s, %(limit)s, %(limit)s, 'test',
            CASE WHEN %(revoked)s THEN now() END)
"""
_KEYS = """
    INSERT INTO api_keys (prefix, client_id, key_hash, created_by, revoked_at, expires_at)
    VALUES (%s, %s, %s, 'test', CASE WHEN %s THEN now() END,
            CASE WHEN %s THEN now() - interval '1 s' END)
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A server that runs, as the inputs' runner sees it."""

    port: int
    pid: int
    log: Path
    database_url: str
    redis_url: str

    def memory_bytes(self) -> int:
        """Return the resident memory of the process."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the process is gone")


def prepare(database_url: str) -> None:
    """Fill the record: clients, and a payment of `shop` that was paid, of which credit is left."""
    with psycopg.connect(database_url) as connection:
        for name, scopes, limit, revoked in (
            ("shop", ["payments:write", "credit:write"], UNLIMITED, False),
            ("other", ["payments:write", "credit:write"], UNLIMITED, False),
            ("reader", ["payments:read"], UNLIMITED, False),
            ("dismissed", ["payments:write"], UNLIMITED, True),
            ("slow", ["payments:write"], "1/minute", False),
        ):
            connection.execute(
                _CLIENTS, {"name": name, "scopes": scopes, "limit": limit, "revoked": revoked}
            )
        for key, name in (
            *((SHOP, "shop"), (OTHER, "other"), (READER, "reader"), (REVOKED, "shop")),
            *((EXPIRED, "shop"), (DISMISSED, "dismissed"), (SLOW, "slow")),
        ):
            hashed = api_keys.key_hash(PEPPER.encode(), key)
            values = [api_keys.prefix_of(key), name, hashed, key == REVOKED, key == EXPIRED]
            connection.execute(_KEYS, values)
    with opened(database_url) as books:
        books.paid("paid-1", amount_minor=10_000)
        books.own("asked-1", amount_minor=10_000)
        announce(
            books.database,
            [
                Announcement(each, "paystack", Money("NGN", ASKED_MINOR), "ada", client_id="shop")
                for each in VICTIMS
            ],
            actor="client:shop",
        )
        books.own("foreign-1", amount_minor=10_000, customer_id="grace", client_id="other")


@contextlib.contextmanager
def running(database_url: str, redis_url: str, log: Path) -> Iterator[Ground]:
    """Run `python -m ingress`, as production does, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if "SECRET" not in name}
    stores = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PORT": str(port)}
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "ingress"],
            cwd=ROOT,
            env={**kept, **ENVIRONMENT, **stores},
            stdout=said,
            stderr=said,
        ) as process,
    ):
        try:
            _await_ready(process, port)
            yield Ground(port, process.pid, log, database_url, redis_url)
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S_MAX)
        finally:
            process.kill()


def _await_ready(process: subprocess.Popen[bytes], port: int) -> None:
    ends_s = time.monotonic() + START_S_MAX
    while not readiness.is_ready(port):
        assert process.poll() is None, "the server ended at its start"
        assert time.monotonic() < ends_s, "the server is not ready in time"
        time.sleep(0.05)
