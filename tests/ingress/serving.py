"""An ingress on a real socket, in a thread of the test, and a client that speaks to it."""

from __future__ import annotations

import contextlib
import hmac
import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import uvicorn

from domain.providers import PROVIDERS
from ingress import accounts
from ingress.app import create_app
from ingress.protocol import Protocol
from ingress.settings import Settings
from tests.simulator.stoppable import Stoppable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from domain.delivery import Provider

SECRET = "sk_test_0123456789abcdef0123456789abcdef"
OLD_SECRET = "sk_test_old_456789abcdef0123456789abcdef"
BODY_BYTES_MAX = 20_000
PATIENCE_S = 15.0
UNTIL_S_MAX = 60.0
"""What is waited for comes at once, but for a machine that does ten other things."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read


@dataclass(frozen=True, slots=True)
class Door:
    """A running ingress."""

    port: int
    database_url: str

    def post(
        self,
        body: bytes,
        *,
        path: str = "/webhooks/paystack",
        headers: Sequence[tuple[str, str]] | None = None,
        secret: str = SECRET,
    ) -> Answer:
        """Send a delivery, signed unless other headers are given."""
        given = [("X-Paystack-Signature", signature(body, secret))] if headers is None else headers
        return self.ask("POST", path, body=body, headers=given)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None and not any(name == "Content-Length" for name, _ in headers):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    @contextlib.contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Give a bare socket."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            yield connection

    def raw(self, sent: bytes) -> bytes:
        """Send bytes as they are; return all that comes back until the end."""
        with self.connected() as connection:
            connection.sendall(sent)
            return rest(connection)

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        number: int = self.rows(f"SELECT count(*) FROM {table}")[0][0]
        return number

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query.encode()).fetchall()


def rest(connection: socket.socket) -> bytes:
    """Read until the other side ends; a reset is an end."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@contextlib.contextmanager
def serving(
    database_url: str,
    redis_url: str,
    *,
    environment: Mapping[str, str] | None = None,
    providers: Mapping[str, Provider] = PROVIDERS,
    **told: Any,
) -> Iterator[Door]:
    """Serve until the block ends."""
    secrets = {"PAYSTACK_SECRET_KEY": SECRET} if environment is None else environment
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        accounts=accounts.read(secrets, providers),
        payratchet_allow_unsafe_store=True,
        webhook_body_bytes_max=BODY_BYTES_MAX,
        **told,
    )
    server = Stoppable(
        uvicorn.Config(
            create_app(settings, providers=providers),
            port=0,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield Door(port, database_url)
    finally:
        server.stop()
        thread.join(PATIENCE_S)


def until(condition: Any, *, within_s: float = UNTIL_S_MAX) -> None:
    """Wait for a condition; fail when it does not come true."""
    ends_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_s, "it did not happen in time"
        time.sleep(0.01)


def signature(body: bytes, secret: str = SECRET) -> str:
    """Sign as Paystack does."""
    return hmac.new(secret.encode(), body, "sha512").hexdigest()


def charge(number: int = 1, *, amount: int = 5_000, note: str = "") -> bytes:
    """Return the body of a successful charge."""
    data = {
        "id": number,
        "domain": "test",
        "status": "success",
        "reference": f"top-up-{number}",
        "amount": amount,
        "currency": "NGN",
        "fees": 100,
        "paid_at": "2026-01-01T00:00:00.000Z",
        "metadata": {"note": note},
    }
    return json.dumps({"event": "charge.success", "data": data}).encode()
