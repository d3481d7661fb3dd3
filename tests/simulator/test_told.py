"""Webhooks of what was done over the API arrive signed, at least once, and tell the truth."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from domain.delivery import Delivery, Secret
from domain.facts import FactKind
from domain.providers import PROVIDERS
from tests.conformance.senders import BY_NAME
from tests.simulator.calling import Caller, merchant
from tests.simulator.provider import simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = {
    "PAYSTACK_SECRET_KEY": f"sk_test_{'0123456789abcdef' * 2},sk_test_old",
    "STRIPE_WEBHOOK_SECRET": f"whsec_test_{'0123456789abcdef' * 2}",
}
SECRETS = {
    "paystack": f"sk_test_{'0123456789abcdef' * 2}",
    "stripe": ENVIRONMENT["STRIPE_WEBHOOK_SECRET"],
}


class Received(NamedTuple):
    """One delivery."""

    path: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Inbox:
    """What a receiver got; it answers with these statuses in turn, then with 200."""

    def __init__(self, *statuses: int, says_length: bool = True) -> None:
        self.received: list[Received] = []
        self._statuses = list(statuses)
        self._says_length = says_length
        self.url = ""

    @contextlib.contextmanager
    def open(self) -> Iterator[Inbox]:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                lines = [(k.lower().encode(), v.encode()) for k, v in self.headers.items()]
                inbox.received.append(Received(self.path, lines, body))
                self.send_response(inbox._statuses.pop(0) if inbox._statuses else 200)
                if inbox._says_length:
                    self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextlib.contextmanager
def told(inbox: Inbox, **options: Any) -> Iterator[Caller]:
    with (
        inbox.open(),
        simulated(webhooks_url=inbox.url, environment=ENVIRONMENT, **options) as provider,
        merchant() as http,
    ):
        yield Caller(provider, http)


def test_what_is_told_is_signed_and_is_what_was_done() -> None:
    inbox = Inbox()
    with told(inbox) as caller:
        caller.initialize("ORD-1")
        caller.session("ORD-2")
        for reference in ("ORD-1", "ORD-2"):
            caller.provider.pay(reference)
        caller.provider.wait_until_delivered()

    paid: dict[str, set[object]] = {}
    for each in inbox.received:
        name = each.path.removeprefix("/webhooks/")
        adapter = PROVIDERS[name]
        at_s = next((int(v[2:12]) for k, v in each.headers if k == b"stripe-signature"), 0)
        secrets = [Secret("first", SECRETS[name].encode())]
        adapter.verify(Delivery(each.headers, each.body, at_s), secrets)
        facts = BY_NAME[name].told(each.body).facts
        paid.setdefault(name, set()).update(f.amount for f in facts if f.kind is FactKind.SUCCEEDED)
    amounts = {name: {m.amount_minor for m in found if m} for name, found in paid.items()}  # type: ignore[attr-defined]
    assert amounts == {"paystack": {10_000}, "stripe": {5_000}}


def test_what_was_not_taken_is_delivered_again() -> None:
    inbox = Inbox(503, 500)
    with told(inbox) as caller:
        caller.initialize()
        caller.provider.pay("ORD-1")
        caller.provider.wait_until_delivered()
        deliveries = caller.provider.deliveries

    assert len(inbox.received) == 3
    assert len({each.body for each in inbox.received}) == 1
    assert (deliveries["delivered"], deliveries["under way"]) == (1, 0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"lose_share": 1.0}, {"lost": 1}),
        ({"double_share": 1.0}, {"posted": 2, "delivered": 2, "answered 200": 2}),
        ({"delay_s": 0.1}, {"posted": 1, "delivered": 1, "answered 200": 1}),
    ],
    ids=str,
)
def test_webhooks_can_be_lost_doubled_and_late(
    options: dict[str, float], expected: dict[str, int]
) -> None:
    inbox = Inbox()
    with told(inbox, **options) as caller:
        caller.initialize()
        caller.provider.pay("ORD-1")
        caller.provider.wait_until_delivered()
        deliveries = caller.http.get(f"{caller.provider.url_control}/webhooks").json()

    assert Counter(deliveries) == Counter(expected)
    assert len(inbox.received) == expected.get("delivered", 0)


def test_what_is_lost_depends_on_the_seed_alone() -> None:
    def lost(seed: int) -> list[bytes]:
        inbox = Inbox()
        with told(inbox, seed=seed, lose_share=0.5) as caller:
            for number in range(20):
                caller.initialize(f"ORD-{number:02}")
                caller.provider.pay(f"ORD-{number:02}")
            caller.provider.wait_until_delivered()
        names = [each.body.partition(b'"reference":"')[2][:6] for each in inbox.received]
        return sorted(names)

    once = lost(1)
    assert once == lost(1)
    assert once != lost(2)


def test_a_receiver_need_not_say_more_than_a_status() -> None:
    inbox = Inbox(204, says_length=False)
    with told(inbox) as caller:
        caller.initialize()
        caller.provider.pay("ORD-1")
        caller.provider.wait_until_delivered()

    assert len(inbox.received) == 1


def test_a_receiver_may_have_a_path_of_its_own() -> None:
    inbox = Inbox()
    with inbox.open():
        url = f"{inbox.url}/hooks/{{provider}}/in"
        with (
            simulated(webhooks_url=url, environment=ENVIRONMENT) as provider,
            merchant() as http,
        ):
            Caller(provider, http).initialize()
            provider.pay("ORD-1")
            provider.wait_until_delivered()

    assert [each.path for each in inbox.received] == ["/hooks/paystack/in"]


def test_a_provider_without_a_secret_tells_nothing() -> None:
    inbox = Inbox()
    with (
        inbox.open(),
        simulated(webhooks_url=inbox.url, environment={}) as provider,
        merchant() as http,
    ):
        Caller(provider, http).initialize()
        provider.pay("ORD-1")
        provider.wait_until_delivered()
        deliveries = provider.deliveries

    assert Counter(deliveries) == Counter({"without a secret": 1})
    assert [notice.type for notice in provider.notices] == ["charge.success"]
