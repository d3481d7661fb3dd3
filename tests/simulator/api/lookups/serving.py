"""Serving the simulated providers on a port of this machine, in a thread.

with simulated_lookups() as there:
    there.pay("mollie-classic", "ORD-1", 125_000)
    ...  # the environment of whoever asks: there.environment("mollie-classic")
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.simulator.api.lookups.book import FAILED, OPEN, Back, Sale, dumped
from tests.simulator.api.lookups.desk import Asked, Desk, Said, read
from tests.simulator.api.lookups.fawry_v2 import Fawry
from tests.simulator.api.lookups.flutterwave_v3 import FlutterwaveV3
from tests.simulator.api.lookups.flutterwave_v4 import FlutterwaveV4
from tests.simulator.api.lookups.gocardless import GoCardless
from tests.simulator.api.lookups.interswitch import Interswitch
from tests.simulator.api.lookups.klarna import Klarna
from tests.simulator.api.lookups.mercado_pago import MercadoPago
from tests.simulator.api.lookups.midtrans import Midtrans
from tests.simulator.api.lookups.mollie_classic import Mollie
from tests.simulator.api.lookups.mpesa_daraja import Mpesa
from tests.simulator.api.lookups.paypal import PayPal
from tests.simulator.api.lookups.plaid import Plaid
from tests.simulator.api.lookups.xendit import Xendit

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW_S = 30.0
"""How long an answer takes that is too late for everybody."""

POLL_S = 0.02
"""How often it is looked whether to stop."""

DESKS = (
    Fawry,
    FlutterwaveV3,
    FlutterwaveV4,
    GoCardless,
    Interswitch,
    Klarna,
    MercadoPago,
    Midtrans,
    Mollie,
    Mpesa,
    PayPal,
    Plaid,
    Xendit,
)

FAULTS: dict[str, tuple[int, bytes]] = {
    "401": (401, b'{"message": "unauthorized"}'),
    "429": (429, b'{"message": "too many"}'),
    "500": (500, b'{"message": "oops"}'),
    "html": (200, b"<!doctype html><title>Maintenance</title>"),
    "list": (200, b"[]"),
    "empty": (200, b"{}"),
}
"""What may be said instead, beside "slow"."""


class LookUps:
    """Simulated providers that run. Each has a book of its own."""

    def __init__(self, origin: str, over: threading.Event) -> None:
        self.origin = origin
        self.over = over
        self.desks: dict[str, Desk] = {each.slug: each() for each in DESKS}
        self.heard: list[tuple[str, Asked]] = []
        self.faults: dict[str, list[str]] = defaultdict(list)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def url(self, slug: str) -> str:
        """Return where a provider's API is."""
        return f"{self.origin}/{slug}"

    def environment(self, slug: str, account: str = "") -> dict[str, str]:
        """Return the variables with which an account of it can be asked here."""
        desk = self.desks[slug]
        stem = slug.upper().replace("-", "_") + (f"__{account}" if account else "")
        variables = {f"{stem}_{name}": text for name, text in desk.settings.items()}
        variables[f"{stem}_API_URL"] = self.url(slug)
        if desk.has_tokens_elsewhere:
            variables[f"{stem}_TOKEN_URL"] = self.url(slug)
        return variables

    def pay(
        self,
        slug: str,
        reference: str | None,
        amount_minor: int,
        currency: str = "",
        object_id: str = "",
    ) -> Sale:
        """Have a customer pay; return the sale, which a test may change."""
        desk = self.desks[slug]
        with self._lock:
            name = object_id or desk.new_id(next(self._numbers))
            sale = Sale(name, reference, amount_minor, currency or desk.currency)
            desk.book.sales[name] = sale
        return sale

    def open(self, slug: str, reference: str | None, amount_minor: int, **more: str) -> Sale:
        """Have a sale begun that nobody has paid yet."""
        sale = self.pay(slug, reference, amount_minor, **more)
        sale.status = OPEN
        return sale

    def fail(self, slug: str, reference: str | None, amount_minor: int, **more: str) -> Sale:
        """Have a sale fail."""
        sale = self.pay(slug, reference, amount_minor, **more)
        sale.status = FAILED
        return sale

    def refund(self, sale: Sale, refund_id: str, amount_minor: int, status: str = "done") -> Back:
        """Have money given back."""
        back = Back(refund_id, amount_minor, status)
        sale.backs.append(back)
        return back

    def asked(self, slug: str) -> list[Asked]:
        """Return what a provider was asked, token requests included."""
        return [asked for each, asked in self.heard if each == slug]

    def say(self, slug: str, asked: Asked) -> tuple[int, bytes]:
        """Answer a request, or say what is said instead."""
        self.heard.append((slug, asked))
        desk = self.desks.get(slug)
        if desk is None:
            return 404, b"{}"
        if self.faults[slug]:
            fault = self.faults[slug].pop(0)
            if fault == "slow":
                self.over.wait(SLOW_S)
            else:
                return FAULTS[fault]
        status, tree = _answer(desk, asked)
        return status, dumped(tree)


def _answer(desk: Desk, asked: Asked) -> Said:
    token = desk.token(asked)
    if token is not None:
        return token
    if not desk.is_let_in(asked):
        return desk.refused()
    return desk.answer(asked) or desk.missing()


@contextlib.contextmanager
def simulated_lookups() -> Iterator[LookUps]:
    """Run all of them in a thread, on a free port of the loopback."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = there.say(*read(self.command, self.path, headers, body))
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *about: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        there = LookUps(f"http://127.0.0.1:{server.server_port}", over)
        thread = threading.Thread(
            target=server.serve_forever, args=(POLL_S,), name="look-ups", daemon=True
        )
        thread.start()
        try:
            yield there
        finally:
            over.set()
            server.shutdown()
            thread.join()
