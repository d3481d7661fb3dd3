"""Reconciliation over real HTTP with every webhook lost, performed as any command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from domain.announcement import Announcement
from domain.asking import Asking
from domain.commands import CommandKind
from domain.money import Money
from tests.calling.desk import Desk
from tests.calling.provider import Provider as Scripted
from tests.simulator.provider import simulated
from workers import reconcile
from workers.announce import announce
from workers.clients.registry import Clients
from workers.settings import CallSettings
from workers.store.reconciliations import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.provider import Provider

KEY = "sk_test_" + "0" * 40

PAYMENTS = 101
"""More than one page of either provider's list."""

ROUNDS_MAX = 1_000


@pytest.fixture
def simulator() -> Iterator[Provider]:
    with simulated() as provider:
        yield provider


@pytest.fixture
def clients(simulator: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Real clients of the simulated provider, by what the environment says."""
    monkeypatch.setenv("PAYSTACK_API_URL", simulator.url_paystack)
    monkeypatch.setenv("STRIPE_API_URL", simulator.url_stripe)
    monkeypatch.setenv("PAYSTACK_SECRET_KEY", KEY)
    monkeypatch.setenv("STRIPE_API_KEY", KEY)
    with Clients(CallSettings()) as made:
        yield made


@pytest.fixture
def service(database_url: str, redis_url: str, clients: Clients) -> Iterator[Desk]:
    """A service whose commands the test performs, and that asks over HTTP."""
    desk = Desk(database_url, redis_url, Scripted())
    desk.over_http = clients
    yield desk
    desk.close()


def sell(service: Desk, clients: Clients, simulator: Provider, provider: str) -> list[str]:
    """Have payments announced and paid, and tell nobody; return their references.

    All but the first are started past the record: we never heard what became of those calls.
    """
    first, *others = references = [f"{provider}-{n}" for n in range(PAYMENTS)]
    money = Money("NGN" if provider == "paystack" else "USD", 1_000)
    announced = [Announcement(each, provider, money, "ada") for each in references]
    announce(service.database, announced, actor="client:shop")
    client = clients.find(provider, "default")
    assert client is not None
    service.do(CommandKind.INITIALIZE, first, provider=provider)
    for reference in others:
        client.initialize(Asking(reference, money, "ada"), key=reference)
    for reference in references:
        simulator.pay(reference, provider=provider)
    return references


def run(service: Desk, provider: str) -> int:
    now = datetime.now(UTC)
    asked = Asked(
        provider, "default", now - timedelta(hours=1), now + timedelta(hours=1), "operator:t", "t"
    )
    with service.database.transaction() as tx:
        run_id, _ = reconcile.begin(tx, asked)
    for _ in range(ROUNDS_MAX):
        owed = service.owed()
        if not owed:
            return run_id
        for event_id in owed:
            service.perform(event_id)
    raise AssertionError(f"still owed: {service.owed()}")


@pytest.mark.parametrize("provider", ["paystack", "stripe"])
def test_payments_whose_webhooks_were_all_lost_are_found_and_credited_once(
    service: Desk, clients: Clients, simulator: Provider, provider: str
) -> None:
    references = sell(service, clients, simulator, provider)

    run_id = run(service, provider)
    again_id = run(service, provider)

    counts = service.rows(
        "SELECT examined, missing_here, missing_there, mismatched, mended, status"
        " FROM reconciliation_runs WHERE id = ANY(%s) ORDER BY id",
        [[run_id, again_id]],
    )
    assert counts == [
        (PAYMENTS, PAYMENTS, 0, 0, PAYMENTS, "finished"),
        (PAYMENTS, 0, 0, 0, 0, "finished"),
    ]
    assert {service.state(each) for each in references} == {"completed"}
    assert service.credit() == PAYMENTS * 1_000
    assert service.problems() == []
