"""Names of hosts are resolved within the time of a call, whatever the system's resolver does."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpcore
import pytest

from domain.errors import ProviderAway
from tests.clients import objects
from tests.clients.conftest import QUICK
from tests.clients.scripted import TEST_S, ScriptedProvider, answer
from workers.clients.paystack import PaystackClient
from workers.clients.resolver import FRESH_S, KEPT_S, REFRESH_S_MAX, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.conftest import MakeTransport

THREADS = 8
SOON_S = 0.05


class Names:
    """A resolver that can be made to hang or to fail."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.addresses: tuple[str, ...] = ("192.0.2.1", "192.0.2.2")
        self.is_hanging = False
        self.asked = 0
        self.goes_on = threading.Event()

    def ask(self, host: str, port: int) -> tuple[str, ...]:
        del port
        self.asked += 1
        if self.is_hanging:
            self.goes_on.wait(TEST_S)
        if not self.addresses:
            raise socket.gaierror(f"no address of {host}")
        return self.addresses


@pytest.fixture
def names() -> Iterator[Names]:
    made = Names()
    yield made
    made.goes_on.set()


@pytest.fixture
def resolver(names: Names) -> Resolver:
    return Resolver(names.ask, lambda: names.now_s)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the system's resolver hang, as it does when its servers do not answer."""
    goes_on, resolve = threading.Event(), socket.getaddrinfo

    def hang(host: Any, *args: Any, **more: Any) -> Any:
        if host == "slow.example":
            goes_on.wait(TEST_S)
        return resolve(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield
    goes_on.set()


@pytest.mark.usefixtures("hanging")
def test_a_name_that_does_not_resolve_in_time_ends_the_call_in_time_and_nothing_is_sent(
    make_transport: MakeTransport,
) -> None:
    client = PaystackClient(make_transport(url="http://slow.example"))
    began_s = time.monotonic()

    with pytest.raises(ProviderAway):
        client.initialize(objects.ASKING, key="k")
    assert time.monotonic() - began_s < QUICK.connect_s + 0.4

    with pytest.raises(ProviderAway):
        client.look_up(objects.ASKING)
    assert time.monotonic() - began_s < QUICK.connect_s + QUICK.repeats_s + 0.8


def test_a_name_of_this_machine_is_resolved_and_connected_to(
    provider: ScriptedProvider, make_transport: MakeTransport
) -> None:
    provider.plays(answer(200, objects.initialized()))
    url = provider.url.replace("127.0.0.1", "localhost")

    told = PaystackClient(make_transport(url=url)).initialize(objects.ASKING, key="k")

    assert told.authorization_url is not None
    assert provider.heard[0].headers["host"].startswith("localhost:")


def test_an_address_needs_no_resolver(resolver: Resolver, names: Names) -> None:
    for address in ("127.0.0.1", "::1"):
        assert resolver.find(address, 443, within_s=SOON_S) == (address,)
    assert names.asked == 0


def test_addresses_are_used_again_for_a_while(resolver: Resolver, names: Names) -> None:
    assert resolver.find("a.example", 443, within_s=TEST_S) == ("192.0.2.1", "192.0.2.2")
    names.addresses = ("192.0.2.3",)
    names.now_s += FRESH_S - 1
    assert resolver.find("a.example", 443, within_s=TEST_S) == ("192.0.2.1", "192.0.2.2")
    names.now_s += 1
    assert resolver.find("a.example", 443, within_s=TEST_S) == ("192.0.2.3",)
    assert names.asked == 2


def test_addresses_at_which_nobody_answers_are_asked_for_again(
    resolver: Resolver, names: Names
) -> None:
    resolver.find("a.example", 443, within_s=TEST_S)
    names.addresses = ("192.0.2.3",)

    resolver.distrust("a.example", 443)

    assert resolver.find("a.example", 443, within_s=TEST_S) == ("192.0.2.3",)


def test_known_addresses_are_used_for_an_hour_while_names_do_not_resolve(
    resolver: Resolver, names: Names
) -> None:
    known = resolver.find("a.example", 443, within_s=TEST_S)
    names.addresses = ()
    names.now_s += KEPT_S - 1
    assert resolver.find("a.example", 443, within_s=TEST_S) == known

    names.now_s += 1
    with pytest.raises(httpcore.ConnectError):
        resolver.find("a.example", 443, within_s=TEST_S)


def test_whoever_has_addresses_waits_for_newer_ones_only_a_moment(
    resolver: Resolver, names: Names
) -> None:
    known = resolver.find("a.example", 443, within_s=TEST_S)
    names.now_s += FRESH_S
    names.is_hanging = True
    began_s = time.monotonic()

    assert resolver.find("a.example", 443, within_s=TEST_S) == known
    assert time.monotonic() - began_s < REFRESH_S_MAX + 0.4


def test_many_calls_wait_for_one_question_and_each_no_longer_than_it_may(
    resolver: Resolver, names: Names
) -> None:
    names.is_hanging = True

    def find() -> object:
        try:
            return resolver.find("a.example", 443, within_s=SOON_S)
        except httpcore.ConnectTimeout as error:
            return type(error)

    with ThreadPoolExecutor(THREADS) as pool:
        found = [future.result(TEST_S) for future in [pool.submit(find) for _ in range(THREADS)]]

    assert found == [httpcore.ConnectTimeout] * THREADS
    assert names.asked == 1


def test_an_answer_that_came_too_late_serves_the_next_call(
    resolver: Resolver, names: Names
) -> None:
    names.is_hanging = True
    with pytest.raises(httpcore.ConnectTimeout):
        resolver.find("a.example", 443, within_s=SOON_S)

    names.goes_on.set()

    assert resolver.find("a.example", 443, within_s=TEST_S) == names.addresses
    assert names.asked == 1


def test_a_name_without_an_address_is_asked_for_by_the_next_call_again(
    resolver: Resolver, names: Names
) -> None:
    names.addresses = ()
    with pytest.raises(httpcore.ConnectError):
        resolver.find("a.example", 443, within_s=TEST_S)
    names.addresses = ("192.0.2.3",)

    assert resolver.find("a.example", 443, within_s=TEST_S) == ("192.0.2.3",)


def test_a_certificate_has_to_fit_the_name_and_not_the_address_that_was_found_for_it(
    make_transport: MakeTransport,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(TEST_S)

        def greet() -> bytes:
            connection, _ = listener.accept()
            with connection:
                return connection.recv(65_536)

        hello = pool.submit(greet)
        url = f"https://localhost:{listener.getsockname()[1]}"
        with pytest.raises(ProviderAway):
            PaystackClient(make_transport(url=url)).initialize(objects.ASKING, key="k")

        assert b"localhost" in hello.result(TEST_S), "the name that is asked of the server"
