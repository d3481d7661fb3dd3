"""Payments of the API's clients that have been paid, and what must hold of the books afterwards."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from domain.announcement import Announcement
from domain.money import Money
from tests.workers.scene import PROVIDER, Scene, capture
from workers.announce import announce
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.ingress.serving import Answer


def keyed(ask: Callable[[str], Answer]) -> Answer:
    """Ask once, under a key of its own. Fails for a 503: a herd is no outage."""
    answer = ask(str(uuid4()))
    assert answer.status != HTTPStatus.SERVICE_UNAVAILABLE
    return answer


class Books(Scene):
    """A scene whose payments belong to the client `shop`."""

    def own(
        self,
        *references: str,
        amount_minor: int = 1_000,
        customer_id: str = "ada",
        client_id: str = "shop",
    ) -> None:
        """Announce payments in NGN."""
        money = Money("NGN", amount_minor)
        asked = [
            Announcement(each, PROVIDER, money, customer_id, client_id=client_id)
            for each in references
        ]
        announce(self.database, asked, actor=f"client:{client_id}")

    def paid(
        self,
        *references: str,
        amount_minor: int = 1_000,
        customer_id: str = "ada",
        client_id: str = "shop",
    ) -> None:
        """Announce payments in NGN and have their money arrive."""
        self.own(
            *references, amount_minor=amount_minor, customer_id=customer_id, client_id=client_id
        )
        self.hear(*(capture(each, amount_minor) for each in references))

    def require_balanced(self) -> None:
        """Fail unless everything that must hold of the books holds."""
        assert verify(self.database).problems == []


@contextlib.contextmanager
def opened(database_url: str) -> Iterator[Books]:
    """Give the books until the block ends."""
    with contextlib.closing(Books(database_url)) as books:
        yield books
