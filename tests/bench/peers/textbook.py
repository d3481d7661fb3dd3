"""FastAPI and SQLAlchemy's ORM, with two queues to choose from."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.bench.peers import contract
from tests.bench.peers.contract import Peer, Tables
from tests.bench.peers.ledger_checks import checks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.peers.contract import Command

SECRET = "sk_test_textbook"
WEB_PROCESSES = 2
WEB_CONNECTIONS = 20
WORKER_PROCESSES = 2
DRAMATIQ_THREADS = 4


@dataclass(frozen=True)
class TextbookPeer(Peer):
    """The shared application; what differs is the worker's command."""

    package: str

    def prepare(self, python: Path, database_url: str) -> None:
        """Make the tables from the models."""
        extra = _environment(database_url, "unix:///unused")
        contract.run([str(python), "-m", "textbook.create_tables"], extra)

    def processes(
        self, python: Path, *, port: int, database_url: str, redis_url: str
    ) -> dict[str, Command]:
        """Return uvicorn, and the worker of the queue."""
        extra = _environment(database_url, redis_url)
        web = [str(python), "-m", "uvicorn", f"{self.package}.web:app", "--port", str(port)]
        web += ["--host", "127.0.0.1", "--loop", "uvloop", "--http", "httptools"]
        web += ["--workers", str(WEB_PROCESSES), "--no-access-log", "--log-level", "warning"]
        return {
            "web": (web, {**extra, "POOL_CONNECTIONS": str(WEB_CONNECTIONS)}),
            "worker": _worker(self.package, python, extra),
        }

    def request(self, n: int) -> tuple[bytes, dict[str, str]]:
        """Return a signed `charge.success`."""
        body = json.dumps(_event(n), separators=(",", ":")).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()
        headers = {"content-type": "application/json", "x-paystack-signature": signature}
        return body, headers


def _worker(package: str, python: Path, extra: dict[str, str]) -> Command:
    tasks = f"{package}.tasks"
    if package == "textbook_celery":
        command = [str(python), "-m", "celery", "--app", tasks, "worker", "--loglevel", "warning"]
        command += ["--concurrency", str(WORKER_PROCESSES)]
        return command, {**extra, "POOL_CONNECTIONS": "1"}
    command = [str(python), "-m", "dramatiq", tasks]
    command += ["--processes", str(WORKER_PROCESSES), "--threads", str(DRAMATIQ_THREADS)]
    return command, {**extra, "POOL_CONNECTIONS": str(DRAMATIQ_THREADS)}


def _environment(database_url: str, redis_url: str) -> dict[str, str]:
    return {
        **contract.importing_applications(),
        "DATABASE_URL": database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        "REDIS_URL": redis_url,
        "CELERY_BROKER_URL": _kombu(redis_url),
        "PAYSTACK_SECRET": SECRET,
    }


def _kombu(redis_url: str) -> str:
    """Return the same address as Celery's library writes it."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    index = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={index}"


def _event(n: int) -> dict[str, object]:
    customer = contract.customer(n)
    return {
        "event": "charge.success",
        "data": {
            "id": 4_000_000_000 + n,
            "domain": "test",
            "status": "success",
            "reference": contract.reference(n),
            "amount": contract.AMOUNT_MINOR,
            "message": None,
            "gateway_response": "Successful",
            "paid_at": "2026-11-23T08:00:00.000Z",
            "created_at": "2026-11-23T07:59:30.000Z",
            "channel": "card",
            "currency": contract.CURRENCY,
            "ip_address": "192.0.2.10",
            "metadata": {"cart": f"{n}"},
            "fees": 1_875,
            "customer": {
                "id": n % contract.CUSTOMERS,
                "email": f"{customer}@example.com",
                "customer_code": f"CUS_{customer}",
            },
            "authorization": {
                "authorization_code": f"AUTH_{n:010d}",
                "bin": "408408",
                "last4": "4081",
                "exp_month": "12",
                "exp_year": "2030",
                "channel": "card",
                "card_type": "visa",
                "bank": "TEST BANK",
                "country_code": "NG",
                "brand": "visa",
                "reusable": True,
            },
        },
    }


def _peer(name: str, title: str) -> TextbookPeer:
    return TextbookPeer(
        name=name,
        title=title,
        path="/webhooks/paystack",
        tables=Tables(accounts="accounts", payments="payments"),
        acknowledged_sql="SELECT count(*) FROM webhook_events",
        applied_sql="SELECT count(*) FROM credit_transactions",
        checks_sql=MappingProxyType(
            checks("payments", "accounts", "credit_transactions", "ledger_entries")
        ),
        package=name,
    )


CELERY = _peer("textbook_celery", "FastAPI + SQLAlchemy ORM + Celery")
DRAMATIQ = _peer("textbook_dramatiq", "FastAPI + SQLAlchemy ORM + Dramatiq")
