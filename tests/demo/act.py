"""The shop's act: beside the recorded morning, payments are started through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.demo.proof.api import CLIENT
from tests.demo.shop import orders
from tests.demo.shop.journal import Journal
from tests.demo.shop.line import Line
from tests.demo.shop.shop import Shop
from tests.demo.shop.street import Street

if TYPE_CHECKING:
    from tests.demo.operator import Operator
    from tests.demo.post import Post
    from tests.demo.shop.orders import Order
    from tests.demo.stage import Stage

LIMIT = "1000/second"
"""A shop that is busy for ten seconds has the customers of a day."""


class Act:
    """Makes the shop's client and has the shop serve its orders."""

    def __init__(self, stage: Stage, operator: Operator, post: Post, *, seed: int) -> None:
        self.journal = Journal()
        self._stage = stage
        self._operator = operator
        self._post = post
        self._seed = seed
        self._api_key = ""

    def prepare(self) -> None:
        """Have the operator make a client. Raises CommandFailed."""
        scopes = ("--scope", "payments:write", "--scope", "credit:write")
        limits = ("--initialize", LIMIT, "--verify", LIMIT)
        why = ("--reason", "the web shop takes payments")
        told = self._operator.run("clients", "create", CLIENT, *scopes, *limits, *why)
        self._api_key = told["key"]

    async def play(self, *, payments: int, within_s: float) -> None:
        """Serve the orders that go with so many payments. Raises ShopFailed, in a group."""
        ingress_url = self._stage.service.ingress_url
        control_url = self._stage.provider.url_control
        served = orders.drawn(self._seed, orders.count_for(payments))
        street = Street(control_url, seed=self._seed)
        async with Line(ingress_url, self._api_key, self.journal, seed=self._seed) as line:
            shop = Shop(line, street, self.journal, self._started)
            await shop.serve(served, within_s=within_s)

    def _started(self, reference: str, order: Order) -> None:
        if not order.kind.is_told:
            self._post.lose(reference)
