"""The clients and the simulated providers understand each other, from start to refund."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from domain.asking import Asking, RefundAsking
from domain.errors import ProviderForbids, ReferenceTaken
from domain.facts import FactKind, FactStatus
from domain.money import Money
from tests.clients.heard import facts_of
from tests.simulator.api.customers import Habits
from tests.simulator.api.serving import Server
from tests.simulator.api.world import Rules, World
from workers.clients.registry import Clients
from workers.settings import CallSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.asking import Told
    from domain.facts import Fact
    from workers.clients.client import ProviderClient

KEY = "sk_test_0123456789abcdef0123456789"
NAMES = ["paystack", "stripe"]
CURRENCIES = {"paystack": "NGN", "stripe": "USD"}
each_provider = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def server() -> Iterator[Server]:
    world = World(Rules(seed=1, key=KEY, habits=Habits(decide=False, settle=False)))
    made = Server(world, None)
    with made.in_thread():
        yield made


@pytest.fixture
def clients(server: Server) -> Iterator[Clients]:
    with Clients(settings(server, KEY)) as made:
        yield made


def settings(server: Server, key: str) -> CallSettings:
    return CallSettings(
        paystack_api_url=f"{server.origin}/paystack",
        stripe_api_url=f"{server.origin}/stripe",
        accounts={(name, "default"): SecretStr(key) for name in NAMES},
    )


def client_of(clients: Clients, name: str) -> ProviderClient:
    found = clients.find(name, "default")
    assert found is not None
    return found


def asking_of(name: str, told: Told | None = None) -> Asking:
    asking = Asking("ORD-1", Money(CURRENCIES[name], 1_250), "cust_1")
    names = tuple(fact.object_id for fact in told.facts) if told else ()
    return replace(asking, names=names)


def pay(server: Server, name: str) -> None:
    counter = server.world.counters[name]
    server.do(lambda: counter.pay(next(counter.newest_first())))


def money_facts(facts: tuple[Fact, ...]) -> set[tuple[object, ...]]:
    moving = (FactKind.SUCCEEDED, FactKind.FEE, FactKind.REFUND)
    return {fact.key for fact in facts if fact.kind in moving}


@each_provider
def test_what_is_looked_up_is_what_the_webhooks_told(
    server: Server, clients: Clients, name: str
) -> None:
    client = client_of(clients, name)
    started = client.initialize(asking_of(name), key="key-1")
    assert started.authorization_url
    assert not client.look_up(asking_of(name, started)).is_final

    pay(server, name)
    paid = client.look_up(asking_of(name, started))
    (capture_id,) = {f.object_id for f in paid.facts if f.kind is FactKind.SUCCEEDED}
    refund = RefundAsking(
        asking_of(name, started), "RF-1", Money(CURRENCIES[name], 500), capture_id
    )
    made = client.refund(refund, key="key-2").refunds[0]
    counter = server.world.counters[name]
    server.do(lambda: counter.settle(next(iter(counter.refunds.values())), done=True))

    told = client.look_up(asking_of(name, started))
    notices = [facts_of(name, n.body, n.message_id) for n in server.world.notices]
    by_webhooks = {fact.key for facts in notices for fact in facts}
    assert money_facts(told.facts) <= by_webhooks
    assert {fact.kind for fact in told.facts} >= {FactKind.SUCCEEDED, FactKind.REFUND}
    (refunded,) = told.refunds
    assert (refunded.ours, refunded.status) == ("RF-1", FactStatus.SUCCEEDED)
    assert refunded.provider_refund_id == made.provider_refund_id


@each_provider
def test_a_page_lists_what_was_paid(server: Server, clients: Clients, name: str) -> None:
    client = client_of(clients, name)
    started = client.initialize(asking_of(name), key="key-1")
    pay(server, name)

    page = client.page(since_s=0, until_s=4_000_000_000, cursor=None)

    (listed,) = page.items
    told = client.look_up(asking_of(name, started))
    assert (listed.reference, listed.amount) == ("ORD-1", Money(CURRENCIES[name], 1_250))
    assert money_facts(listed.facts) == money_facts(told.facts)
    assert page.next_cursor is None


def test_paystack_starts_a_reference_once_and_stripe_a_key(clients: Clients) -> None:
    paystack, stripe = (client_of(clients, name) for name in NAMES)
    paystack.initialize(asking_of("paystack"), key="key-1")
    with pytest.raises(ReferenceTaken):
        paystack.initialize(asking_of("paystack"), key="key-1")

    first = stripe.initialize(asking_of("stripe"), key="key-1")
    assert stripe.initialize(asking_of("stripe"), key="key-1").facts == first.facts


def test_paystack_proves_that_it_knows_no_such_payment(clients: Clients) -> None:
    assert not client_of(clients, "paystack").look_up(asking_of("paystack")).is_known


def test_stripe_ends_a_payment_that_nobody_has_paid(clients: Clients) -> None:
    client = client_of(clients, "stripe")
    started = client.initialize(asking_of("stripe"), key="key-1")

    ended = client.cancel(asking_of("stripe", started), key="key-2")

    assert ended.is_final
    assert client.look_up(asking_of("stripe", started)).facts == ended.facts


@each_provider
def test_a_wrong_key_is_refused_as_such(server: Server, name: str) -> None:
    with Clients(settings(server, KEY[::-1])) as clients, pytest.raises(ProviderForbids):
        client_of(clients, name).initialize(asking_of(name), key="key-1")
