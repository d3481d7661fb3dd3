"""Where nothing was sent the provider is away; and what is in a request that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import ProviderAway
from tests.clients import objects
from tests.clients.conftest import KEY
from tests.clients.scripted import (
    ScriptedProvider,
    answer,
    deaf_port,
)
from workers.clients.paystack import PaystackClient

if TYPE_CHECKING:
    from tests.clients.conftest import MakeTransport


def test_nobody_listening_means_that_nothing_was_sent(make_transport: MakeTransport) -> None:
    client = PaystackClient(make_transport(url=f"http://127.0.0.1:{deaf_port()}"))

    for ask in (client.look_up, lambda asking: client.initialize(asking, key="k")):
        with pytest.raises(ProviderAway):
            ask(objects.ASKING)


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent(
    make_transport: MakeTransport,
) -> None:
    client = PaystackClient(make_transport(url="http://nobody.invalid"))

    with pytest.raises(ProviderAway):
        client.initialize(objects.ASKING, key="k")


def test_a_server_that_does_not_speak_tls_is_sent_nothing(
    provider: ScriptedProvider, make_transport: MakeTransport
) -> None:
    provider.plays(answer(200, objects.initialized()))
    url = provider.url.replace("http:", "https:")

    with pytest.raises(ProviderAway):
        PaystackClient(make_transport(url=url)).initialize(objects.ASKING, key="k")


def test_requests_carry_the_key_and_nothing_from_the_environment(
    provider: ScriptedProvider, paystack_client: PaystackClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{deaf_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{deaf_port()}")
    provider.plays(answer(200, objects.initialized()))

    paystack_client.initialize(objects.ASKING, key="k")

    (heard,) = provider.heard
    assert heard.headers["authorization"] == f"Bearer {KEY}"
    assert heard.headers["accept-encoding"] == "identity"
    assert heard.headers["user-agent"] == "payratchet"
