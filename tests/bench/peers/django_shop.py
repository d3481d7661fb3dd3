"""Django with dj-stripe's own webhook path.

The event is the one about a customer's money whose handling asks Stripe for nothing: for charges
and payment intents dj-stripe fetches the object again, by HTTP, inside the request. That makes it
the fastest event that dj-stripe can be measured with.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.bench.peers import contract
from tests.bench.peers.contract import Peer, Tables
from tests.bench.peers.ledger_checks import checks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.peers.contract import Command

ENDPOINT_UUID = "5a0d1f0e-3c56-4b0e-9f6a-0d2f6f3b7c11"
ENDPOINT_SECRET = "whsec_django_shop"
TOLERANCE_S = 3_600
"""Not the default 300, so that a benchmark may sign its events before it sends them."""

WEB_PROCESSES = 4
WEB_THREADS = 2
STOP_WITHIN_S = 5
KEEP_ALIVE_S = 65
"""Longer than senders keep a connection idle, so that none is closed under a request."""

CREATED_S = 1_795_420_800


@dataclass(frozen=True)
class DjangoPeer(Peer):
    """Everything happens in the request: there is no worker, and Redis is not used."""

    def prepare(self, python: Path, database_url: str) -> None:
        """Migrate, and store the account, the key and the endpoint that Stripe would tell of."""
        contract.run([str(python), "-m", "shop.prepare"], _environment(database_url))

    def processes(
        self, python: Path, *, port: int, database_url: str, redis_url: str
    ) -> dict[str, Command]:
        """Return gunicorn."""
        del redis_url
        web = [str(python), "-m", "gunicorn", "shop.wsgi", "--bind", f"127.0.0.1:{port}"]
        web += ["--worker-class", "gthread", "--no-control-socket", "--log-level", "warning"]
        web += ["--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)]
        web += ["--graceful-timeout", str(STOP_WITHIN_S), "--keep-alive", str(KEEP_ALIVE_S)]
        return {"web": (web, _environment(database_url))}

    def request(self, n: int) -> tuple[bytes, dict[str, str]]:
        """Return a `customer_cash_balance_transaction.created`, signed now."""
        body = json.dumps(_event(n), separators=(",", ":")).encode()
        signed_s = int(time.time())
        message = b"%d.%s" % (signed_s, body)
        signature = hmac.new(ENDPOINT_SECRET.encode(), message, hashlib.sha256).hexdigest()
        return body, {
            "content-type": "application/json",
            "stripe-signature": f"t={signed_s},v1={signature}",
        }


def _environment(database_url: str) -> dict[str, str]:
    return {
        **contract.importing_applications(),
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DJANGO_SECRET_KEY": "only for a benchmark on this machine",
        "STRIPE_TEST_SECRET_KEY": "sk_test_onlyForABenchmarkOnThisMachine",
        "STRIPE_ENDPOINT_UUID": ENDPOINT_UUID,
        "STRIPE_ENDPOINT_SECRET": ENDPOINT_SECRET,
        "STRIPE_TOLERANCE_S": str(TOLERANCE_S),
    }


def _event(n: int) -> dict[str, object]:
    return {
        "id": f"evt_1Bench{n:015d}",
        "object": "event",
        "api_version": "2026-05-27.dahlia",
        "created": CREATED_S,
        "data": {
            "object": {
                "id": f"ccsbtxn_1Bench{n:015d}",
                "object": "customer_cash_balance_transaction",
                "created": CREATED_S,
                "currency": contract.CURRENCY.lower(),
                "customer": f"cus_{contract.customer(n)}",
                "customer_account": None,
                "ending_balance": contract.AMOUNT_MINOR,
                "funded": {
                    "bank_transfer": {
                        "reference": contract.reference(n),
                        "type": "eu_bank_transfer",
                        "eu_bank_transfer": {
                            "bic": "TESTBIC0XXX",
                            "iban_last4": "4081",
                            "sender_name": contract.customer(n),
                        },
                    }
                },
                "livemode": False,
                "net_amount": contract.AMOUNT_MINOR,
                "type": "funded",
            }
        },
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "customer_cash_balance_transaction.created",
    }


DJSTRIPE = DjangoPeer(
    name="djstripe",
    title="Django + dj-stripe",
    path=f"/stripe/webhook/{ENDPOINT_UUID}/",
    tables=Tables(accounts="payments_account", payments="payments_payment"),
    acknowledged_sql="SELECT count(*) FROM djstripe_event",
    applied_sql="SELECT count(*) FROM payments_credittransaction",
    checks_sql=MappingProxyType(
        checks(
            "payments_payment",
            "payments_account",
            "payments_credittransaction",
            "payments_ledgerentry",
        )
    ),
)
