"""A service and a provider that it asks over HTTP, through our clients."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pydantic import SecretStr

from domain.commands import CommandKind
from tests.simulator.provider import Provider, simulated
from workers.clients.registry import Clients
from workers.settings import CallSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling.desk import Desk

ROUNDS_MAX = 40


class Street:
    """A service and a provider that it asks over HTTP."""

    def __init__(self, desk: Desk, there: Provider, name: str) -> None:
        self.desk = desk
        self.there = there
        self.name = name

    def start(self, *references: str) -> None:
        """Have payments asked for, and handed over as far as that goes."""
        for reference in references:
            self.desk.ask_payment(reference, provider=self.name)
        self.settle()

    def pay(self, *references: str) -> None:
        """Have customers pay, and us ask what became of it."""
        for reference in references:
            self.there.pay(reference, provider=self.name)
            self.order(CommandKind.VERIFY, reference, "1")
        self.settle()

    def order(self, kind: CommandKind, reference: str, number: str = "") -> None:
        self.desk.order(kind, reference, number=number, provider=self.name)

    def settle(self) -> None:
        """Perform what is owed until nothing is; what must wait is not waited for."""
        for _ in range(ROUNDS_MAX):
            owed = self.desk.owed()
            if not owed:
                return
            for event_id in owed:
                self.desk.perform(event_id)
            self.desk.age_calls(130)
        raise AssertionError(f"still owed: {self.desk.owed()}")


@contextlib.contextmanager
def street(desk: Desk, name: str, *faults: str) -> Iterator[Street]:
    with simulated(seed=7, faults=faults) as there:
        settings = CallSettings(
            paystack_api_url=there.url_paystack,
            stripe_api_url=there.url_stripe,
            accounts={(name, "default"): SecretStr("sk_test_x")},
        )
        with Clients(settings) as clients:
            desk.over_http = clients
            yield Street(desk, there, name)
