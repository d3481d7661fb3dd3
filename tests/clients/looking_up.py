"""Clients that only ask, and simulated providers for them to ask."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain.asking import Asking
from domain.commands import object_reference
from domain.money import Money
from domain.providers.look_ups import LOOK_UPS
from tests.clients.conftest import QUICK
from workers import look_up_accounts
from workers.clients.look_up import LookUpClient
from workers.clients.transport import Transport

if TYPE_CHECKING:
    from typing import Self

    from domain.asking import Told
    from domain.facts import Fact, FactKind
    from tests.simulator.api.lookups.book import Sale
    from tests.simulator.api.lookups.serving import LookUps

SLUGS = sorted(LOOK_UPS)
BY_REFERENCE = ("interswitch", "fawry-v2")
"""Those that are asked by our reference, whatever an event calls the payment."""

WITHOUT_REFERENCE = ("mpesa-daraja",)
"""Those that keep no reference of ours."""


class Asker:
    """Clients of simulated providers that lose patience quickly."""

    def __init__(self, there: LookUps) -> None:
        self.there = there
        self._made = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        self._made.close()

    def client(self, slug: str, **variables: str) -> LookUpClient:
        """Return a client whose account is spelled by variables, some of them other than good."""
        environment = self.there.environment(slug) | variables
        [account] = look_up_accounts.read(environment, lambda url: url).values()
        tokens = self._way(account.tokens_url) if account.tokens_url else None
        return LookUpClient(LOOK_UPS[slug], account, self._way(account.url), tokens)

    def told(self, slug: str, asking: Asking) -> Told:
        return self.client(slug).look_up(asking)

    def _way(self, url: str) -> Transport:
        transport = Transport(url, (), at_once_max=4, limits=QUICK)
        self._made.callback(transport.close)
        return transport


def by_hint(slug: str, sale: Sale, **changes: Any) -> Asking:
    """Return the question that an event about the sale gives rise to.

    Where the provider is asked by the object, nobody here knows the payment. Where only our own
    record says whose it is and how much, it does.
    """
    money = Money(sale.currency, sale.amount_minor)
    asking = Asking(sale.reference or "", money, "ada", hint=sale.object_id)
    if slug in WITHOUT_REFERENCE:
        asking = replace(asking, names=(sale.object_id,))
    elif slug not in BY_REFERENCE:
        nobody = object_reference(sale.object_id)
        asking = replace(asking, reference=nobody, amount=Money("USD", 0))
    return replace(asking, **changes)


def by_name(sale: Sale, **changes: Any) -> Asking:
    """Return a question of our own about a payment whose name has been told."""
    money = Money(sale.currency, sale.amount_minor)
    asking = Asking(sale.reference or "", money, "ada", names=(sale.object_id,))
    return replace(asking, **changes)


def of(told: Told, kind: FactKind) -> list[Fact]:
    return [fact for fact in told.facts if fact.kind is kind]


def kinds(told: Told) -> list[tuple[FactKind, str, int | None]]:
    """Return (kind, status, minor units) of all facts."""
    return [
        (fact.kind, fact.status, fact.amount.amount_minor if fact.amount else None)
        for fact in told.facts
    ]
