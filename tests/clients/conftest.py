"""A scripted provider, and clients of it that lose patience quickly."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.clients.scripted import ScriptedProvider
from workers.clients import paystack, stripe
from workers.clients.limits import Limits
from workers.clients.paystack import PaystackClient
from workers.clients.stripe import StripeClient
from workers.clients.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.providers.api import Pairs

QUICK = Limits(connect_s=0.3, read_s=0.3, call_s=0.5, repeats_s=0.9, pause_s=0.01, pause_s_max=0.02)
KEY = "sk_test_0123456789abcdef0123456789"


class MakeTransport(Protocol):
    """Make a transport to an address, the provider's unless told otherwise."""

    def __call__(
        self, headers: Pairs = ..., *, url: str = ..., at_once_max: int = ...
    ) -> Transport:
        """Make it."""


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as listening:
        yield listening


@pytest.fixture
def make_transport(provider: ScriptedProvider) -> Iterator[MakeTransport]:
    with ExitStack() as made:

        def make(headers: Pairs = (), *, url: str = "", at_once_max: int = 4) -> Transport:
            transport = Transport(
                url or provider.url, headers, at_once_max=at_once_max, limits=QUICK
            )
            made.callback(transport.close)
            return transport

        yield make


@pytest.fixture
def paystack_client(make_transport: MakeTransport) -> PaystackClient:
    return PaystackClient(make_transport(paystack.headers(KEY)))


@pytest.fixture
def stripe_client(make_transport: MakeTransport) -> StripeClient:
    return StripeClient(make_transport(stripe.headers(KEY)))
